"""The payer pays exactly so much: what the receiver gets for it. Decided from the quotes that wallets gave.

A probe asks the payer's wallet what the whole amount buys. That much is then quoted as an amount to receive, at a place
that takes no more. Some wallets reckon the two ways differently: where the second comes out dearer than what the payer
pays, the receiver gets a little less, until it fits.
"""

from datetime import datetime, timedelta

from payments.models import Payment, Quote
from payments.models.attempts import quotes_of
from payments.states import AttemptState

#: A quote that runs out sooner than this is not worth showing or paying.
QUOTE_MARGIN = timedelta(seconds=20)
#: So many quotes in a row above what the payer pays: that wallet's prices can't be relied on.
MOST_TRIES = 5


def lives(quote: Quote, now: datetime) -> bool:
    """Whether it can be paid; one that has only just come can, however short its life."""
    return quote.expires_at is None or quote.expires_at > now + QUOTE_MARGIN or quote.created_at > now - QUOTE_MARGIN


def living_probe(payment: Payment, now: datetime, since: datetime | None) -> Quote | None:
    """The newest answer, made after `since`, to what the payment buys."""
    found = [
        quote
        for quote in quotes_of(payment)
        if quote.probe and quote.state == AttemptState.OPEN and lives(quote, now) and _is_since(quote, since)
    ]
    return max(found, key=lambda quote: (quote.created_at, quote.id), default=None)


def _is_since(quote: Quote, since: datetime | None) -> bool:
    return since is None or quote.created_at >= since


def what_it_buys(payment: Payment, probe: Quote) -> int | None:
    """What the receiver gets, in minor units; None when no amount was found that the wallet quotes within the debit."""
    if probe.receive is None or probe.receive.asset != payment.asset:
        return None
    tried = [quote for quote in quotes_of(payment) if quote.remote_id and not quote.probe]
    tried = sorted((quote for quote in tried if quote.created_at >= probe.created_at), key=lambda one: one.created_at)
    if not tried:
        return probe.receive.value
    newest = tried[-1]
    if not is_too_dear(payment, newest):
        return newest.receive.value if newest.receive else None
    debit, receive, pays = newest.debit, newest.receive, payment.pays
    if debit is None or receive is None or pays is None or debit.asset != pays.asset:
        return None
    if sum(is_too_dear(payment, quote) for quote in tried) >= MOST_TRIES:
        return None
    return lower(receive.value, debit.value, pays.value) or None


def lower(receive: int, debit: int, pays: int) -> int:
    """What to try when `receive` costs `debit`, more than the `pays` there is: less in proportion, at least by one."""
    assert debit > pays
    return min(receive - 1, receive * pays // debit)


def is_too_dear(payment: Payment, quote: Quote) -> bool:
    """It would take more from the payer than they pay, or another currency."""
    pays, debit = payment.pays, quote.debit
    return pays is not None and (debit is None or debit.asset != pays.asset or debit > pays)
