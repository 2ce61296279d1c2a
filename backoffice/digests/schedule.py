"""The look at whose morning it is, scheduled anew after every migrate."""

from typing import Any, Final

from django_q.models import Schedule

from payments.worker.schedules import Planned, plan

EVERY_MINUTES: Final = 30


def make(using: str, **_kwargs: Any) -> None:
    task = "backoffice.digests.tasks.send_digests"
    # From the first night on: on its first day an installation has nothing to sum up.
    plan(using, Planned("backoffice.digests", task, Schedule.MINUTES, EVERY_MINUTES, at_night=True))
