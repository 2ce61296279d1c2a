"""Which movements a figure sums up, by the words of an address: the list in the admin, and whatever links to it."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Final

from django.db.models import Q, QuerySet

from backoffice.finance.reports.filters import CONDITIONS, NOBODY, ONLY
from jobs.job_of_movements import job_of_movement
from ledger.books.ages import asked_between
from ledger.books.figures import FIGURES
from ledger.books.sums import between, until
from ledger.models import Movement

Rows = QuerySet[Movement]
NOTHING: Final = Q(pk__in=[])


def select(query: Mapping[str, str]) -> Rows:
    """The movements that a figure of a report sums up: `query` is its `ReportFigure.rows`."""
    rows = Movement.objects.all()
    for name, narrow in NARROWS.items():
        if query.get(name):
            rows = narrow(rows, query[name], query)
    return rows


def _figure(rows: Rows, code: str, query: Mapping[str, str]) -> Rows:
    """The movements that changed it, in the currency that is asked for with it."""
    return rows.filter(FIGURES[code].rows(query.get("currency", "")) if code in FIGURES else NOTHING)


def _currency(rows: Rows, code: str, query: Mapping[str, str]) -> Rows:
    return rows if query.get("figure") else rows.filter(Q(received_code=code) | Q(paid_code=code))


def _job(rows: Rows, value: str, _query: Mapping[str, str]) -> Rows:
    if value != NOBODY and not (value.isascii() and value.isdigit()):
        return rows.filter(NOTHING)
    return rows.annotate(job=job_of_movement()).filter(job=None if value == NOBODY else int(value))


def _open(rows: Rows, value: str, _query: Mapping[str, str]) -> Rows:
    """See `reports.unsettled.open_between`."""
    day, first, last = _moments(value) or (None, None, None)
    return rows.filter(asked_between(day, first, last) if day else NOTHING)


def _moments(value: str) -> tuple[date, datetime | None, datetime | None] | None:
    parts = value.split("/")
    try:
        day, first, last = parts
        return date.fromisoformat(day), _moment(first), _moment(last)
    except (ValueError, OverflowError):
        return None


def _moment(text: str) -> datetime | None:
    """In UTC, as databases compare it. Raises OverflowError for one that is in no year there."""
    moment = datetime.fromisoformat(text) if text else None
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a moment names its time zone")
    return moment.astimezone(UTC)


def _condition(name: str) -> "Narrow":
    return lambda rows, value, _query: rows.filter(CONDITIONS[name](value))


Narrow = Callable[[Rows, str, Mapping[str, str]], Rows]
#: By the name of the parameter: the rows so far, its value, and all that is asked for.
NARROWS: Final[Mapping[str, Narrow]] = {
    "figure": _figure,
    "currency": _currency,
    "day_from": lambda rows, value, _query: rows.filter(between(date.fromisoformat(value), date.max)),
    "day_to": lambda rows, value, _query: rows.filter(until(date.fromisoformat(value))),
    **{name: _condition(name) for name in CONDITIONS},
    "only": lambda rows, value, _query: rows.filter(ONLY.get(value, NOTHING)),
    "job": _job,
    "open": _open,
}
