"""What a report is made of: sections, each of one currency, with lines of figures that add up. No page, no file.

In each line opening + movements = closing, as the figures stand there: what takes away stands below zero. In each
section the last line, if it is a sum, is the sum of those above it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import reduce
from operator import add

from django.utils.functional import Promise

from ledger.books.sums import Total
from payments.presentation.format_totals import usual_places

Words = str | Promise


class Part(StrEnum):
    """What a column is of the days that a report is about."""

    OPENING = "opening"  # the balance at the end of the day before the first
    MOVEMENT = "movement"  # what came (above zero) and went (below) in these days
    CLOSING = "closing"  # the balance at the end of the last day
    ASIDE = "aside"  # told beside them: part of another column, or a balance told apart in another way


@dataclass(frozen=True)
class Column:
    """`figure` is what it tells, by its code in `ledger.books.figures`; empty where each line tells another."""

    code: str
    title: Words
    part: Part
    figure: str = ""


@dataclass(frozen=True)
class ReportFigure:
    """One number: minor units of one currency, as it enters its line's sum.

    `rows` is the query of the list of movements (`admin:ledger_movement_changelist`) that shows exactly the rows which
    it counts; empty for a sum of others.
    """

    total: Total
    figure: str = ""
    rows: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """`key` tells it from the other lines of its section; `figures` has one for each column, in their order.

    `link` is the page of what it is about, where there is one.
    """

    key: str
    title: Words
    figures: tuple[ReportFigure, ...]
    figure: str = ""
    link: str = ""
    is_sum: bool = False


@dataclass(frozen=True)
class Section:
    """One table: everything in it is of `currency`."""

    code: str
    title: Words
    currency: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    note: Words = ""
    in_time: bool = False  # lines follow each other: each opens with what the one before it closed with

    @property
    def scale(self) -> int:
        """Decimal places in which each of its figures can be written exactly, one like the other."""
        return max((usual_places(one.total) for line in self.lines for one in line.figures), default=0)

    def of(self, line: Line, part: Part) -> Total:
        """The sum of the line's columns of that part."""
        pairs = zip(self.columns, line.figures, strict=True)
        return reduce(add, (one.total for column, one in pairs if column.part == part), Total(self.currency, 0, 0))

    def column(self, code: str) -> dict[str, Total]:
        """The figures of one column, by the key of their line."""
        place = [column.code for column in self.columns].index(code)
        return {line.key: line.figures[place].total for line in self.lines}


@dataclass(frozen=True)
class Report:
    """`first` and `last` are days of the business's calendar, both included; `zone` names whose midnights end them."""

    code: str
    title: Words
    first: date
    last: date
    zone: str
    narrowed: tuple[tuple[Words, str], ...]  # which filters were set, in words
    made_at: datetime
    sections: tuple[Section, ...]
    note: Words = ""

    def section(self, code: str, currency: str) -> Section | None:
        found = (each for each in self.sections if (each.code, each.currency) == (code, currency))
        return next(found, None)


@dataclass(frozen=True)
class FlatFigure:
    """One number of a report with all that names it: a row of a file, or a control total of a closed month."""

    section: str
    currency: str
    line: str
    line_title: str
    column: str
    column_title: str
    total: Total


def flat(report: Report) -> Iterator[FlatFigure]:
    """Every number of a report, in order."""
    for section in report.sections:
        for line in section.lines:
            for column, one in zip(section.columns, line.figures, strict=True):
                titles = str(line.title), str(column.title)
                yield FlatFigure(section.code, section.currency, line.key, titles[0], column.code, titles[1], one.total)
