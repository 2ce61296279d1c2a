"""Of what the payer approved: what was ordered, and the rest that they are asked for again."""

from collections.abc import Sequence
from typing import Any

from ledger.api import Actor, record
from payments.engine.transitions import facts, subjects_of
from payments.models import Payment, PaymentRequest
from payments.models.attempts import counted_outgoing_payment, debit_of, latest_quote
from payments.states import DEAD_PAYMENTS, UNSENT


def remaining_of(request: PaymentRequest, payments: Sequence[Payment]) -> dict[str, Any]:
    """The columns of `request` that say, from now on, how much was ordered and what may still be.

    The ceiling stays the most that the payer pays in all; without those who will not be paid any more, it shrinks to
    what the others need. When they need more than that, it is proposed to the payer.
    """
    outgoing_payments = [outgoing for payment in payments if (outgoing := counted_outgoing_payment(payment))]
    committed = sum(outgoing.quote.debit_value or 0 for outgoing in outgoing_payments)
    unsent = [(payment, latest_quote(payment)) for payment in payments if payment.state in UNSENT]
    total = committed + sum(debit_of(payment, quote) for payment, quote in unsent if quote)
    ceiling = request.ceiling_debit or 0
    dead = any(payment.state in DEAD_PAYMENTS for payment in payments)
    return {
        "committed_debit": committed,
        "ceiling_debit": min(ceiling, total) if dead else ceiling,
        "proposed_debit": total if total > ceiling else None,
    }


def note_remaining(request: PaymentRequest, payments: Sequence[Payment], actor: Actor) -> None:
    """Reckon anew what the payer of a request that keeps its state is asked for."""
    remaining = remaining_of(request, payments)
    if all(getattr(request, column) == value for column, value in remaining.items()):
        return
    PaymentRequest.objects.filter(pk=request.pk).update(**remaining)
    for column, value in remaining.items():
        setattr(request, column, value)
    record("request.reckoned", actor=actor, subjects=subjects_of(request), data=facts(request))
