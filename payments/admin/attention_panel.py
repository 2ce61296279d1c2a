"""What the page of a payment tells while it needs attention, and afterwards of how it was resolved. Only reads."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from payments.models import OutsideSettlement, Payment
from payments.models.payments import Block
from payments.presentation.attention_text import explain, missing
from payments.presentation.next_step import attention_step
from payments.states import ARRIVED, PaymentState


def claim_of(payment: Payment) -> OutsideSettlement | None:
    """The report of an outside settlement that stands, confirmed or not. Reads `outside_settlements`."""
    return next((claim for claim in payment.outside_settlements.all() if claim.withdrawn_at is None), None)


def panel(payment: Payment) -> dict[str, Any] | None:
    """The context of `payment/attention.html`; None when nothing was ever to be decided about this payment."""
    claims = list(payment.outside_settlements.all())
    needs_attention = payment.state == PaymentState.NEEDS_ATTENTION
    if not needs_attention and not claims:
        return None
    claim = claim_of(payment)
    return {
        "payment": payment,
        "needs_attention": needs_attention,
        "explanation": explain(payment) if needs_attention else None,
        "step": attention_step(payment, claim) if needs_attention else None,
        "missing": missing(payment),
        "claims": claims,
        # Somebody paid outside, and then the wallets brought the money as well.
        "twice": payment.state in ARRIVED and claim is not None,
    }


def offered(payment: Payment, by: User | AnonymousUser) -> list[str]:
    """Which actions fit now, for this person; `payments.actions.attention` decides again."""
    if payment.blocked_by == Block.WARNING:
        return ["override_warning"]
    if payment.state != PaymentState.NEEDS_ATTENTION:
        claim = claim_of(payment)
        return ["withdraw_outside"] if claim and claim.confirmed_at is None else []
    names = ["look_again"]
    if payment.owner_id != by.pk:
        names.append("take_over")
    if payment.late_at:
        return [*names, "take_note"]
    if payment.decision:
        return names
    claim = claim_of(payment)
    if claim:
        return (
            [*names, "withdraw_outside"]
            if claim.claimed_by_id == by.pk
            else [*names, "confirm_outside", "withdraw_outside"]
        )
    if not payment.received_value:
        names.append("start_anew")
    return [*names, "report_outside", "give_up"]
