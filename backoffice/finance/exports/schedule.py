"""The look after exports, scheduled anew after every migrate."""

from typing import Any

from django_q.models import Schedule

from payments.worker.schedules import Planned, plan

EVERY_MINUTES = 5


def make(using: str, **_kwargs: Any) -> None:
    look = "backoffice.finance.exports.tasks.look_after_exports"
    plan(using, Planned("backoffice.exports", look, Schedule.MINUTES, EVERY_MINUTES))
