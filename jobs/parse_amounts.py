"""Budgets as people write them, and the currencies they can be in. Exact, or refused with a sentence."""

from functools import cache

from babel.core import Locale, get_global
from babel.numbers import get_currency_name, get_currency_precision

from jobs.reasons import JobRefusal
from payments.openpayments.amounts import Amount, AmountError, Asset
from payments.presentation.format_amounts import locale_of
from payments.presentation.typed_amounts import read_typed

#: The marketplace's own, first in every list.
USUAL = ("MXN", "USD", "EUR", "JPY")


@cache
def in_use() -> frozenset[str]:
    """ISO 4217 codes that are legal tender somewhere today."""
    return frozenset(
        code
        for currencies in get_global("territory_currencies").values()
        for code, _start, end, is_tender in currencies
        if is_tender and end is None
    )


def choices(language: str | None = None) -> list[tuple[str, str]]:
    """Every currency in use with its name in the reader's language: ours first, then by code."""
    return list(_choices(locale_of(language)))


@cache
def _choices(locale: Locale) -> tuple[tuple[str, str], ...]:
    codes = [*USUAL, *sorted(in_use() - set(USUAL))]
    return tuple((code, f"{code} · {get_currency_name(code, locale=locale)}") for code in codes)


def asset_of(code: str) -> Asset:
    """The currency, counted with its own number of decimals. Raises JobRefusal."""
    if code not in in_use():
        raise JobRefusal("currency_unknown", text=code)
    return Asset(code, get_currency_precision(code))


def read(text: str, code: str) -> Amount:
    """`"100.00"` means one hundred. Raises JobRefusal, as for 0, for a fraction of a cent, or for what is no number."""
    asset = asset_of(code)
    written = text.strip()
    try:
        amount = read_typed(written, asset)
    except AmountError as error:
        raise _refusal(error, written, asset) from error
    if amount.is_zero:
        raise JobRefusal("budget_zero")
    return amount


def _refusal(error: AmountError, written: str, asset: Asset) -> JobRefusal:
    if error.code == "too_precise":
        return JobRefusal("budget_too_precise", currency=asset.code, digits=str(asset.scale), text=written)
    if error.code == "too_large":
        return JobRefusal("budget_out_of_range", text=written)
    return JobRefusal("budget_not_a_number", text=written)


def write(amount: Amount) -> str:
    """As `read` takes it."""
    return f"{amount.to_major():f}"
