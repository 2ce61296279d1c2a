"""Whose summary is due, and writing it down: once a morning, whatever dies and however many workers look."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from backoffice.digests.contents import digest_of, title_of
from backoffice.models.digests import DigestOften, DigestSetting
from ledger import clock, days
from payments.mail.colleagues import name_of
from payments.mail.queue import queue_notice
from payments.mail.stops import unwanted
from payments.models import Colleague
from payments.models.mail_stops import StopKind
from payments.models.messages import Template
from payments.presentation.languages import supported

#: A worker that comes later than noon leaves it to the next morning.
NOON: Final = 12
MONDAY: Final = 0
PERIODS: Final = {DigestOften.DAILY: timedelta(days=1), DigestOften.WEEKLY: timedelta(days=7)}


def send_due() -> None:
    """Write to everybody who works here whose morning it is, and who was not written to on it. Any number of times."""
    now = clock.now()
    chosen = DigestSetting.objects.in_bulk()
    users = list(User.objects.filter(is_active=True, is_staff=True).exclude(email="").order_by("pk"))
    stopped = unwanted([user.email for user in users], StopKind.NO_DIGESTS)
    languages = dict(Colleague.objects.values_list("user_id", "language"))
    for user in users:
        setting = chosen.get(user.pk) or DigestSetting(user=user)
        today = _day_of(setting, now)
        if today and user.email.lower() not in stopped:
            with transaction.atomic(), translation.override(supported(languages.get(user.pk, ""))):
                _send(setting, today, now)


def _day_of(setting: DigestSetting, now: datetime) -> date | None:
    """The day, where they are, whose summary is due; None when none is."""
    local = now.astimezone(ZoneInfo(setting.time_zone) if setting.time_zone else days.zone())
    is_day = setting.often == DigestOften.DAILY or (setting.often == DigestOften.WEEKLY and local.weekday() == MONDAY)
    if not is_day or not setting.hour <= local.hour < NOON or setting.last_on == local.date():
        return None
    return local.date()


def _send(setting: DigestSetting, today: date, now: datetime) -> None:
    """In one transaction: that this morning was looked at, by whoever came first, and the mail, if there is news."""
    user = setting.user
    DigestSetting.objects.get_or_create(user=user)
    if not DigestSetting.objects.filter(user=user, last_on=setting.last_on).update(last_on=today):
        return
    digest = digest_of(user, now - PERIODS[DigestOften(setting.often)], now)
    if digest.is_empty:
        return
    queue_notice(
        Template.DIGEST,
        name=name_of(user),
        email=user.email,
        language=translation.get_language() or "",
        occasion=f"digest:{user.pk}:{today.isoformat()}",
        details={
            "title": title_of(digest),
            "queues": digest.queues,
            "changes": digest.changes,
            "weekly": setting.often == DigestOften.WEEKLY,
            "path": reverse("admin:to_do"),
            "setting": reverse("admin:digest"),
            "subjects": {"user": str(user.pk)},
        },
    )
