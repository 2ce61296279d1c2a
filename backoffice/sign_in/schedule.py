"""What is done about sessions each day, scheduled anew after every migrate."""

from typing import Any

from django.db import connections
from django_q.models import Schedule


def make(using: str, **_kwargs: Any) -> None:
    if Schedule._meta.db_table not in connections[using].introspection.table_names():  # noqa: SLF001 - Django's public name
        return  # one app was migrated by itself, and the queue's turn is still to come
    daily = {"func": "backoffice.sign_in.tasks.forget_expired_sessions", "schedule_type": Schedule.DAILY, "repeats": -1}
    Schedule.objects.using(using).update_or_create(name="sign_in.sessions", defaults=daily)
