"""Until when the books are closed: no movement is dated up to that day any more."""

from datetime import date, timedelta

from django.db.models import Max, QuerySet

from ledger.models import Closing, Movement


def closings() -> QuerySet[Closing]:
    """Those that count, newest first: each month's, in which it is closed now."""
    return Closing.objects.filter(reopening=None)


def closed_until() -> date | None:
    """The last day of the newest closed month; None where none is."""
    last: date | None = closings().aggregate(last=Max("last_day"))["last"]
    return last


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
