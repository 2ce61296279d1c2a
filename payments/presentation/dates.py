"""Moments as members read them: a day in words, and a time of day with the business's time zone beside it.

Staff read many of them on a page; theirs are short, and in `ledger.stamps`.
"""

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
    time = format_time(local, "short", tzinfo=zone, locale=locale)
    return f"{format_date(local, 'long', locale=locale)}, {time} ({zone_name()})"


def zone_name() -> str:
    """The business's time zone as a place, such as “Mexico City”, in the reader's language."""
    return get_timezone_location(get_timezone(settings.BUSINESS_TIME_ZONE), locale=locale_of(), return_city=True)


def day(when: datetime | None) -> str:
    """The business day that `when` falls on, such as “November 24, 2026”."""
    if when is None:
        return ""
    zone = get_timezone(settings.BUSINESS_TIME_ZONE)
    return format_date(when.astimezone(zone), "long", locale=locale_of())


def age(when: datetime | None) -> str:
    """How long ago `when` was, in one unit, such as “3 hours”."""
    return "" if when is None else format_timedelta(clock.now() - when, threshold=1.5, locale=locale_of())
