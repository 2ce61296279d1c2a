"""What a payment request needs next, decided from its rows alone: no network, in one transaction.

`plan(request, now)` may move states that need no wallet; it writes down the intent of each step that it returns.
"""

from datetime import datetime
from typing import assert_never

from payments.engine.planning import approval, cleaning, keep_budget, paying, quoting
from payments.engine.planning.quote_path import Plan, mark_unanswered
from payments.models import PaymentRequest
from payments.models.standing_budgets import budget_of
from payments.states import RequestState


def plan(request: PaymentRequest, now: datetime) -> Plan:
    match RequestState(request.state):
        case RequestState.QUOTING:
            return quoting.plan(request, now)
        case RequestState.QUOTED | RequestState.AWAITING_AUTHORISATION | RequestState.AWAITING_APPROVAL:
            return approval.plan(request, now)
        case RequestState.APPROVED:
            budget = budget_of(request)
            return keep_budget.plan(request, budget, now) if budget else paying.plan(request, now)
        case (
            RequestState.SETTLED
            | RequestState.SETTLED_IN_PART
            | RequestState.SETTLED_OUTSIDE
            | RequestState.FAILED
            | RequestState.DECLINED
            | RequestState.CANCELLED
            | RequestState.EXPIRED
        ):
            return cleaning.plan(request, now)
        case never:
            assert_never(never)


__all__ = ["Plan", "mark_unanswered", "plan"]
