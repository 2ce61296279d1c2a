"""Sums of movements over any days, told apart by whatever is asked for. Never across currencies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from typing import Any, Final

from django.db.models import F, Q, Sum
from django.db.models.expressions import Combinable

from ledger.books.keeping import Unit
from ledger.models import Movement

#: Sums are made of two halves: amounts may be so large that their sum doesn't fit a column.
HALF: Final = 10**9
#: Wide enough for any sum of amounts at the largest scale.
_EXACT: Final = Context(prec=600, Emax=10_000, Emin=-10_000)

#: What sums are told apart by: values of columns of `Movement`, in the order in which they were asked for.
Key = tuple[Any, ...]


@dataclass(frozen=True, order=True)
class Total:
    """`value` minor units at `scale` of one currency; below zero where more went than came."""

    code: str
    scale: int
    value: int

    @property
    def major(self) -> Decimal:
        return Decimal(self.value).scaleb(-self.scale, _EXACT)

    def __add__(self, other: Total) -> Total:
        """In the finer of the two scales. Both are of one currency."""
        assert self.code == other.code, "nothing is added across currencies"
        scale = max(self.scale, other.scale)
        return Total(self.code, scale, self.at(scale) + other.at(scale))

    def __neg__(self) -> Total:
        return Total(self.code, self.scale, -self.value)

    def __sub__(self, other: Total) -> Total:
        return self + -other

    def at(self, scale: int) -> int:
        """The value at `scale`, which is as fine as its own or finer."""
        value: int = self.value * 10 ** (scale - self.scale)
        return value


@dataclass(frozen=True)
class Cell:
    """Sums of columns of movements that have these in common. A payment's two currencies are told apart."""

    key: Key
    purpose: str
    returns: str
    holds: int  # see `Movement.holds`
    received_in: Unit
    paid_in: Unit
    columns: Counter[str]

    @classmethod
    def of(cls, row: Movement, names: Sequence[str]) -> Cell:
        """One movement alone."""
        return cls(
            key=(),
            purpose=row.purpose,
            returns=row.returns,
            holds=row.holds,
            received_in=(row.received_code, row.received_scale),
            paid_in=(row.paid_code, row.paid_scale),
            columns=Counter({name: getattr(row, name) for name in names}),
        )


def until(last: date) -> Q:
    """Everything booked up to the end of `last`: a balance."""
    return Q(day__lte=last)


def between(first: date, last: date) -> Q:
    """What was booked in these days, both included: movements."""
    return Q(day__gte=first, day__lte=last)


def cells(which: Q | None, by: Sequence[str], names: Sequence[str], named: Mapping[str, Combinable]) -> list[Cell]:
    """Sums of the columns `names` of the movements `which`, in one query.

    `by`: what tells them apart, columns of `Movement` or expressions that are `named`.
    """
    apart = (*by, "purpose", "returns", "holds", "received_code", "received_scale", "paid_code", "paid_scale")
    halves = {f"{name}_high": Sum(F(name) / HALF) for name in names}
    halves |= {f"{name}_low": Sum(F(name) % HALF) for name in names}
    movements = Movement.objects.filter(which or Q()).order_by().annotate(**named)
    return [_cell(row, by, names) for row in movements.values(*apart).annotate(**halves)]


def _cell(row: dict[str, Any], by: Sequence[str], names: Sequence[str]) -> Cell:
    return Cell(
        key=tuple(row[column] for column in by),
        purpose=row["purpose"],
        returns=row["returns"],
        holds=row["holds"],
        received_in=(row["received_code"], row["received_scale"]),
        paid_in=(row["paid_code"], row["paid_scale"]),
        columns=Counter({name: int(row[f"{name}_high"]) * HALF + int(row[f"{name}_low"]) for name in names}),
    )
