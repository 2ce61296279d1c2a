"""The platform's fee after it was approved: lowered when fewer workers are paid than the payer agreed to."""

from django.db import transaction

from ledger import clock
from ledger.api import Actor, record
from payments.actions.requests import lock_request
from payments.books.booking import book
from payments.engine.transitions import facts
from payments.models import Payment
from payments.openpayments.amounts import Amount
from payments.states import AttemptState, PaymentState

#: A place that may still receive the old amount.
LIVE = {AttemptState.INTENDED, AttemptState.OPEN, AttemptState.UNKNOWN}


@transaction.atomic
def lower(payment_id: str, amount: Amount, *, actor: Actor) -> bool:
    """Let an approved, held fee be `amount`, which is less. False while a place for the old amount is still open.

    Its place to receive and its quote are made when it is released, so nothing was ordered for the old amount.
    """
    lock_request(Payment.objects.only("request_id").get(pk=payment_id).request_id)
    payment = Payment.objects.get(pk=payment_id)
    assert payment.is_fee, "only a fee is ever lowered"
    waits = payment.state == PaymentState.APPROVED and payment.held and payment.released_at is None
    open_incoming_payments = payment.incoming_payments.filter(state__in=LIVE, over_at=None).exclude(
        expires_at__lt=clock.now()
    )
    if not waits or open_incoming_payments.exists():
        return False
    before, lowered = payment.amount, amount.rescaled(payment.asset_scale)
    assert lowered < before, "the payer agreed to no more"
    payment.value = lowered.value
    Payment.objects.filter(pk=payment.pk).update(value=lowered.value)
    record(
        "payment.lowered",
        actor=actor,
        subjects={"payment": payment.pk, "request": payment.request_id},
        data={**facts(payment), "before": {**before.to_wire()}},
    )
    book([payment.pk])
    return True
