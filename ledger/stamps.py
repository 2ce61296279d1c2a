"""Moments as staff read them: short, in one style on every page, which says once that the hours are the business's."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ledger import days

DAY, DAY_AND_TIME = "DATE_FORMAT", "DATETIME_FORMAT"


def short(when: datetime | None) -> str:
    """Day and time to the minute, such as “Nov 24, 2026, 6:00 PM”; empty for no moment."""
    return "" if when is None else date_format(when.astimezone(days.zone()), DAY_AND_TIME)


def stamp(when: datetime | None) -> SafeString:
    """The same, with the whole moment where it is pointed at: to the second, and how far its zone is from UTC."""
    return _pointed_at(when, DAY_AND_TIME)


def day_stamp(when: datetime | None) -> SafeString:
    """The business day that `when` falls on, such as “Nov 24, 2026”, with the whole moment where it is pointed at."""
    return _pointed_at(when, DAY)


def _pointed_at(when: datetime | None, style: str) -> SafeString:
    if when is None:
        return SafeString("")
    local = when.astimezone(days.zone())
    whole = f"{date_format(local, DAY)}, {local:%H:%M:%S} (UTC{local.isoformat()[-6:]})"
    written = '<time datetime="{}" title="{}">{}</time>'
    return format_html(written, local.isoformat(timespec="seconds"), whole, date_format(local, style))
