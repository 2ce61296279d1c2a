"""The sweep, and statements by email, scheduled anew after every migrate."""

from typing import Any

from django.db import connections
from django_q.models import Schedule

SWEEP_MINUTES = 5


def make(using: str, **_kwargs: Any) -> None:
    if Schedule._meta.db_table not in connections[using].introspection.table_names():  # noqa: SLF001 - Django's public name
        return  # one app was migrated by itself, and the queue's turn is still to come
    Schedule.objects.using(using).update_or_create(
        name="jobs.sweep",
        defaults={
            "func": "jobs.tasks.sweep",
            "schedule_type": Schedule.MINUTES,
            "minutes": SWEEP_MINUTES,
            "repeats": -1,
        },
    )
    daily = {"func": "jobs.tasks.send_statements", "schedule_type": Schedule.DAILY, "repeats": -1}
    Schedule.objects.using(using).update_or_create(name="jobs.statements", defaults=daily)
