"""After the end: approvals given back, unpaid incoming payments closed, so that nothing can move any more."""

from collections.abc import Iterable
from datetime import datetime

from payments.engine.planning.quote_path import AccessGrants, Plan
from payments.engine.queries import UNPAID, approvals_of
from payments.engine.steps.access import CancelGrant
from payments.engine.steps.base import ENGINE
from payments.engine.steps.receiving import CompleteIncomingPayment
from payments.engine.transitions import move
from payments.models import Grant, PaymentRequest
from payments.models.grants import GrantKind
from payments.states import GrantState


def plan(request: PaymentRequest, now: datetime) -> Plan:
    plan = Plan()
    grants = approvals_of(request)
    for grant in grants:
        if grant.state in (GrantState.PENDING, GrantState.RETURNED, GrantState.CONTINUING, GrantState.ACTIVE):
            move(grant, GrantState.CANCELLING, actor=ENGINE)
    cancel_grants(plan, request, grants, now)
    _close_unpaid(plan, request, now)
    return plan


def cancel_grants(plan: Plan, request: PaymentRequest, grants: Iterable[Grant], now: datetime) -> None:
    """Give those of `grants` back that are to go."""
    for grant in grants:
        if grant.state != GrantState.CANCELLING:
            continue
        if grant.retry_at and grant.retry_at > now:
            plan.wake(grant.retry_at)
        else:
            plan.steps.append(CancelGrant.plan(request, grant))


def _close_unpaid(plan: Plan, request: PaymentRequest, now: datetime) -> None:
    unpaid = UNPAID(request.pk, now)
    if not unpaid:
        return
    access = AccessGrants(request, now)
    for incoming in unpaid:
        assert incoming.payment
        not_before = [at for at in (incoming.retry_at, incoming.payment.retry_at) if at and at > now]
        if not_before:
            plan.wake(max(not_before))
        elif grant := access.to(GrantKind.INCOMING, incoming.wallet):
            plan.steps.append(CompleteIncomingPayment.plan(request, incoming, grant))
        else:
            access.ask(plan, incoming.payment, GrantKind.INCOMING, incoming.wallet)
