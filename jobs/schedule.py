"""The sweep, and statements by email, scheduled anew after every migrate."""

from typing import Any

from django_q.models import Schedule

from payments.worker.schedules import Planned, plan

SWEEP_MINUTES = 5


def make(using: str, **_kwargs: Any) -> None:
    plan(
        using,
        Planned("jobs.sweep", "jobs.tasks.sweep", Schedule.MINUTES, SWEEP_MINUTES),
        Planned("jobs.statements", "jobs.tasks.send_statements"),
    )
