"""Totals as people read them: as amounts are written, but below zero, too, and however large."""

from babel.numbers import format_decimal

from ledger.books.sums import Total
from payments.presentation.format_amounts import locale_of

MINUS = "\N{MINUS SIGN}"


def format_total(total: Total, language: str | None = None) -> str:
    """`1,250.00 MXN`, with a minus where it is below zero; in the reader's locale unless a language is named."""
    return f"{format_total_number(total, language)}\N{NO-BREAK SPACE}{total.code}"


def format_total_number(total: Total, language: str | None = None) -> str:
    """The total without its currency."""
    pattern = "#,##0" + ("." + "0" * total.scale if total.scale else "")
    written = str(
        format_decimal(abs(total.major), format=pattern, locale=locale_of(language), decimal_quantization=False)
    )
    return f"{MINUS}{written}" if total.value < 0 else written
