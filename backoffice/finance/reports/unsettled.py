"""What is under way, by how long ago its payer was asked for it."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import reduce
from operator import add
from typing import Final

from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.shapes import Column, Line, Part, Report, ReportFigure, Section
from backoffice.finance.reports.tables import BALANCE_COLUMNS, Asked, sum_line
from backoffice.finance.reports.under_way import STAGES
from ledger import clock, days
from ledger.books.ages import BANDS, AgeBand, OpenSubject, open_subjects
from ledger.books.balances import Balances, balances
from ledger.books.figures import FIGURES
from ledger.books.sums import Total

COLUMNS: Final = (*BALANCE_COLUMNS, *(Column(band.code, band.title, Part.ASIDE) for band in BANDS))
NOTE: Final = _("Ages are those at the end of the last day, or now while it lasts, counted since the payer was asked.")


def unsettled(first: date, last: date, filters: Filters) -> Report:
    """In two queries; opening + movements = closing, and the ages together are the closing."""
    asked, which = Asked(first, last, filters), filters.movements()
    told = balances([step.figure for step in STAGES], first, last, which)
    found = list(open_subjects(last, which))
    moment = _end(last)
    sections = (
        _section(asked, told, code, [one for one in found if one.code == code], moment)
        for code in told.currencies
        if asked.chooses(code)
    )
    return asked.report("unsettled", _("Unsettled, by age"), [one for one in sections if one.lines[:-1]], NOTE)


def _end(last: date) -> datetime:
    return min(clock.now(), days.begins(last + timedelta(days=1)))


def _section(asked: Asked, told: Balances, code: str, found: Iterable[OpenSubject], moment: datetime) -> Section:
    by_band = {band.code: [one for one in found if band.has(one.since, moment)] for band in BANDS}
    lines = []
    for step in STAGES:
        (column,) = FIGURES[step.figure].plus
        balance = (
            (Part.OPENING, told.opening(step.figure, code)),
            (Part.MOVEMENT, told.moved(step.figure, code)),
            (Part.CLOSING, told.closing(step.figure, code)),
        )
        figures = [
            *(ReportFigure(total, step.figure, asked.rows(step.figure, code, part, {})) for part, total in balance),
            *_aged(asked, step.figure, code, {band: _sum(code, column, by_band[band.code]) for band in BANDS}, moment),
        ]
        if any(one.total.value for one in figures):
            lines.append(Line(step.figure, FIGURES[step.figure].label, tuple(figures), figure=step.figure))
    return Section("ages", _("Under way, by age"), code, COLUMNS, (*lines, *([sum_line(lines)] if lines else [])))


def _aged(
    asked: Asked, figure: str, code: str, totals: dict[AgeBand, Total], moment: datetime
) -> Iterator[ReportFigure]:
    for band, total in totals.items():
        rows = asked.rows(figure, code, Part.CLOSING, {"open": open_between(asked.last, *band.since(moment))})
        yield ReportFigure(total, figure, rows)


def _sum(code: str, column: str, found: Iterable[OpenSubject]) -> Total:
    return reduce(add, (Total(code, one.scale, one.columns[column]) for one in found), Total(code, 0, 0))


def open_between(day: date, first: datetime | None, last: datetime | None) -> str:
    """How the list of movements calls those of payments under way at the end of `day`, asked for in between."""
    return "/".join([day.isoformat(), clock.instant(first) if first else "", clock.instant(last) if last else ""])
