"""A standing budget that was approved: its approval is kept alive until the last period, or somebody, ends it."""

from datetime import datetime

from ledger.api import Actor
from payments.engine.leases import wake
from payments.engine.planning.quote_path import Plan
from payments.engine.planning.watching import has_token
from payments.engine.steps.access import PollSpentAmounts
from payments.engine.steps.base import ENGINE
from payments.engine.transitions import move
from payments.mail.queue import queue_message
from payments.models import PaymentRequest, StandingBudget
from payments.models.messages import Template
from payments.states import GrantState, RequestState
from payments.tokens import KEEP_ALIVE


def plan(request: PaymentRequest, budget: StandingBudget, now: datetime) -> Plan:
    plan = Plan()
    grant = budget.grant
    if grant is None or grant.state != GrantState.ACTIVE:
        end(request, RequestState.CANCELLED, "budget_ended_at_wallet", actor=ENGINE, now=now)
        plan.moved = True
        return plan
    if now >= budget.ends_at:
        end(request, RequestState.EXPIRED, "budget_over", actor=ENGINE, now=now)
        plan.moved = True
        return plan
    plan.wake(budget.ends_at)
    rotates_at = grant.token_expires_at and grant.token_expires_at + KEEP_ALIVE
    if rotates_at and rotates_at > now and not grant.asks_spent:
        plan.wake(rotates_at)
    elif has_token(plan, request, grant, now) and grant.asks_spent:
        plan.steps.append(PollSpentAmounts.plan(request, grant))
    return plan


def end(request: PaymentRequest, to: RequestState, reason: str, *, actor: Actor, now: datetime) -> None:
    """Nothing is paid from it any more; the funder is told, and what was not ordered yet goes back to staff."""
    move(request, to, actor=actor, reason=reason, finished_at=now, payer_asked_at=None)
    queue_message(Template.BUDGET_OVER, request=request, occasion=f"over:{request.pk}")
    wake_draws(request.standing_budget)


def wake_draws(budget: StandingBudget) -> None:
    """Have every draw looked at that is not over. Whoever does has locked the budget's request, and no row below it."""
    for drawn in budget.drawn_requests.filter(state=RequestState.APPROVED).order_by("pk"):
        wake(drawn.pk)
