"""What of a report is also drawn: bars of one currency, the longest of which fills its place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from backoffice.finance.reports.shapes import Line, Part, Report, ReportFigure, Section, Words

Drawn = Literal["upright", "lying"]
#: So many lines are drawn, the largest first; all of them are in the table.
MOST_BARS: Final = 8


@dataclass(frozen=True)
class ReportBar:
    """`share` is its part of the longest, in percent."""

    title: Words
    figure: ReportFigure
    share: int


@dataclass(frozen=True)
class ReportChart:
    """Of one section; upright bars follow each other in time."""

    title: Words
    currency: str
    drawn: Drawn
    bars: tuple[ReportBar, ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class _Draws:
    section: str
    column: str
    drawn: Drawn = "lying"
    across: bool = False  # a bar for each column beside the balance, of the line that sums up


#: By the code of the report: what is drawn of it.
_DRAWN: Final[Mapping[str, _Draws]] = {
    "balance": _Draws("stages", "closing"),
    "payments": _Draws("days", "received", "upright"),
    "unsettled": _Draws("ages", "", across=True),
    "held": _Draws("held", "closing"),
    "funders": _Draws("cost", "charged"),
    "workers": _Draws("brought", "paid_to_workers"),
    "jobs": _Draws("cost", "charged"),
    "sellers": _Draws("cost", "charged"),
}


def charts(report: Report) -> dict[tuple[str, str], ReportChart]:
    """By section and currency, for those of which something is drawn."""
    draws = _DRAWN.get(report.code)
    if draws is None:
        return {}
    found = {}
    for section in report.sections:
        if section.code == draws.section and (chart := _chart(section, draws)):
            found[section.code, section.currency] = chart
    return found


def _chart(section: Section, draws: _Draws) -> ReportChart | None:
    if draws.across:
        return _bars(section, section.title, draws.drawn, _aside(section))
    place = [column.code for column in section.columns].index(draws.column)
    lines = [line for line in section.lines if not line.is_sum]
    pairs = [(line.title, line.figures[place]) for line in lines]
    if draws.drawn == "lying":
        pairs = sorted(pairs, key=lambda pair: -abs(pair[1].total.major))[:MOST_BARS]
    return _bars(section, section.columns[place].title, draws.drawn, pairs)


def _aside(section: Section) -> Iterable[tuple[Words, ReportFigure]]:
    together: Line = section.lines[-1]
    for column, one in zip(section.columns, together.figures, strict=True):
        if column.part == Part.ASIDE:
            yield column.title, one


def _bars(
    section: Section, title: Words, drawn: Drawn, pairs: Iterable[tuple[Words, ReportFigure]]
) -> ReportChart | None:
    found = list(pairs)
    longest = max((abs(one.total.major) for _title, one in found), default=0)
    if not longest:
        return None
    bars = (ReportBar(name, one, int(abs(one.total.major) * 100 / longest)) for name, one in found)
    return ReportChart(title, section.currency, drawn, tuple(bars))
