"""What the receiver's side says, and what follows from it. Nothing else is believed."""

from typing import Any, assert_never

from ledger import clock
from ledger.api import record
from payments.engine.evidence import is_closed
from payments.engine.steps.base import ENGINE
from payments.engine.steps.receiving import arrived
from payments.engine.transitions import facts, move, subjects_of
from payments.mail.queue import queue_message
from payments.models import OutgoingPayment, Payment
from payments.models.messages import Template
from payments.models.payments import Block, Decision
from payments.states import AttemptState, PaymentState


def settle_if_received(payment: Payment, outgoing: OutgoingPayment) -> bool:
    """Settled means: the receiver's incoming payment has received its whole amount."""
    incoming = outgoing.quote.incoming
    if incoming.received_value < incoming.value:
        return False
    if outgoing.state in (AttemptState.OPEN, AttemptState.UNKNOWN):
        move(outgoing, AttemptState.DONE, actor=ENGINE)
    now = clock.now()
    move(
        payment,
        PaymentState.SETTLED,
        actor=ENGINE,
        settled_at=now,
        sent_at=payment.sent_at or now,
        failures=0,
        retry_at=None,
    )
    if payment.receiver_email:
        queue_message(Template.PAID, request=payment.request, payment=payment, occasion=f"paid:{payment.pk}")
    return True


def stop_or_settle(payment: Payment, outgoing: OutgoingPayment) -> bool:
    """The receiver's side is closed for good: nothing more can arrive, so what arrived is all there is.

    Returns whether anything moved.
    """
    assert is_closed(outgoing.quote.incoming), "nothing is concluded without evidence"
    incoming = outgoing.quote.incoming
    if payment.decision:
        _decided(payment, outgoing)
        return True
    if payment.state == PaymentState.NEEDS_ATTENTION and _is_said_to_be_paid(payment):
        # Nothing is sent again, nor asked for again, before two people have agreed that it was not.
        return False
    if incoming.received_value:
        if payment.state == PaymentState.NEEDS_ATTENTION:
            return False
        move(
            payment, PaymentState.NEEDS_ATTENTION, actor=ENGINE, reason="partly_arrived", reason_params=arrived(payment)
        )
        return True
    if outgoing.state == AttemptState.OPEN:
        return _receiver_ended_it(payment, outgoing)
    if outgoing.state == AttemptState.UNKNOWN:
        # The order never existed, or can no longer arrive: a new one may be given.
        move(outgoing, AttemptState.FAILED, actor=ENGINE, reason="never_created")
        move(payment, PaymentState.APPROVED, actor=ENGINE, failures=0, polls=0, retry_at=None)
        return True
    if payment.held:
        _ask_payer_again(payment)
        return True
    move(payment, PaymentState.FAILED, actor=ENGINE, reason="payment_failed")
    return True


def _is_said_to_be_paid(payment: Payment) -> bool:
    return payment.outside_settlements.filter(withdrawn_at=None).exists()


def _receiver_ended_it(payment: Payment, outgoing: OutgoingPayment) -> bool:
    """Its wallet completed the incoming payment, or let it expire, with nothing in it, while the payer's has the order.

    Where the payer's wallet says that it sent something, a person must find out where that is.
    """
    if payment.state == PaymentState.NEEDS_ATTENTION:
        return False
    if outgoing.sent_value:
        move(payment, PaymentState.NEEDS_ATTENTION, actor=ENGINE, reason="sent_not_received")
        return True
    move(outgoing, AttemptState.FENCED, actor=ENGINE, reason="fenced")
    if payment.held:
        _ask_payer_again(payment)
    else:
        move(payment, PaymentState.FAILED, actor=ENGINE, reason="receiver_ended_it")
    return True


def _ask_payer_again(payment: Payment) -> None:
    """Approved long ago: the balance may have gone since, and the payer can put that right."""
    again: dict[str, Any] = {"failures": 0, "polls": 0, "retry_at": None, "blocked_by": Block.COULD_NOT_SEND}
    move(payment, PaymentState.APPROVED, actor=ENGINE, reason="payment_failed", **again)


def _decided(payment: Payment, outgoing: OutgoingPayment) -> None:
    """What a person decided, now that it is safe: the old order can bring nothing any more."""
    if outgoing.state in (AttemptState.OPEN, AttemptState.UNKNOWN):
        move(outgoing, AttemptState.FENCED, actor=ENGINE, reason="fenced")
    again: dict[str, Any] = {"failures": 0, "polls": 0, "retry_at": None, "decision": "", "owner": None}
    match Decision(payment.decision):
        case Decision.START_ANEW if payment.received_value:
            # A part arrived after all, before the receiver's side was closed: the whole must not be sent again, and
            # whoever decided did not know.
            Payment.objects.filter(pk=payment.pk).update(
                decision="", reason="partly_arrived", reason_params=arrived(payment)
            )
            record("payment.undecided", actor=ENGINE, subjects=subjects_of(payment), data=facts(payment))
        case Decision.START_ANEW:
            move(payment, PaymentState.APPROVED, actor=ENGINE, **again)
        case Decision.OUTSIDE:
            move(payment, PaymentState.SETTLED_OUTSIDE, actor=ENGINE, settled_at=clock.now())
            # The receiver is told, too: whoever was not paid after all will say so.
            queue_message(Template.PAID, request=payment.request, payment=payment, occasion=f"outside:{payment.pk}")
        case Decision.GIVE_UP:
            move(payment, PaymentState.FAILED, actor=ENGINE, reason="given_up")
        case never:
            assert_never(never)
