"""Payments that need attention, each brought there by its wallets alone."""

from collections.abc import Callable

from payments.engine.advance import advance
from payments.models import Payment, PaymentRequest
from payments.states import PaymentState, RequestState
from tests.driver import Stage

#: Longer than tests wait until a person is told; the incoming payments are still open then.
A_WHILE = 2 * 3600
LONG = 30 * 86400
ROUNDS = 60
ROUND_SECONDS = 0.3
SECONDS_PASS = 15
LITTLE = 5_00
AMOUNT, PART = 100_00, 40_00


def not_settled(stage: Stage) -> Payment:
    """The payer's balance is too low, so the order waits at their wallet for ever."""
    payment = _waiting_for_balance(stage)
    stage.later(A_WHILE)
    return until(stage, payment, PaymentState.NEEDS_ATTENTION)


def partly_arrived(stage: Stage) -> Payment:
    """A part arrives; then the payer's wallet cancels."""
    payment = _waiting_for_balance(stage)
    assert stage.sandbox.pay_in(payment.incoming_payments.get().remote_id, PART) == PART
    stage.sandbox.cancel(payment.outgoing_payments.get().remote_id)
    return until(stage, payment, PaymentState.NEEDS_ATTENTION)


def cannot_be_fenced(stage: Stage) -> Payment:
    """The payer's wallet doesn't say what became of the order, and the receiver's doesn't close its side."""
    request = stage.approved()
    for operation in ("create-outgoing-payment", "list-outgoing-payments", "complete-incoming-payment"):
        stage.sandbox.faults({"match": {"operation": operation}, "do": "500-before", "times": None})
    payment = until(stage, stage.payment(request), PaymentState.UNKNOWN)
    stage.later(A_WHILE)
    return until(stage, payment, PaymentState.NEEDS_ATTENTION)


TROUBLES: dict[str, Callable[[Stage], Payment]] = {
    "not_settled": not_settled,
    "partly_arrived": partly_arrived,
    "cannot_be_fenced": cannot_be_fenced,
}


def recover(stage: Stage) -> None:
    """The wallets work again, and the payer has money."""
    stage.sandbox.clear_faults()
    stage.sandbox.set_balance("sol", 1_000_000)


def until(stage: Stage, payment: Payment, *states: PaymentState) -> Payment:
    """Work on the payment until it is in one of `states`, while time passes."""
    for _ in range(ROUNDS):
        payment.refresh_from_db()
        if payment.state in states:
            return payment
        advance(payment.request_id, ROUND_SECONDS)
        stage.later(SECONDS_PASS)
    raise AssertionError(f"{payment.state} ({payment.reason}), not {' or '.join(states)}")


def looked_at(payment: Payment) -> Payment:
    """The payment after the engine had its turn."""
    advance(payment.request_id, 1)
    payment.refresh_from_db()
    return payment


def until_over(stage: Stage, payment: Payment) -> PaymentRequest:
    """Work on it until it has ended; the payer approves once more when they are asked to."""
    for _ in range(ROUNDS):
        stage.later(SECONDS_PASS)
        request = advance(payment.request_id, ROUND_SECONDS)
        if request.state == RequestState.AWAITING_APPROVAL:
            accepted = request.proposed_debit or request.ceiling_debit
            stage.approve(request, accepted)
        if not request.is_open:
            payment.refresh_from_db()
            return request
    raise AssertionError(f"{request.state}, {Payment.objects.get(pk=payment.pk).state}")


def _waiting_for_balance(stage: Stage) -> Payment:
    # Wallets that let quotes run out cancel what could not be paid by then; this one waits.
    stage.sandbox.settings(quoteSeconds=LONG)
    request = stage.approved()
    stage.sandbox.set_balance("sol", LITTLE)
    return until(stage, stage.payment(request), PaymentState.SENT)
