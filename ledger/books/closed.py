"""Until when the books are closed: no movement is dated up to that day any more.

Whoever books lets nobody close until their transaction ends, and the other way round. SQLite has one writer at a time.
"""

from datetime import date, timedelta

from django.db import connection
from django.db.models import Max, QuerySet

from ledger.compiled import Compiled
from ledger.models import Closing, Movement


def let_nobody_close() -> None:
    """Any number of people book at once."""
    _lock("ROW EXCLUSIVE")


def let_nobody_book() -> None:
    """Nor anybody else close, or reopen."""
    _lock("SHARE ROW EXCLUSIVE")


def _lock(mode: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE ledger_movement IN {mode} MODE")


def closings() -> QuerySet[Closing]:
    """Those that count, newest first: each month's, in which it is closed now."""
    return Closing.objects.filter(reopening=None)


def closed_until() -> date | None:
    """The last day of the newest closed month; None where none is."""
    newest = _NEWEST()
    return newest[0].last_day if newest else None


def _newest() -> QuerySet[Closing]:
    return closings().only("last_day").order_by("-last_day")[:1]


#: Asked whenever anything is booked.
_NEWEST = Compiled(_newest)


def first_open_day() -> date | None:
    """Whatever happened before it is booked on it; None where everything is open."""
    last = closed_until()
    return last + timedelta(days=1) if last else None


def last_closed_day_of(subject: str) -> date | None:
    """The last day, in a closed month, on which something of `subject` was booked."""
    last = closed_until()
    if last is None:
        return None
    day: date | None = Movement.objects.filter(subject=subject, day__lte=last).aggregate(last=Max("day"))["last"]
    return day
