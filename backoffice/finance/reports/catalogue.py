"""All reports, by the code that addresses, files and closed months know them by."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.shapes import Report, Words

Make = Callable[[date, date, Filters], Report]


@dataclass(frozen=True)
class KindOfReport:
    """`make` reads the books of the days from a first to a last, both included, in a constant number of queries."""

    code: str
    title: Words
    about: Words
    icon: str
    make: Make


REPORTS: Final[dict[str, KindOfReport]] = {}


def make(code: str, first: date, last: date, filters: Filters | None = None) -> Report:
    """The report `code` of these days. Raises KeyError for one that there is not."""
    return REPORTS[code].make(first, last, filters or Filters())
