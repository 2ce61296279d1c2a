"""Who paid most and who was paid most in the chosen days, per currency, as finance's reports tell."""

from dataclasses import dataclass
from typing import Final

from django.db.models.expressions import Combinable
from django.utils.functional import Promise

from backoffice.dashboard.figures.moved import Counts, movements, payments_of
from backoffice.dashboard.figures.shapes import ShownFigure
from backoffice.dashboard.period import Period
from backoffice.finance.reports import names
from backoffice.finance.reports.filters import NOBODY, Filters
from ledger.books.figures import FIGURES, ToldFigures, tell
from ledger.books.people import FUNDER, WORKER
from ledger.books.sums import Key, Total, between

#: So many are told of each currency; reports tell all.
MOST: Final = 20


@dataclass(frozen=True)
class KindOfPeople:
    """`column` is what movements tell them by, `figures` what is told of each: the first says who comes first."""

    column: str
    who: Combinable
    figures: tuple[str, ...]
    only: str  # see `finance.reports.filters.ONLY`
    report: str


FUNDERS: Final = KindOfPeople("funder", FUNDER, ("charged", "sent_back"), "", "funders")
WORKERS: Final = KindOfPeople(
    "worker", WORKER, ("paid_to_workers", "paid_outside", "given_back"), "work_and_back", "workers"
)


@dataclass(frozen=True)
class Ranked:
    """`link` is their page; empty for whoever is none of our members."""

    name: str | Promise
    link: str
    figures: list[ShownFigure]


@dataclass(frozen=True)
class Ranking:
    """The first of one currency; `others` come after them, and the whole is of all."""

    currency: str
    people: list[Ranked]
    others: int
    whole: list[ShownFigure]


def ranked(period: Period, kind: KindOfPeople) -> list[Ranking]:
    """By currency. Four queries at the most."""
    which = Filters().movements(kind.only) & between(period.span.first, period.span.last)
    told = tell(kind.figures, which, [kind.column], named={kind.column: kind.who})
    counts = payments_of(kind.figures[:1], which, kind.column, kind.who)
    keys = {code: _in_order(told, kind, code) for code in filter(period.tells, told.currencies)}
    called = names.of_people(kind.column, {key for found in keys.values() for key in found[:MOST]})
    return [
        Ranking(
            code,
            [
                Ranked(called[key].title, called[key].link, _figures(period, kind, told, counts, code, key))
                for key in found[:MOST]
            ],
            max(0, len(found) - MOST),
            _whole(period, kind, told, code, found),
        )
        for code, found in keys.items()
    ]


def _in_order(told: ToldFigures, kind: KindOfPeople, code: str) -> list[Key]:
    """Whoever has most of the first figure comes first, then of the next."""
    by_key: dict[Key, None] = {key: None for key, currency, _figure in told.totals if currency == code}
    return sorted(by_key, key=lambda key: ([-told.total(one, code, key).major for one in kind.figures], str(key[0])))


def _figures(  # noqa: PLR0913, PLR0917 - what tells one number from the others
    period: Period, kind: KindOfPeople, told: ToldFigures, counts: Counts, code: str, key: Key
) -> list[ShownFigure]:
    person = {kind.column: str(key[0]) or NOBODY}
    return [
        ShownFigure(
            figure,
            FIGURES[figure].label,
            told.total(figure, code, key),
            counts.get((key[0], figure, code), 0),
            movements(figure, code, period.span, **person, **_only(kind)),
        )
        for figure in kind.figures
    ]


def _whole(period: Period, kind: KindOfPeople, told: ToldFigures, code: str, keys: list[Key]) -> list[ShownFigure]:
    return [
        ShownFigure(
            figure,
            FIGURES[figure].label,
            sum((told.total(figure, code, key) for key in keys), Total(code, 0, 0)),
            0,
            movements(figure, code, period.span, **_only(kind)),
        )
        for figure in kind.figures
    ]


def _only(kind: KindOfPeople) -> dict[str, str]:
    return {"only": kind.only} if kind.only else {}
