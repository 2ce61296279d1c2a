"""How reports are put together from balances: their columns, their lines, and where each figure's rows are."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import add

from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.shapes import Column, Line, Part, Report, ReportFigure, Section, Words
from ledger import clock, days
from ledger.books.balances import Balances
from ledger.books.figures import FIGURES
from ledger.books.sums import Key, Total

OPENING, CLOSING, TOGETHER = _("Opening"), _("Closing"), _("Together")


@dataclass(frozen=True)
class Asked:
    """What one report is asked: days, both included, and what it is narrowed to."""

    first: date
    last: date
    filters: Filters

    def chooses(self, currency: str) -> bool:
        return self.filters.currency in {"", currency}

    def rows(self, figure: str, currency: str, part: Part, more: Mapping[str, str]) -> dict[str, str]:
        """The query of the list of movements that shows what a figure sums up."""
        found = {**self.filters.query(), **more, "figure": figure, "currency": currency}
        last = self.first - timedelta(days=1) if part == Part.OPENING else self.last
        if part in {Part.MOVEMENT, Part.ASIDE}:
            found["day_from"] = self.first.isoformat()
        return {**found, "day_to": last.isoformat()}

    def report(self, code: str, title: Words, sections: Iterable[Section], note: Words = "") -> Report:
        narrowed = tuple(self.filters.query().items())
        by_currency = sorted(sections, key=lambda section: section.currency)
        zone = days.zone().key
        return Report(code, title, self.first, self.last, zone, narrowed, clock.now(), tuple(by_currency), note)


@dataclass(frozen=True)
class Flow:
    """A column of a roll-forward: what of `figure` came (`sign` 1) to the balance, or left it (-1), in these days."""

    figure: str
    sign: int = 1
    title: Words = ""


@dataclass(frozen=True)
class RollForward:
    """A balance and what changed it, one line for each key: opening, flows, closing; then what is told beside them."""

    code: str
    title: Words
    balance: str
    flows: tuple[Flow, ...]
    aside: tuple[str, ...] = ()
    only: str = ""  # see `filters.ONLY`
    note: Words = ""

    @property
    def figures(self) -> list[str]:
        return [self.balance, *(flow.figure for flow in self.flows), *self.aside]

    @property
    def columns(self) -> tuple[Column, ...]:
        label = FIGURES[self.balance].label
        flows = (
            Column(flow.figure, flow.title or FIGURES[flow.figure].label, Part.MOVEMENT, flow.figure)
            for flow in self.flows
        )
        aside = (Column(code, FIGURES[code].label, Part.ASIDE, code) for code in self.aside)
        opening = Column("opening", _("%(figure)s, opening") % {"figure": label}, Part.OPENING, self.balance)
        closing = Column("closing", _("%(figure)s, closing") % {"figure": label}, Part.CLOSING, self.balance)
        return (opening, *flows, closing, *aside)


@dataclass(frozen=True)
class LineName:
    """What a line is called, the page of what it is about, and what of the list of movements is its own."""

    title: Words
    link: str = ""
    rows: Mapping[str, str] | None = None


Names = Callable[[Iterable[Key]], Mapping[Key, LineName]]


def roll_forward(asked: Asked, shape: RollForward, told: Balances, names: Names) -> Iterator[Section]:
    """A section for each currency, with a line for each key of which there is something to tell, and their sum."""
    sections = {code: _keys(shape, told, code) for code in told.currencies if asked.chooses(code)}
    called = names({key for keys in sections.values() for key in keys})
    for code, keys in sections.items():
        lines = [_line(asked, shape, told, code, key, called[key]) for key in keys]
        lines.sort(key=lambda line: str(line.title).casefold())
        if lines:
            together = sum_line(lines)
            yield Section(shape.code, shape.title, code, shape.columns, (*lines, together), shape.note)


def _keys(shape: RollForward, told: Balances, code: str) -> list[Key]:
    """Those of whom a balance was left at the beginning or the end, or something happened."""
    return [key for key in told.keys(code) if any(one.value for one in _totals(shape, told, code, key))]


def _totals(shape: RollForward, told: Balances, code: str, key: Key) -> list[Total]:
    """In the order of the columns."""
    flows = (told.moved(flow.figure, code, key) for flow in shape.flows)
    signed = [total if flow.sign > 0 else -total for total, flow in zip(flows, shape.flows, strict=True)]
    opening, closing = told.opening(shape.balance, code, key), told.closing(shape.balance, code, key)
    return [opening, *signed, closing, *(told.moved(figure, code, key) for figure in shape.aside)]


def _line(  # noqa: PLR0913, PLR0917 - what makes a line
    asked: Asked, shape: RollForward, told: Balances, code: str, key: Key, name: LineName
) -> Line:
    totals = _totals(shape, told, code, key)
    own = {**({"only": shape.only} if shape.only else {}), **(name.rows or {})}
    figures = (
        ReportFigure(total, column.figure, asked.rows(column.figure, code, column.part, own))
        for column, total in zip(shape.columns, totals, strict=True)
    )
    return Line(" ".join(map(str, key)), name.title, tuple(figures), link=name.link)


def sum_line(lines: Sequence[Line]) -> Line:
    """The last line of a section: the sums of all others."""
    columns = zip(*(line.figures for line in lines), strict=True)
    sums = (reduce(add, (one.total for one in column)) for column in columns)
    return Line("together", TOGETHER, tuple(ReportFigure(total) for total in sums), is_sum=True)


@dataclass(frozen=True)
class FigureStep:
    """A line of a section whose lines are figures: as it enters the sum, `sign` 1 or -1; a sum line only says so."""

    figure: str
    sign: int = 1
    is_sum: bool = False
    title: Words = ""


BALANCE_COLUMNS = (
    Column("opening", OPENING, Part.OPENING),
    Column("moved", _("In these days"), Part.MOVEMENT),
    Column("closing", CLOSING, Part.CLOSING),
)


def figure_section(
    asked: Asked, code: str, title: Words, steps: Sequence[FigureStep], told: Balances
) -> Iterator[Section]:
    """For each currency a line for each step: its opening, what changed in these days, and its closing.

    Lines of which nothing was ever booked are left out, but for sums; and currencies without any line.
    """
    for currency in filter(asked.chooses, told.currencies):
        lines = [_figure_line(asked, step, told, currency) for step in steps]
        told_of = [line for line in lines if any(one.total.value for one in line.figures)]
        if told_of:
            shown = tuple(line for line in lines if line.is_sum or line in told_of)
            yield Section(code, title, currency, BALANCE_COLUMNS, shown)


def _figure_line(asked: Asked, step: FigureStep, told: Balances, code: str) -> Line:
    parts = (
        (Part.OPENING, told.opening(step.figure, code)),
        (Part.MOVEMENT, told.moved(step.figure, code)),
        (Part.CLOSING, told.closing(step.figure, code)),
    )
    figures = (
        ReportFigure(total if step.sign > 0 else -total, step.figure, asked.rows(step.figure, code, part, {}))
        for part, total in parts
    )
    title = step.title or FIGURES[step.figure].label
    return Line(step.figure, title, tuple(figures), figure=step.figure, is_sum=step.is_sum)
