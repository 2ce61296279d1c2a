"""What a number of the overview is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from babel.numbers import format_decimal
from django.utils.functional import Promise

from ledger.books.sums import Total
from payments.presentation.format_amounts import locale_of
from payments.presentation.format_totals import format_total_number, usual_places

#: Beyond that a change tells no more than that there was next to nothing before.
MOST_PERCENT: Final = 999


@dataclass(frozen=True)
class ShownFigure:
    """`code` is the figure's in the books, or its own; `count` rows behind `link` come to `total`."""

    code: str
    title: str | Promise
    total: Total
    count: int
    link: str

    @property
    def amount(self) -> str:
        """Empty where there is nothing."""
        return written(self.total) if self.total.value else ""

    @property
    def number(self) -> str:
        """The same where its currency is said beside it."""
        return format_total_number(self.total, places=usual_places(self.total)) if self.total.value else ""


@dataclass(frozen=True)
class FigureChange:
    """What came to be in some days, and in those before."""

    now: ShownFigure
    before: ShownFigure

    @property
    def change(self) -> str:
        """By how many percent it grew or shrank; empty where nothing was before, or there is nothing to tell."""
        return change(self.before.total, self.now.total)


def written(total: Total) -> str:
    """In as many places as reports write it, whatever the wallets' own were that it is the sum of."""
    return f"{format_total_number(total, places=usual_places(total))}\N{NO-BREAK SPACE}{total.code}"


def change(before: Total, now: Total) -> str:
    """Such as “+12 %”, rounded to whole percents."""
    if before.value <= 0 or now.value == before.value == 0:
        return ""
    percent = round((now.major - before.major) * 100 / before.major)
    if abs(percent) > MOST_PERCENT:
        return f">\N{NO-BREAK SPACE}{MOST_PERCENT}\N{NO-BREAK SPACE}%"
    number = format_decimal(percent, format="+#,##0;\N{MINUS SIGN}#,##0", locale=locale_of()) if percent else "±0"
    return f"{number}\N{NO-BREAK SPACE}%"


def share(part: int, whole: int) -> int:
    """In percent, rounded down."""
    return part * 100 // whole if whole else 0


def currencies(*found: Sequence[str]) -> list[str]:
    """Each once, in the order of the alphabet."""
    return sorted({code for codes in found for code in codes})
