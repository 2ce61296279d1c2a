"""Approve now, pay when the work is accepted: releasing a held payment, or calling it off. No network here."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django_q.tasks import async_task

from ledger import clock
from ledger.api import Actor, record
from payments.actions.requests import ADVANCE_TASK, lock_request
from payments.engine.close_request import finish, nothing_left_to_ask
from payments.engine.remaining import note_remaining
from payments.engine.transitions import move
from payments.models import Payment, PaymentRequest
from payments.models.requests import RemainingEnd
from payments.presentation.reasons import Refusal
from payments.states import DEAD_PAYMENTS, FINISHED_PAYMENTS, UNSENT, PaymentState, RequestState


@transaction.atomic
def release(payment_id: str, *, by: User | None) -> Payment:
    """The work is accepted: the payment is sent under the approval, or as soon as the payer has given it.

    `by` is None when a rule decided, not a person. Once is enough: releasing again changes nothing. Raises Refusal for
    a payment that is not held, or that failed or was cancelled.
    """
    payment, _request = _lock_payment(payment_id)
    if payment.state in DEAD_PAYMENTS:
        raise Refusal("held_over", state=str(PaymentState(payment.state).label))
    if payment.released_at is None:
        now = clock.now()
        # What went wrong while it waited no longer matters.
        columns: dict[str, Any] = {"failures": 0, "retry_at": None, "reason": "", "reason_params": {}, "blocked_by": ""}
        Payment.objects.filter(pk=payment.pk).update(released_at=now, **columns)
        payment.released_at = now
        subjects = {"payment": payment.pk, "request": payment.request_id}
        record("payment.released", actor=_actor(by), subjects=subjects, data={"amount": dict(payment.amount.to_wire())})
        async_task(ADVANCE_TASK, payment.request_id)
    return payment


@transaction.atomic
def cancel(payment_id: str, *, by: User | None) -> Payment:
    """The work was not accepted, or the job is off: nothing will be sent for this payment. The others go on.

    Cancelling again changes nothing. Raises Refusal for a payment that is not held, that was released, or that ended.
    The payer is told when nothing of the request remains.
    """
    payment, request = _lock_payment(payment_id)
    if payment.state == PaymentState.CANCELLED:
        return payment
    if payment.released_at is not None:
        raise Refusal("held_released")
    if payment.state not in UNSENT:
        raise Refusal("held_over", state=str(PaymentState(payment.state).label))
    move(payment, PaymentState.CANCELLED, actor=_actor(by))
    _without(request, _actor(by))
    async_task(ADVANCE_TASK, request.pk)
    return payment


def _lock_payment(payment_id: str) -> tuple[Payment, PaymentRequest]:
    """The payment and its request, which is locked until the transaction ends. Raises Refusal if it is not held."""
    request = lock_request(Payment.objects.values_list("request_id", flat=True).get(pk=payment_id))
    payment = Payment.objects.select_related("receiver_wallet").get(pk=payment_id)
    if not payment.held:
        raise Refusal("not_held")
    return payment, request


def _without(request: PaymentRequest, actor: Actor) -> None:
    """One payment less: what the payer is asked for shrinks with it, and the request ends with the last one."""
    payments = list(request.payments.prefetch_related("quotes", "outgoing_payments__quote"))
    asks = request.state in {RequestState.QUOTED, RequestState.AWAITING_AUTHORISATION, RequestState.AWAITING_APPROVAL}
    if all(payment.state in FINISHED_PAYMENTS for payment in payments):
        finish(request, payments, actor)
    elif asks and not any(payment.state in UNSENT for payment in payments):
        nothing_left_to_ask(request, payments, RemainingEnd.CANCELLED)
    elif asks:
        note_remaining(request, payments, actor)


def _actor(by: User | None) -> Actor:
    return Actor.staff(by.pk) if by else Actor.system("engine")
