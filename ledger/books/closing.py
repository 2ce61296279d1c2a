"""Closing a month: what its figures come to is kept for good, told to the ledger, and signed for.

A month is closed after the one before it, and once it is over; the newest one can be opened again. What is booked
later, whenever it happened, is dated in an open month and says which day it corrects.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from django.db import transaction
from django.db.models import Max, Min, Q
from ulid import ULID

from ledger import canonical, clock
from ledger.books.balances import balances
from ledger.books.closed import closed_until, closings, let_nobody_book
from ledger.books.figures import FIGURES
from ledger.books.sums import Total, between
from ledger.checkpoints.publishing import keep_now
from ledger.content import Json
from ledger.kinds import CLOSED, REOPENED
from ledger.models import Closing, Movement, Reopening
from ledger.months import CalendarMonth
from ledger.recording import Actor, insert
from ledger.sealing import seal

#: What is written just before a month's end by a clock that is late, or commits late, is there by then.
SETTLING_TIME: Final = timedelta(hours=1)
#: What entries about a month name it by.
PERIOD: Final = "period"
#: Longer control totals are in an entry as their digest alone.
MOST_TOLD: Final = 100_000  # characters
_BATCH: Final = 2000
#: Currency → figure → opening, what came and went, closing; in major units.
ControlTotals = dict[str, dict[str, list[str]]]


class Obstacle(StrEnum):
    NOTHING_BOOKED = "nothing_booked"
    NOT_OVER = "not_over"
    NOT_NEXT = "not_next"
    CLOSED_ALREADY = "closed_already"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NOT_THE_NEWEST = "not_the_newest"


class CannotClose(Exception):
    """Nothing was changed. `by` closed it before, where somebody did."""

    def __init__(self, obstacle: Obstacle, by: str = "") -> None:
        super().__init__(obstacle.value)
        self.obstacle = obstacle
        self.by = by


@dataclass(frozen=True)
class MonthFigures:
    """What a month comes to."""

    month: CalendarMonth
    movements: int
    last: int  # the newest movement's number in the table
    digest: str
    totals: ControlTotals


def next_to_close() -> CalendarMonth | None:
    """The month after the newest closed one, or the first in which anything was booked; None before that."""
    if last := closed_until():
        return CalendarMonth.of(last).following
    first: date | None = Movement.objects.aggregate(first=Min("day"))["first"]
    return CalendarMonth.of(first) if first else None


def closable_from(month: CalendarMonth) -> Any:
    """The moment from which `month` may be closed."""
    return month.ends_at + SETTLING_TIME


def reckon(month: CalendarMonth) -> MonthFigures:
    """Read all of the month's movements. May take a while, and holds nobody up."""
    within = between(month.first, month.last)
    count, last = _extent(within)
    return MonthFigures(month, count, last, digest_of(within), control_totals(month.first, month.last))


def close(
    reckoned: MonthFigures,
    *,
    by: Actor,
    reports: Mapping[str, Json] | None = None,
    left_open: Mapping[str, int] | None = None,
    note: str = "",
) -> Closing:
    """Close the month as it was reckoned, if nothing was booked in it since. Raises CannotClose.

    `reports` are kept as they are; `left_open` is what was open all the same, and `note` says why. Of two who close at
    once, one does, and the other is told. Must not run inside a transaction, for what is signed must be committed.
    """
    with transaction.atomic(durable=True):
        let_nobody_book()
        _check(reckoned)
        closing = _keep(reckoned, by, reports or {}, left_open or {}, note)
    seal()
    keep_now()
    return closing


def reopen(closing_id: str, *, by: Actor) -> Reopening:
    """Let the newest closing count no more, in the caller's transaction. Raises CannotClose for any other.

    That two people want it is the caller's business.
    """
    let_nobody_book()
    newest = closings().order_by("-last_day").first()
    if newest is None or newest.pk != closing_id:
        raise CannotClose(Obstacle.NOT_THE_NEWEST)
    entry = insert(
        REOPENED,
        actor=by,
        subjects={PERIOD: newest.month, "closing": newest.pk},
        data={"month": newest.month, "digest": newest.digest, "closed": newest.entry_id},
    )
    row = Reopening(closing=newest, reopened_at=entry.recorded_at, reopened_by=by.id, entry_id=entry.pk)
    row.save(force_insert=True)
    return row


def digest_of(which: Q) -> str:
    """SHA-256 over the movements `which` in the order of their numbers: a line of JSON with all columns for each."""
    columns = [field.attname for field in Movement._meta.concrete_fields]  # noqa: SLF001 - Django's public name
    found = sha256()
    rows = Movement.objects.filter(which).order_by("pk").values_list(*columns)
    for row in rows.iterator(chunk_size=_BATCH):
        line = json.dumps(row, default=_exact, ensure_ascii=False, separators=(",", ":"))
        found.update(f"{line}\n".encode())
    return found.hexdigest()


def _exact(value: Any) -> str:
    """Days, and moments in UTC."""
    return clock.instant(value) if hasattr(value, "hour") else str(value)


def control_totals(first: date, last: date) -> ControlTotals:
    """Every figure of these days, per currency: opening, what came and went, closing."""
    told = balances(FIGURES, first, last)
    found: ControlTotals = {}
    for code in told.currencies:
        for figure in FIGURES:
            three = [part(figure, code) for part in (told.opening, told.moved, told.closing)]
            if any(total.value for total in three):
                found.setdefault(code, {})[figure] = [_written(total) for total in three]
    return found


def _written(total: Total) -> str:
    return f"{total.major:f}"


def told_of(reckoned: MonthFigures) -> dict[str, Json]:
    """What the ledger's entry says of a month that is closed."""
    totals = canonical.dumps(reckoned.totals)
    return {
        "month": str(reckoned.month),
        "ends_at": clock.instant(reckoned.month.ends_at),
        "movements": reckoned.movements,
        "digest": reckoned.digest,
        "totals_digest": digest_of_json(reckoned.totals),
        **({"totals": reckoned.totals} if len(totals) <= MOST_TOLD else {}),
    }


def digest_of_json(value: Mapping[str, Any]) -> str:
    """SHA-256 over its canonical form (RFC 8785)."""
    return sha256(canonical.dumps(dict(value)).encode()).hexdigest()


def _check(reckoned: MonthFigures) -> None:
    month, last = reckoned.month, closed_until()
    if last and month.last <= last:
        earlier = closings().filter(month=str(month)).first()
        raise CannotClose(Obstacle.CLOSED_ALREADY, by=earlier.closed_by if earlier else "")
    expected = next_to_close()
    if expected is None:
        raise CannotClose(Obstacle.NOTHING_BOOKED)
    if month != expected:
        raise CannotClose(Obstacle.NOT_NEXT)
    if clock.now() < closable_from(month):
        raise CannotClose(Obstacle.NOT_OVER)
    if _extent(between(month.first, month.last)) != (reckoned.movements, reckoned.last):
        raise CannotClose(Obstacle.CHANGED_MEANWHILE)


def _extent(within: Q) -> tuple[int, int]:
    """How many there are, and the newest: as nothing is changed or taken away, these two tell whether any was added."""
    rows = Movement.objects.filter(within)
    return rows.count(), rows.aggregate(last=Max("pk"))["last"] or 0


def _keep(
    reckoned: MonthFigures, by: Actor, reports: Mapping[str, Json], left_open: Mapping[str, int], note: str
) -> Closing:
    month, closing_id = reckoned.month, str(ULID.from_datetime(clock.now()))
    number = Closing.objects.filter(month=str(month)).count() + 1
    entry = insert(
        CLOSED,
        actor=by,
        subjects={PERIOD: str(month), "closing": closing_id},
        data={
            **told_of(reckoned),
            "number": number,
            "reports_digest": digest_of_json(reports),
            **({"left_open": dict(left_open)} if left_open else {}),
        },
        private={"note": note} if note else None,
    )
    closing = Closing(
        id=closing_id,
        month=str(month),
        number=number,
        first_day=month.first,
        last_day=month.last,
        ends_at=month.ends_at,
        closed_at=entry.recorded_at,
        closed_by=by.id,
        movements=reckoned.movements,
        digest=reckoned.digest,
        totals=reckoned.totals,
        reports=dict(reports),
        left_open=dict(left_open),
        entry_id=entry.pk,
    )
    closing.save(force_insert=True)
    return closing
