"""Where all of a payment's money is now, as its rows say: a pure function.

Every figure is minor units of one of two assets, the receiver's or the payer's: see `ledger.models.books`, and
`docs/figures.md` for what each means. Two sums always hold. What was asked, and what came on top of it, is waiting,
approved, on its way, in need of attention, received, settled outside, or ended. And what the payer approved is debited,
open, or no longer needed.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, assert_never

from payments.models import IncomingPayment, OutgoingPayment, Payment, Quote
from payments.models.attempts import counted_outgoing_payment, debit_of, latest_quote, outgoing_payments_of
from payments.openpayments.amounts import Asset
from payments.states import ARRIVED, PAID, PAYMENTS, UNAPPROVED_PAYMENTS, AttemptState, Group, PaymentState

#: Orders to pay that the payer's wallet has, or may have.
LIVE_OUTGOING: Final = frozenset({AttemptState.OPEN, AttemptState.UNKNOWN, AttemptState.DONE})
#: Orders that came to nothing: what their payer's wallet says that it sent by then is all that they took.
STOPPED_OUTGOING: Final = frozenset({AttemptState.FAILED, AttemptState.FENCED})


@dataclass(frozen=True)
class Position:
    """`received` is the receiver's asset, `paid` the payer's; None before anybody said what that is."""

    received: Asset
    paid: Asset | None
    figures: Counter[str] = field(default_factory=Counter)


def position(payment: Payment) -> Position:
    """Reads the request, of a refund what it gives back, `quotes` and `outgoing_payments` with their quotes."""
    figures: Counter[str] = Counter()
    _add_received(figures, payment)
    paid = _add_paid(figures, payment)
    return Position(payment.asset, paid, Counter({name: value for name, value in figures.items() if value}))


def was_asked(payment: Payment) -> bool:
    """Its payer was asked for it, or it is paid from a budget that they approved before. Reads the request."""
    if payment.grant_id is not None:
        return True
    return payment.request.sent_at is not None and not payment.fell_out


def _add_received(figures: Counter[str], payment: Payment) -> None:
    asked, received = payment.value if was_asked(payment) else 0, payment.received_value
    over = max(0, received - asked)
    figures["asked"] = asked
    figures["received"] = received
    figures["over"] = over
    figures[_place(payment)] = max(0, asked - received)
    if not payment.is_over:
        figures["early"] = received
    elif payment.state in ARRIVED:
        figures["surplus"] = over
    else:
        figures["received_ended"] = received
    if payment.is_refund and payment.is_over:
        figures["surplus_returned"] = payment.refund.surplus_returned
    if payment.is_over and payment.pays is None:
        figures["worth"] = payment.worth_arrived.value


def _place(payment: Payment) -> str:
    """Where that part of it is which has not been received."""
    if payment.is_dead:
        return "ended"
    match PAYMENTS[PaymentState(payment.state)].group:
        case Group.WAITING:
            return "waiting"
        case Group.APPROVED:
            return "approved"
        case Group.ON_ITS_WAY:
            return "on_its_way"
        case Group.ATTENTION:
            return "attention"
        case Group.OUTSIDE:
            return "outside"
        # Settled means that all of it was received, so that nothing is left to be anywhere.
        case Group.SETTLED | Group.ENDED:
            return "ended"
        case never:
            assert_never(never)


def _add_paid(figures: Counter[str], payment: Payment) -> Asset | None:
    quote, pays = _quote_of(payment), payment.pays
    if pays is not None and payment.is_over:
        figures["worth_paid"] = payment.worth_arrived.value
    debit = quote.debit if quote else None
    # A quote in another asset than the payer's fixed one is never used.
    if quote is None or debit is None or (pays is not None and pays.asset != debit.asset):
        return pays.asset if pays else None
    debited = sum(map(debit_taken, outgoing_payments_of(payment)))
    promised = debit_of(payment, quote) if _is_approved(payment) else 0
    figures["promised"] = promised
    figures["debited"] = debited
    figures["unused" if payment.is_over else "open"] = promised - debited
    if not payment.is_over:
        figures["in_transit"] = debited
    elif payment.state in ARRIVED:
        figures["saved"] = promised - debited
    else:
        figures["debited_ended"] = debited
    return debit.asset


def _quote_of(payment: Payment) -> Quote | None:
    outgoing = counted_outgoing_payment(payment)
    return outgoing.quote if outgoing else latest_quote(payment)


def debit_taken(outgoing: OutgoingPayment) -> int:
    """What the payer's wallet took for it, or says that it will; of what came to nothing, what it says that it sent.

    A wallet takes what its quote said: where all of it arrived by an order whose answer was lost, that is what it took.
    """
    match AttemptState(outgoing.state):
        case AttemptState.UNKNOWN:
            return outgoing.debit_value or 0
        case AttemptState.OPEN | AttemptState.DONE:
            return _whole(outgoing)
        case AttemptState.FENCED if _arrived(outgoing.quote.incoming):
            return _whole(outgoing)
        case AttemptState.FAILED | AttemptState.FENCED:
            return outgoing.sent_value or 0
        case AttemptState.INTENDED | AttemptState.REFUSED:
            return 0
        case never:
            assert_never(never)


def _whole(outgoing: OutgoingPayment) -> int:
    taken = outgoing.debit_value
    return (outgoing.quote.debit_value or 0) if taken is None else taken


def _arrived(incoming: IncomingPayment) -> bool:
    return bool(incoming.received_value >= incoming.value)


def _is_approved(payment: Payment) -> bool:
    """The payer's approval covers it, or did until it was over."""
    if payment.state in UNAPPROVED_PAYMENTS:
        return False
    return payment.state in PAID or not payment.is_dead or payment.grant_id is not None
