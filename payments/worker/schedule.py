"""The looks at keys, proposals, the ledger and what wallets list, scheduled anew after every migrate."""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connections
from django_q.models import Schedule

from ledger import clock

CHECK_MINUTES: Final = 5
#: When nobody is at work, in the time zone of business days.
NIGHT: Final = 3


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
    Schedule.objects.using(using).update_or_create(
        name="payments.check_ledger_quickly",
        defaults={
            "func": "payments.tasks.check_ledger_quickly",
            "schedule_type": Schedule.MINUTES,
            "minutes": CHECK_MINUTES,
            "repeats": -1,
        },
    )
    for name in ("check_ledger", "reconcile"):
        nightly = {"func": f"payments.tasks.{name}", "schedule_type": Schedule.DAILY, "repeats": -1, "kwargs": None}
        Schedule.objects.using(using).update_or_create(
            name=f"payments.{name}", defaults=nightly, create_defaults={**nightly, "next_run": _next_night()}
        )


def _next_night() -> datetime:
    now = clock.now().astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE))
    night = now.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)
