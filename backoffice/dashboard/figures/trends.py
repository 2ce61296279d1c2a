"""How much was received, and by how many payments: day by day, or by weeks or months where that would be too many."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Final, assert_never

from babel.dates import format_interval, format_skeleton
from django.db.models import CharField, F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncMonth, TruncWeek

from backoffice.dashboard.figures.moved import movements, payments_of
from backoffice.dashboard.figures.shapes import ShownFigure
from backoffice.dashboard.period import Period
from backoffice.finance.reports.periods import Span, month_of
from ledger.books.figures import FIGURES, tell
from ledger.books.sums import Total, between
from payments.presentation.format_amounts import locale_of

RECEIVED: Final = "received"


class TimeStep(Enum):
    """`most` days are told by it."""

    DAY = 62
    WEEK = 400
    MONTH = 10_000

    @property
    def most(self) -> int:
        return self.value


@dataclass(frozen=True)
class Trend:
    """Of one currency: a figure for each day, week or month, by its days, and one for all of them."""

    currency: str
    step: TimeStep
    bars: list[ShownFigure]
    whole: ShownFigure


def received(period: Period) -> list[Trend]:
    """A trend for each currency in which anything was. Three queries."""
    span = period.span
    step = next(step for step in TimeStep if (span.last - span.first).days < step.most)
    which, on = between(span.first, span.last), _on(step)
    told = tell([RECEIVED], which, ["on"], named={"on": on})
    counts = payments_of((RECEIVED,), which, "on", on)
    wholes = payments_of((RECEIVED,), which, "all", Value("", output_field=CharField()))
    found = []
    for code in filter(period.tells, told.currencies):
        bars = [
            ShownFigure(
                part.first.isoformat(),
                _name(part, step),
                told.total(RECEIVED, code, (_begins(part.first, step),)),
                counts.get((_begins(part.first, step), RECEIVED, code), 0),
                movements(RECEIVED, code, part),
            )
            for part in parts(span, step)
        ]
        total = sum((bar.total for bar in bars), Total(code, 0, 0))
        count = wholes.get(("", RECEIVED, code), 0)
        whole = ShownFigure(RECEIVED, FIGURES[RECEIVED].label, total, count, movements(RECEIVED, code, span))
        found.append(Trend(code, step, bars, whole))
    return found


def parts(span: Span, step: TimeStep) -> list[Span]:
    """Its days, its weeks from Monday on, or its months: the first and the last perhaps in part."""
    found, first = [], span.first
    while first <= span.last:
        last = min(span.last, _ends(first, step))
        found.append(Span(first, last))
        first = last + timedelta(days=1)
    return found


def _name(part: Span, step: TimeStep) -> str:
    """Such as “Nov 7”, “Nov 2-8”, “Nov 2026”, in the reader's language."""
    locale = locale_of()
    match step:
        case TimeStep.DAY:
            return format_skeleton("MMMd", part.first, locale=locale)
        case TimeStep.WEEK:
            return format_interval(part.first, part.last, "MMMd", locale=locale)
        case TimeStep.MONTH:
            return format_skeleton("yMMM", part.first, locale=locale)
        case never:
            assert_never(never)


def _ends(day: date, step: TimeStep) -> date:
    match step:
        case TimeStep.DAY:
            return day
        case TimeStep.WEEK:
            return day + timedelta(days=6 - day.weekday())
        case TimeStep.MONTH:
            return month_of(day).last
        case never:
            assert_never(never)


def _begins(day: date, step: TimeStep) -> date:
    match step:
        case TimeStep.DAY:
            return day
        case TimeStep.WEEK:
            return day - timedelta(days=day.weekday())
        case TimeStep.MONTH:
            return day.replace(day=1)
        case never:
            assert_never(never)


def _on(step: TimeStep) -> Combinable:
    """As `_begins`, by the database."""
    match step:
        case TimeStep.DAY:
            return F("day")
        case TimeStep.WEEK:
            return TruncWeek("day")
        case TimeStep.MONTH:
            return TruncMonth("day")
        case never:
            assert_never(never)
