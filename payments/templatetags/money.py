"""`{{ amount|money }}`, `{{ total|total }}` and `{{ row|reason }}` for templates."""

from typing import Any

from django import template

from ledger.books.sums import Total
from payments.models import Payment
from payments.openpayments.amounts import Amount
from payments.presentation.format_amounts import bought_by, format_amount, format_gets
from payments.presentation.format_totals import format_total
from payments.presentation.reasons import sentence
from payments.presentation.status import payment_status

register = template.Library()


@register.filter
def money(amount: Amount | None) -> str:
    return format_amount(amount)


@register.filter
def total(amount: Total) -> str:
    """A sum of amounts, which may be below zero."""
    return format_total(amount)


@register.filter
def bought(amount: Amount) -> str:
    """What a receiver gets for this amount of somebody else's, before a wallet has said how much."""
    return bought_by(amount)


@register.filter
def gets(payment: Payment) -> str:
    """What the receiver of a payment gets, as certain as it is."""
    return format_gets(payment)


@register.filter
def reason(row: Any) -> str:
    """The sentence for a row's reason, or nothing."""
    return sentence(row.reason, row.reason_params)


@register.filter
def status(payment: Payment) -> str:
    """What a payment is called."""
    return str(payment_status(payment).label)
