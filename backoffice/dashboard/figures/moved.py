"""What came to be in the chosen days, and in those before, per currency: figures of the books, as reports tell them."""

from collections import defaultdict
from typing import Any, Final

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from backoffice.dashboard.figures.shapes import FigureChange, ShownFigure
from backoffice.dashboard.links import rows
from backoffice.dashboard.period import Period
from backoffice.finance.reports.periods import Span
from ledger.books.figures import FIGURES, ToldFigures, tell
from ledger.books.sums import between
from ledger.models import Movement

#: Apart, so that no money is told twice: what was held and then paid out is in two.
FLOWS: Final = ("paid_to_workers", "our_fee", "taken_in_to_hold", "sent_back", "outside")
#: Told whether there is any or not.
ALWAYS: Final = frozenset({"paid_to_workers"})
NOW, BEFORE = "now", "before"

#: By what they are told apart by, figure and currency.
Counts = dict[tuple[Any, str, str], int]


def flows(period: Period) -> dict[str, list[FigureChange]]:
    """By currency, each figure of which there is something to tell. Two queries."""
    which = between(period.span.first, period.span.last) | between(period.before.first, period.before.last)
    told, counts = tell(FLOWS, which, ["time"], named={"time": _time(period)}), _counts(period, which)
    found: dict[str, list[FigureChange]] = defaultdict(list)
    for code in filter(period.tells, told.currencies):
        for figure in FLOWS:
            both = _compared(period, told, counts, figure, code)
            if both.now.total.value or both.before.total.value or figure in ALWAYS:
                found[code].append(both)
    return found


def movements(figure: str, currency: str, span: Span, **more: str) -> str:
    """The list of the movements that changed the figure in these days."""
    days = {"day_from": span.first.isoformat(), "day_to": span.last.isoformat()}
    return rows(Movement, figure=figure, currency=currency, **days, **more)


def payments_of(figures: tuple[str, ...], which: Q, by: str, how: Any) -> Counts:
    """Of how many payments something changed a figure, by `how` it is told apart. One query."""
    wanted = {figure: Count("subject", filter=FIGURES[figure].rows(), distinct=True) for figure in figures}
    told: QuerySet[Any, Any] = Movement.objects.filter(which).order_by().annotate(**{by: how}, code=_code(figures))
    return {
        (row[by], figure, row["code"]): row[figure]
        for row in told.values(by, "code").annotate(**wanted)
        for figure in figures
    }


def _code(figures: tuple[str, ...]) -> F:
    """The column of the currency that they are told in: the same for all of them."""
    (paid,) = {FIGURES[figure].is_paid for figure in figures}
    return F("paid_code") if paid else F("received_code")


def _time(period: Period) -> Case:
    first, last = period.before.first, period.before.last
    return Case(When(day__gte=first, day__lte=last, then=Value(BEFORE)), default=Value(NOW), output_field=CharField())


def _counts(period: Period, which: Q) -> Counts:
    return payments_of(FLOWS, which, "time", _time(period))


def _compared(period: Period, told: ToldFigures, counts: Counts, figure: str, code: str) -> FigureChange:
    both = (
        ShownFigure(
            figure,
            FIGURES[figure].label,
            told.total(figure, code, (time,)),
            counts.get((time, figure, code), 0),
            movements(figure, code, span),
        )
        for time, span in ((NOW, period.span), (BEFORE, period.before))
    )
    return FigureChange(*both)
