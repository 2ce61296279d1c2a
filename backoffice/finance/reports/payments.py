"""Payments: what was received and for what, and how it went, day by day or month by month."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from babel.dates import format_skeleton
from django.db.models import Case, DateField, F, Value, When
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.shapes import Line, Part, Report, ReportFigure, Section
from backoffice.finance.reports.tables import TOGETHER, Asked, FigureStep, RollForward, figure_section
from backoffice.finance.reports.under_way import FLOWS
from ledger.books.balances import balances
from ledger.books.figures import ToldFigures, tell
from ledger.books.sums import Key, Total, until
from payments.presentation.format_amounts import locale_of

WHAT_FOR: Final = (
    FigureStep("paid_to_workers"),
    FigureStep("our_fee"),
    FigureStep("taken_in_to_hold"),
    FigureStep("sent_back"),
    FigureStep("received", is_sum=True),
)
BESIDE: Final = (FigureStep("outside"), FigureStep("ended"))
DAYS: Final = RollForward("days", _("How it went"), "under_way", FLOWS)
#: Of a longer time, months are told instead of days.
MOST_DAYS: Final = 62


def payments(first: date, last: date, filters: Filters) -> Report:
    """In two queries."""
    asked = Asked(first, last, filters)
    figures = [step.figure for step in (*WHAT_FOR, *BESIDE)]
    told = balances(figures, first, last, filters.movements())
    received = figure_section(asked, "received", _("What was received"), WHAT_FOR, told)
    beside = figure_section(asked, "beside", _("What ended otherwise"), BESIDE, told)
    return asked.report("payments", _("Payments"), [*received, *beside, *_days(asked)])


def _days(asked: Asked) -> Iterator[Section]:
    on = Case(When(day__gte=asked.first, then=F("day")), default=Value(None), output_field=DateField(null=True))
    which = asked.filters.movements() & until(asked.last)
    told = tell(DAYS.figures, which, ["on"], named={"on": on})
    times = list(_times(asked))
    for currency in filter(asked.chooses, told.currencies):
        spans = _summed(told, currency, times)
        lines = list(_lines(asked, currency, told.total(DAYS.balance, currency, (None,)), times, spans))
        if any(one.total.value for line in lines for one in line.figures):
            yield Section(DAYS.code, DAYS.title, currency, DAYS.columns, (*lines, _together(lines)), in_time=True)


def _times(asked: Asked) -> Iterator[tuple[date, date]]:
    """The days of the report, or its months, the first and the last perhaps in part."""
    by_month = (asked.last - asked.first).days >= MOST_DAYS
    first = asked.first
    while first <= asked.last:
        last = min(asked.last, _end_of_month(first)) if by_month else first
        yield first, last
        first = last + timedelta(days=1)


def _end_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _summed(told: ToldFigures, currency: str, times: list[tuple[date, date]]) -> ToldFigures:
    """By the first day of each time."""
    starts = [first for first, _last in times]
    found = ToldFigures()
    for (key, code, figure), total in told.totals.items():
        if code == currency and key[0] is not None:
            start = max(each for each in starts if each <= key[0])
            found.add(figure, (start,), total)
    return found


def _lines(
    asked: Asked, currency: str, opening: Total, times: list[tuple[date, date]], told: ToldFigures
) -> Iterator[Line]:
    """Each time begins with what the one before it ended with."""
    for first, last in times:
        own = Asked(first, last, asked.filters)
        key: Key = (first,)
        flows = [(flow, told.total(flow.figure, currency, key)) for flow in DAYS.flows]
        closing = opening + told.total(DAYS.balance, currency, key)
        totals = [opening, *(total if flow.sign > 0 else -total for flow, total in flows), closing]
        figures = tuple(
            ReportFigure(total, column.figure, own.rows(column.figure, currency, column.part, {}))
            for column, total in zip(DAYS.columns, totals, strict=True)
        )
        yield Line(first.isoformat(), _name(first, last), figures)
        opening = closing


def _name(first: date, last: date) -> str:
    if first == last:
        return date_format(first)
    return format_skeleton("yMMMM", first, locale=locale_of())


def _together(lines: list[Line]) -> Line:
    """From the opening of the first to the closing of the last."""
    figures = []
    for place, column in enumerate(DAYS.columns):
        totals = [line.figures[place].total for line in lines]
        match column.part:
            case Part.OPENING:
                figures.append(ReportFigure(totals[0]))
            case Part.CLOSING:
                figures.append(ReportFigure(totals[-1]))
            case Part.MOVEMENT | Part.ASIDE:
                figures.append(ReportFigure(sum(totals[1:], totals[0])))
    return Line("together", TOGETHER, tuple(figures), is_sum=True)
