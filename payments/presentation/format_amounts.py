"""Amounts as people read them: exact, in their locale, with the code of the currency ($ alone names four)."""

from decimal import Decimal

from babel import Locale
from babel.numbers import format_decimal
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from payments.models import Payment
from payments.openpayments.amounts import Amount
from payments.states import UNSENT

LOCALES = {"en": "en_US", "es": "es_MX"}
RATE_DIGITS = 6


def locale_of(language: str | None = None) -> Locale:
    """The locale for a language of ours; the reader's when none is named."""
    name = (language or get_language() or "en").split("-")[0]
    return Locale.parse(LOCALES.get(name, LOCALES["en"]))


def format_amount(amount: Amount | None, language: str | None = None) -> str:
    if amount is None:
        return ""
    return f"{format_number(amount, language)}\N{NO-BREAK SPACE}{amount.asset.code}"


def format_number(amount: Amount, language: str | None = None) -> str:
    """The amount without its currency."""
    pattern = "#,##0" + ("." + "0" * amount.asset.scale if amount.asset.scale else "")
    return str(format_decimal(amount.to_major(), format=pattern, locale=locale_of(language)))


def percent(basis_points: int, language: str | None = None) -> str:
    """`2.5` for 250 basis points; whoever writes it adds the sign."""
    return str(format_decimal(Decimal(basis_points) / 100, format="#,##0.##", locale=locale_of(language)))


def bought_by(amount: Amount, language: str | None = None) -> str:
    """What a receiver gets, before a wallet has said how much that is."""
    return _("what %(amount)s buys") % {"amount": format_amount(amount, language)}


def format_gets(payment: Payment, language: str | None = None) -> str:
    """What the receiver of `payment` gets: exactly, or what the payer's fixed amount buys, while that may change."""
    if payment.pays is not None and not payment.value:
        return bought_by(payment.pays, language)
    if payment.pays is None or payment.state not in UNSENT:
        return format_amount(payment.amount, language)
    return _("about %(amount)s") % {"amount": format_amount(payment.amount, language)}


def rate(debit: Amount, receive: Amount, language: str | None = None) -> str:
    """What one unit of the payer's currency becomes, fee included: `1 USD = 17.02 MXN`; empty within one currency."""
    if debit.asset.code == receive.asset.code or not debit.value:
        return ""
    ratio = (receive.to_major() / debit.to_major()).quantize(Decimal(10) ** -RATE_DIGITS)
    number = format_decimal(ratio, format="#,##0.0#####", locale=locale_of(language))
    return f"1\N{NO-BREAK SPACE}{debit.asset.code} = {number}\N{NO-BREAK SPACE}{receive.asset.code}"


def fee(debit: Amount, receive: Amount) -> Amount | None:
    """What the wallets keep, where both sides are in one currency and scale; None where only a rate can be told."""
    if debit.asset != receive.asset or debit.value < receive.value:
        return None
    return Amount(debit.value - receive.value, debit.asset)
