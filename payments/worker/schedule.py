"""The daily look at keys and the hourly one at proposals, scheduled anew after every migrate."""

from typing import Any

from django.db import connections
from django_q.models import Schedule


def make(using: str, **_kwargs: Any) -> None:
    if Schedule._meta.db_table not in connections[using].introspection.table_names():  # noqa: SLF001 - Django's public name
        return  # one app was migrated by itself, and the queue's turn is still to come
    # What looked for work before the broker did, in databases that were made then.
    Schedule.objects.using(using).filter(name="payments.tick").delete()
    for name, func, often in (
        ("payments.keys", "payments.tasks.look_at_keys", Schedule.DAILY),
        ("payments.proposals", "payments.tasks.expire_proposals", Schedule.HOURLY),
    ):
        defaults = {"func": func, "schedule_type": often, "repeats": -1}
        Schedule.objects.using(using).update_or_create(name=name, defaults=defaults)
