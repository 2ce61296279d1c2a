"""Moments as people read them, in the business's time zone, which is named beside a time of day."""

from datetime import datetime

from babel.dates import format_date, format_time, format_timedelta, get_timezone, get_timezone_location
from django.conf import settings

from ledger import clock
from payments.presentation.format_amounts import locale_of


def moment(when: datetime | None) -> str:
    """Day and time to the minute, such as “November 24, 2026, 6:00 PM (Mexico City)”, in the reader's language."""
    if when is None:
        return ""
    zone = get_timezone(settings.BUSINESS_TIME_ZONE)
    locale = locale_of()
    local = when.astimezone(zone)
    city = get_timezone_location(zone, locale=locale, return_city=True)
    time = format_time(local, "short", tzinfo=zone, locale=locale)
    return f"{format_date(local, 'long', locale=locale)}, {time} ({city})"


def day(when: datetime | None) -> str:
    """The business day that `when` falls on, such as “November 24, 2026”."""
    if when is None:
        return ""
    zone = get_timezone(settings.BUSINESS_TIME_ZONE)
    return format_date(when.astimezone(zone), "long", locale=locale_of())


def age(when: datetime | None) -> str:
    """How long ago `when` was, in one unit, such as “3 hours”."""
    return "" if when is None else format_timedelta(clock.now() - when, threshold=1.5, locale=locale_of())
