"""How many payments of each way arrived: a run in which a way never reaches money would prove nothing of it."""

from collections import Counter

from payments.models import Payment, StandingBudget
from payments.models.payments import Purpose
from payments.states import PaymentState

ALL = ("worker", "held", "payer fixes", "fee", "draw", "escrow", "payout", "refund", "refund by us")


def settled() -> dict[str, int]:
    payments = Payment.objects.filter(state=PaymentState.SETTLED).select_related("draw", "payout", "request")
    told = Counter(_way(payment) for payment in payments)
    told["budgets approved"] = StandingBudget.objects.exclude(grant=None).count()
    told["budgets drawn on twice"] = sum(
        drawn.filter(payments__state=PaymentState.SETTLED).count() > 1
        for drawn in (budget.drawn_requests for budget in StandingBudget.objects.all())
    )
    return dict(told)


def _way(payment: Payment) -> str:
    if payment.purpose == Purpose.REFUND:
        return "refund by us" if payment.request.two_people else "refund"
    if payment.purpose != Purpose.WORK:
        return str(payment.purpose)
    if hasattr(payment, "draw"):
        return "draw"
    if hasattr(payment, "payout"):
        return "payout"
    if payment.fixed_debit is not None:
        return "payer fixes"
    return "held" if payment.held else "worker"
