"""Which days a report is about, as an address says it: a month, a quarter, or from one day to another."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from babel.dates import format_skeleton
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ledger import days
from payments.presentation.format_amounts import locale_of

_MONTH: Final = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])")
_QUARTER: Final = re.compile(r"(2\d{3})-Q([1-4])")
_DAY: Final = re.compile(r"2\d{3}-\d\d-\d\d")
#: So long may a time be: a table has no end otherwise.
MOST_DAYS: Final = 10 * 366
MONTHS_OF_QUARTER: Final = 3
DECEMBER: Final = 12


@dataclass(frozen=True)
class Span:
    """Days of the business's calendar, both included."""

    first: date
    last: date

    @property
    def name(self) -> str:
        """Such as “November 2026”, “4th quarter 2026”, or the two days, in the reader's language."""
        locale = locale_of()
        if self == month_of(self.first):
            return format_skeleton("yMMMM", self.first, locale=locale)
        if self == quarter_of(self.first):
            return format_skeleton("yQQQQ", self.first, locale=locale)
        return _("%(first)s to %(last)s") % {"first": date_format(self.first), "last": date_format(self.last)}

    @property
    def query(self) -> dict[str, str]:
        """As an address says it."""
        if self == month_of(self.first):
            return {"month": f"{self.first:%Y-%m}"}
        if self == quarter_of(self.first):
            return {"quarter": f"{self.first:%Y}-Q{_quarter(self.first)}"}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


def month_of(day: date) -> Span:
    return Span(day.replace(day=1), _before_next_month(day))


def quarter_of(day: date) -> Span:
    first = day.replace(month=(_quarter(day) - 1) * MONTHS_OF_QUARTER + 1, day=1)
    return Span(first, _before_next_month(first.replace(month=first.month + MONTHS_OF_QUARTER - 1)))


def before(span: Span) -> date:
    return span.first - timedelta(days=1)


def read(address: Mapping[str, str]) -> Span | None:
    """What an address asks for: this month if it says nothing, None where it says what can't be."""
    if address.get("month"):
        found = _MONTH.fullmatch(address["month"])
        return month_of(date(int(found[1]), int(found[2]), 1)) if found else None
    if address.get("quarter"):
        found = _QUARTER.fullmatch(address["quarter"])
        return quarter_of(date(int(found[1]), int(found[2]) * MONTHS_OF_QUARTER, 1)) if found else None
    if address.get("from") or address.get("to"):
        return _free(address.get("from", ""), address.get("to", ""))
    return month_of(days.today())


def presets() -> list[Span]:
    """The current month and the last one, the current quarter and the last one."""
    month, quarter = month_of(days.today()), quarter_of(days.today())
    return [month, month_of(before(month)), quarter, quarter_of(before(quarter))]


def _free(first: str, last: str) -> Span | None:
    """Without an end, until today."""
    if not _DAY.fullmatch(first) or not (not last or _DAY.fullmatch(last)):
        return None
    try:
        span = Span(date.fromisoformat(first), date.fromisoformat(last) if last else days.today())
    except ValueError:
        return None
    return span if timedelta(0) <= span.last - span.first < timedelta(days=MOST_DAYS) else None


def _quarter(day: date) -> int:
    return (day.month - 1) // MONTHS_OF_QUARTER + 1


def _before_next_month(day: date) -> date:
    year, month = (day.year + 1, 1) if day.month == DECEMBER else (day.year, day.month + 1)
    return date(year, month, 1) - timedelta(days=1)
