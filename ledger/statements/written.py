"""How people and banks write days and amounts: exactly read, or refused with a code that says why."""

import re
from datetime import date
from typing import Final, Literal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from ledger.books.sums import Total

#: Digits before and after the decimal mark, in all: more fit no column.
MOST_DIGITS: Final = 18
#: No statement is of other years; and time zones move a day at the ends of the calendar beyond it.
YEARS: Final = range(1900, 2200)
_DAY: Final = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})(?:[T ].*)?", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_SPACES: Final = re.compile(r"[\s\u00a0\u202f']")

Why = Literal["no_day", "unreadable_day", "no_amount", "unreadable_amount", "too_large"]


class UnreadableRowError(Exception):
    """A row that can't be read exactly. `code` says why, `text` is what stands there."""

    def __init__(
        self, code: Why | Literal["day_to_come", "other_row_of_this_id", "no_currency", "too_few_columns"], text: str
    ) -> None:
        super().__init__(code, text)
        self.code: Final = code
        self.text: Final = text


class DayOrder(TextChoices):
    """What comes first. A day that begins with its year is read whatever is chosen."""

    YEAR_FIRST = "ymd", _("2026-12-31")
    DAY_FIRST = "dmy", _("31/12/2026")
    MONTH_FIRST = "mdy", _("12/31/2026")


class DecimalMark(TextChoices):
    POINT = ".", _("1,234.50")
    COMMA = ",", _("1.234,50")


def day_of(text: str, order: DayOrder) -> date:
    """The day; a time behind it is left out. Raises UnreadableRowError."""
    stripped = text.strip()
    if not stripped:
        raise UnreadableRowError("no_day", text)
    found = _COMPACT.fullmatch(stripped) or _DAY.fullmatch(stripped)
    if found is None:
        raise UnreadableRowError("unreadable_day", text)
    one, two, three = found.groups()
    year_first = len(one) == 4  # noqa: PLR2004 - digits of a year
    if not year_first and (order == DayOrder.YEAR_FIRST or len(three) not in {2, 4}):
        raise UnreadableRowError("unreadable_day", text)
    if year_first:
        year, month, day = one, two, three
    elif order == DayOrder.DAY_FIRST:
        day, month, year = one, two, three
    else:
        month, day, year = one, two, three
    whole_year = int(year) + (2000 if len(year) == 2 else 0)  # noqa: PLR2004 - as above
    if whole_year not in YEARS:
        raise UnreadableRowError("unreadable_day", text)
    try:
        return date(whole_year, int(month), int(day))
    except ValueError as error:
        raise UnreadableRowError("unreadable_day", text) from error


def amount_of_text(text: str, mark: DecimalMark, code: str) -> Total | None:
    """The amount, below zero with a minus before or behind it or in brackets; None where nothing, or a dash, stands.

    Thousands may be grouped by the other mark, an apostrophe or a space; the currency may stand beside it. Raises
    UnreadableRowError for what is not exactly one number, such as a group of two digits.
    """
    number = _SPACES.sub("", text).replace("\N{MINUS SIGN}", "-")
    if number in {"", "-", "--", "\N{EN DASH}", "\N{EM DASH}"}:
        return None
    number = number.removeprefix(code).removesuffix(code)
    negative = number.startswith("(") and number.endswith(")")
    number = number.strip("()$€£¥") if negative else number.strip("$€£¥")
    if number.endswith("-"):
        number, negative = number[:-1], True
    elif number[:1] in {"-", "+"}:
        number, negative = number[1:], negative or number[0] == "-"
    number = number.strip("$€£¥")
    whole, _mark, fraction = number.partition(mark)
    other = "." if mark == DecimalMark.COMMA else ","
    if not re.fullmatch(rf"\d+|\d{{1,3}}(?:{re.escape(other)}\d{{3}})+", whole or "0", re.ASCII):
        raise UnreadableRowError("unreadable_amount", text)
    if fraction and not re.fullmatch(r"\d+", fraction, re.ASCII):
        raise UnreadableRowError("unreadable_amount", text)
    digits = whole.replace(other, "") + fraction
    if not digits or len(digits.lstrip("0")) > MOST_DIGITS or len(fraction) > MOST_DIGITS:
        raise UnreadableRowError("too_large" if digits else "unreadable_amount", text)
    value = int(digits)
    return Total(code, len(fraction), -value if negative else value)
