"""Closed months, reckoned anew from their movements, and held against what the ledger's entries say of them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ledger import clock
from ledger.books.closed import closings
from ledger.books.closing import control_totals, digest_of, digest_of_json
from ledger.books.sums import between
from ledger.damage import going_on
from ledger.faults import Fault, FaultCode
from ledger.kinds import CLOSED, REOPENED
from ledger.models import Closing, Entry, Reopening
from ledger.months import CalendarMonth

_TABLE: Final = Closing._meta.db_table  # noqa: SLF001 - Django's public name
#: What of a closing its entry says in the same words.
_IN_ENTRY: Final = ("month", "number", "movements", "digest")


def period_faults() -> Iterator[Fault]:
    """Months whose figures are no longer what they were when they were closed, and closings that nobody recorded."""
    told = _told(CLOSED)
    live = set(closings().values_list("pk", flat=True))
    for row in Closing.objects.order_by("last_day", "number").iterator():
        entry = told.pop(row.pk, None)
        if entry is None:
            yield Fault.of(FaultCode.PERIOD_UNTOLD, month=row.month)
            continue
        yield from going_on(f"{_TABLE} {row.pk}", _row_faults(row, entry))
        if row.pk in live:
            yield from going_on(f"{_TABLE} {row.pk}", _movement_faults(row))
    for entry in told.values():
        yield Fault.of(FaultCode.PERIOD_GONE, month=str(entry["data"].get("month", "")), entry=str(entry["id"]))
    yield from _reopening_faults()


def _told(kind: str) -> dict[str, dict[str, Any]]:
    """Bodies of the entries of `kind`, by the closing that they are about; those that can be read.

    What is wrong with the others the ledger's own verification says.
    """
    bodies = Entry.objects.filter(kind=kind).values_list("body", flat=True)
    return dict(found for text in bodies if (found := _read(text)))


def _read(text: str) -> tuple[str, dict[str, Any]] | None:
    """The closing that it is about, and the body; None for one that the program did not write."""
    try:
        body = json.loads(text)
        closing = body["subjects"]["closing"][0]
        parts = (closing, body["id"], body["recordedAt"], body["actor"]["id"])
        is_whole = all(isinstance(part, str) for part in parts) and isinstance(body["data"], dict)
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return (closing, body) if is_whole else None


def _row_faults(row: Closing, entry: Mapping[str, Any]) -> Iterator[Fault]:
    data = entry["data"]
    month = CalendarMonth.read(row.month)
    matches = {name: getattr(row, name) == data.get(name) for name in _IN_ENTRY}
    matches |= {
        "first_day": month is not None and row.first_day == month.first,
        "last_day": month is not None and row.last_day == month.last,
        "ends_at": clock.instant(row.ends_at) == data.get("ends_at"),
        "closed_at": clock.instant(row.closed_at) == entry["recordedAt"],
        "closed_by": row.closed_by == entry["actor"]["id"],
        "totals": digest_of_json(row.totals) == data.get("totals_digest"),
        "reports": digest_of_json(row.reports) == data.get("reports_digest"),
        "left_open": row.left_open == data.get("left_open", {}),
        "entry_id": row.entry_id == entry["id"],
    }
    for column, same in matches.items():
        if not same:
            yield Fault.of(FaultCode.PERIOD_CHANGED, month=row.month, column=column, entry=str(entry["id"]))


def _movement_faults(row: Closing) -> Iterator[Fault]:
    within = between(row.first_day, row.last_day)
    if digest_of(within) != row.digest:
        yield Fault.of(FaultCode.PERIOD_MOVEMENTS, month=row.month, entry=row.entry_id)
    if control_totals(row.first_day, row.last_day) != row.totals:
        yield Fault.of(FaultCode.PERIOD_TOTALS, month=row.month, entry=row.entry_id)


def _reopening_faults() -> Iterator[Fault]:
    told = _told(REOPENED)
    for row in Reopening.objects.select_related("closing").order_by("pk"):
        entry = told.pop(row.closing_id, None)
        if entry is None or entry["id"] != row.entry_id:
            yield Fault.of(FaultCode.PERIOD_UNTOLD, month=row.closing.month)
    for entry in told.values():
        yield Fault.of(FaultCode.PERIOD_GONE, month=str(entry["data"].get("month", "")), entry=str(entry["id"]))
