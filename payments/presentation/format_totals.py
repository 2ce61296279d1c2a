"""Totals as people read them: as amounts are written, but below zero, too, and however large."""

from typing import Final

from babel.numbers import format_decimal

from ledger.books.sums import Total
from payments.presentation.format_amounts import locale_of

MINUS = "\N{MINUS SIGN}"
#: Wallets may count finer than people do: what is exact with fewer places is written with fewer.
USUAL_PLACES: Final = 2


def usual_places(total: Total) -> int:
    """Two, where that is exact and its currency has as many."""
    places = total.scale
    while places > USUAL_PLACES and total.value % 10 ** (total.scale - places + 1) == 0:
        places -= 1
    return places


def format_total(total: Total, language: str | None = None) -> str:
    """`1,250.00 MXN`, with a minus where it is below zero; in the reader's locale unless a language is named."""
    return f"{format_total_number(total, language)}\N{NO-BREAK SPACE}{total.code}"


def format_total_number(total: Total, language: str | None = None, places: int | None = None) -> str:
    """The total without its currency; with so many decimal `places`, if they are exact, instead of its own."""
    scale = total.scale if places is None else places
    pattern = "#,##0" + ("." + "0" * scale if scale else "")
    written = str(
        format_decimal(abs(total.major), format=pattern, locale=locale_of(language), decimal_quantization=False)
    )
    return f"{MINUS}{written}" if total.value < 0 else written
