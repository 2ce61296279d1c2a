"""The daily look at keys, scheduled anew after every migrate."""

from typing import Any

from django.db import connections
from django_q.models import Schedule


def make(using: str, **_kwargs: Any) -> None:
    if Schedule._meta.db_table not in connections[using].introspection.table_names():  # noqa: SLF001 - Django's public name
        return  # one app was migrated by itself, and the queue's turn is still to come
    # What looked for work before the broker did, in databases that were made then.
    Schedule.objects.using(using).filter(name="payments.tick").delete()
    Schedule.objects.using(using).update_or_create(
        name="payments.keys",
        defaults={"func": "payments.tasks.look_at_keys", "schedule_type": Schedule.DAILY, "repeats": -1},
    )
