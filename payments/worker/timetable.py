"""Queues what the timetable says is due. The rows say when; what may run stands in `allowed_tasks`.

This is done here and not by django-q2's own scheduler: that one runs any function that a row names, with the arguments,
hooks and options of the row.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django_q.models import Schedule
from django_q.tasks import async_task

from ledger import clock
from payments.worker.allowed_tasks import is_allowed, seconds_for
from payments.worker.queue_guard import NotOurTask, refuse_scheduled

PERIODS: Final[dict[str, timedelta]] = {
    Schedule.MINUTES: timedelta(minutes=1),
    Schedule.HOURLY: timedelta(hours=1),
    Schedule.DAILY: timedelta(days=1),
    Schedule.WEEKLY: timedelta(weeks=1),
}
LARGEST_MINUTES: Final = 60 * 24 * 366
AT_ONCE: Final = 100


def queue_due() -> None:
    """Queue each task of the timetable whose time has come, once, whichever process comes first."""
    now = clock.now()
    for row in Schedule.objects.exclude(repeats=0).filter(next_run__lte=now).order_by("next_run")[:AT_ONCE]:
        period = _period(row)
        as_read = Schedule.objects.filter(pk=row.pk, next_run=row.next_run, func=row.func)
        if period is None:
            refuse_scheduled(as_read, NotOurTask(row.func))
            continue
        left = row.repeats - 1 if row.repeats > 0 else row.repeats  # below zero: for ever
        with transaction.atomic():
            if as_read.update(next_run=_next(row.next_run, period, now), repeats=left):
                seconds = seconds_for(row.func)
                async_task(row.func, q_options={"timeout": seconds} if seconds else {})


def _period(row: Schedule) -> timedelta | None:
    """How often it runs; None for what is none of ours: another function, or arguments, hooks and options with it."""
    unit = PERIODS.get(row.schedule_type)
    times = row.minutes if row.schedule_type == Schedule.MINUTES else 1
    told_more = row.args or row.kwargs or row.hook or row.intended_date_kwarg
    if unit is None or told_more or not is_allowed(row.func) or not 1 <= (times or 0) <= LARGEST_MINUTES:
        return None
    return unit * times


def _next(due: datetime, period: timedelta, now: datetime) -> datetime:
    """The first moment of its rhythm that is still to come: what was missed is not made up for."""
    return due + period * ((now - due) // period + 1)
