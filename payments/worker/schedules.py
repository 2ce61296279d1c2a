"""Schedules of the queue, as rooms plan them: made anew after every migrate."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connections
from django_q.models import Schedule

from ledger import clock, days

#: When nobody is at work, in the time zone of business days.
NIGHT: Final = 3


@dataclass(frozen=True)
class Planned:
    """Once a day, unless it says how often; `at_night` only says when the first time is."""

    name: str
    func: str
    often: str = Schedule.DAILY
    minutes: int | None = None
    at_night: bool = False


def plan(using: str, *planned: Planned, gone: tuple[str, ...] = ()) -> None:
    """Keep each under its name, as it is planned now; those that are `gone` are no longer done."""
    if Schedule._meta.db_table not in connections[using].introspection.table_names():  # noqa: SLF001 - Django's public name
        return  # one app was migrated by itself, and the queue's turn is still to come
    schedules = Schedule.objects.using(using)
    schedules.filter(name__in=gone).delete()
    for each in planned:
        told: dict[str, Any] = {"func": each.func, "schedule_type": each.often, "minutes": each.minutes}
        told |= {"repeats": -1, "kwargs": None}
        first = {"next_run": _next_night()} if each.at_night else {}
        schedules.update_or_create(name=each.name, defaults=told, create_defaults={**told, **first})


def _next_night() -> datetime:
    now = clock.now().astimezone(days.zone())
    night = now.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)
