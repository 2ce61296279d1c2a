"""The figures of some days: what they were before, what changed in these days, and what they are at the end of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, Q, Value, When
from django.db.models.expressions import Combinable

from ledger.books.figures import ToldFigures, tell
from ledger.books.sums import Key, Total, until

BEFORE, WITHIN = "before", "within"


@dataclass(frozen=True)
class Balances:
    """Keys are as they were asked for."""

    told: ToldFigures

    def opening(self, figure: str, code: str, key: Key = ()) -> Total:
        return self.told.total(figure, code, (BEFORE, *key))

    def moved(self, figure: str, code: str, key: Key = ()) -> Total:
        return self.told.total(figure, code, (WITHIN, *key))

    def closing(self, figure: str, code: str, key: Key = ()) -> Total:
        return self.opening(figure, code, key) + self.moved(figure, code, key)

    def keys(self, code: str) -> list[Key]:
        """Those of which something was booked in this currency until the last day."""
        found = {key[1:] for key, currency, _figure in self.told.totals if currency == code}
        return sorted(found, key=lambda key: tuple(map(str, key)))

    @property
    def currencies(self) -> list[str]:
        return self.told.currencies

    def together(self) -> "Balances":
        """The same, no longer told apart by anything."""
        found = ToldFigures()
        for (key, _currency, figure), total in self.told.totals.items():
            found.add(figure, key[:1], total)
        return Balances(found)


def balances(  # noqa: PLR0913 - as `tell`, and the days
    figures: Iterable[str],
    first: date,
    last: date,
    which: Q | None = None,
    by: Sequence[str] = (),
    *,
    named: Mapping[str, Combinable] | None = None,
) -> Balances:
    """As `tell`, of the days from `first` to `last`, both included, and of all days before: one query."""
    when = Case(When(day__lt=first, then=Value(BEFORE)), default=Value(WITHIN), output_field=CharField())
    found = tell(figures, until(last) & (which or Q()), ("in_days", *by), named={"in_days": when, **(named or {})})
    return Balances(found)
