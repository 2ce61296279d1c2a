"""How long something took: half of it no longer than the median, nine of ten no longer than p90."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from babel.dates import format_timedelta
from django.db.models import QuerySet
from django.utils.functional import Promise

from payments.presentation.format_amounts import locale_of


@dataclass(frozen=True)
class Spread:
    """Of `count` rows behind `link`; None where there are none."""

    title: str | Promise
    count: int
    median: timedelta | None
    p90: timedelta | None
    link: str

    @property
    def median_words(self) -> str:
        return _words(self.median)

    @property
    def p90_words(self) -> str:
        return _words(self.p90)


def spread(title: str | Promise, found: QuerySet[Any], link: str) -> Spread:
    """Of the rows' `took`; the database puts them in order. Three queries."""
    in_order = found.order_by("took").values_list("took", flat=True)
    count = found.order_by().count()
    return Spread(title, count, _at(in_order, count, 50), _at(in_order, count, 90), link)


def _at(in_order: Any, count: int, percent: int) -> timedelta | None:
    """The nearest rank: the first that so many percent are not above. Asked even of none, so that all cost the same."""
    place = max(0, -(-count * percent // 100) - 1)
    return next(iter(in_order[place : place + 1]), None)


def _words(took: timedelta | None) -> str:
    """In one unit, such as “3 hours”."""
    return "" if took is None else format_timedelta(took, threshold=1.5, locale=locale_of())
