"""Paying from a standing budget: within the rules that staff set, and told to its payer."""

from collections.abc import Sequence
from datetime import datetime

from ledger import clock
from ledger.api import Actor, record
from payments.engine.budget_reservations import hindrance, reserve, wire
from payments.engine.transitions import move
from payments.mail.queue import queue_message
from payments.models import BudgetPeriod, Payment, PaymentRequest, StandingBudget
from payments.models.attempts import latest_quote
from payments.models.messages import Template
from payments.models.standing_budgets import BudgetState
from payments.presentation.dates import moment
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal
from payments.states import PaymentState, RequestState


def start(request: PaymentRequest, budget: StandingBudget, payments: Sequence[Payment], actor: Actor) -> None:
    """Pay the quoted `request` from `budget`, of which its payer is told. Raises Refusal; then nothing is reserved."""
    now = clock.now()
    check(request, budget, payments, now)
    period = budget.period_at(now)
    assert period and budget.grant, "an active budget has its approval, and a period"  # noqa: PT018
    for payment in payments:
        quote = latest_quote(payment)
        assert quote and quote.debit_value is not None, "a quoted payment has a debit"  # noqa: PT018
        if not reserve(payment, period, quote.debit_value):
            period.refresh_from_db()
            raise too_little_left(period)
        move(payment, PaymentState.APPROVED, actor=actor, grant=budget.grant, failures=0, retry_at=None)
    move(request, RequestState.APPROVED, actor=actor, budget=budget, approved_at=now, sent_at=now, failures=0)
    entry = record(
        "budget.drawn",
        actor=actor,
        subjects={"budget": budget.pk, "request": request.pk},
        data={"period": period.number, "amount": wire(request.ceiling_debit or 0, budget)},
    )
    queue_message(Template.BUDGET_DRAW, request=request, occasion=f"draw:{request.pk}:{entry.pk}")


def check(request: PaymentRequest, budget: StandingBudget, payments: Sequence[Payment], now: datetime) -> None:
    """The rules that staff set. Raises Refusal for what `budget` does not pay, now or ever."""
    if any(payment.held for payment in payments):
        raise Refusal("budget_held")
    if (request.asset_code, request.asset_scale) != (budget.asset_code, budget.asset_scale):
        raise Refusal("budget_of_another")
    check_budget(request, budget, now)
    if (request.ceiling_debit or 0) > budget.largest_value:
        raise Refusal("budget_too_large", largest=format_amount(budget.largest))


def check_budget(request: PaymentRequest, budget: StandingBudget, now: datetime) -> None:
    """Raises Refusal when `budget` is another's, or pays nothing at this moment. Nothing is said of the amount."""
    ours = (request.payer_wallet_id, request.seller_id)
    if ours != (budget.request.payer_wallet_id, budget.request.seller_id):
        raise Refusal("budget_of_another")
    if refusal := why_not(budget, now):
        raise refusal


def why_not(budget: StandingBudget, now: datetime) -> Refusal | None:
    """Why nothing is paid from `budget` at this moment."""
    if budget.state == BudgetState.STOPPED:
        return Refusal("budget_was_stopped")
    if budget.state == BudgetState.ENDED:
        return Refusal("budget_over")
    found = hindrance(budget, now)
    return Refusal(found.code, state=str(budget.state.label), until=moment(found.until)) if found else None


def too_little_left(period: BudgetPeriod) -> Refusal:
    return Refusal("budget_too_little_left", left=format_amount(period.left), until=moment(period.ends_at))
