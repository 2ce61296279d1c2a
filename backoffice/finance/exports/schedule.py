"""The look after exports, scheduled anew after every migrate."""

from typing import Any

from django.db import connections
from django_q.models import Schedule

EVERY_MINUTES = 5


def make(using: str, **_kwargs: Any) -> None:
    if Schedule._meta.db_table not in connections[using].introspection.table_names():  # noqa: SLF001 - Django's public name
        return  # one app was migrated by itself, and the queue's turn is still to come
    Schedule.objects.using(using).update_or_create(
        name="backoffice.exports",
        defaults={
            "func": "backoffice.finance.exports.tasks.look_after_exports",
            "schedule_type": Schedule.MINUTES,
            "minutes": EVERY_MINUTES,
            "repeats": -1,
        },
    )
