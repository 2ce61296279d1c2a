"""After the end: approvals given back, unpaid incoming payments closed, so that nothing can move any more."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from payments.engine.planning.quote_path import AccessGrants, Plan
from payments.engine.queries import ORDERED, UNPAID, approvals_of
from payments.engine.steps.access import CancelGrant
from payments.engine.steps.base import ENGINE
from payments.engine.steps.receiving import CompleteIncomingPayment, PollIncomingPayment
from payments.engine.transitions import move
from payments.models import Grant, IncomingPayment, PaymentRequest
from payments.models.grants import GrantKind
from payments.states import GrantState

#: So long after the end the last look is taken at where money was to go, and so long it is tried, so often.
LATE = timedelta(days=1)
LATE_AGAIN = timedelta(hours=1)
GIVE_UP_READING = timedelta(days=7)


def plan(request: PaymentRequest, now: datetime) -> Plan:
    plan = Plan()
    grants = approvals_of(request)
    for grant in grants:
        if grant.state in (GrantState.PENDING, GrantState.RETURNED, GrantState.CONTINUING, GrantState.ACTIVE):
            move(grant, GrantState.CANCELLING, actor=ENGINE)
    cancel_grants(plan, request, grants, now)
    access = AccessGrants(request, now)
    _close_unpaid(plan, access)
    _read_late(plan, access)
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


def _close_unpaid(plan: Plan, access: AccessGrants) -> None:
    for incoming in UNPAID(access.request.pk, access.now):
        assert incoming.payment
        not_before = [at for at in (incoming.retry_at, incoming.payment.retry_at) if at and at > access.now]
        if not_before:
            plan.wake(max(not_before))
        else:
            _add(plan, access, incoming, CompleteIncomingPayment)


def _read_late(plan: Plan, access: AccessGrants) -> None:
    """Wherever money was ever to go is read once more, a while after all was over: some of it may have come late.

    A wallet that can't be read then is asked again, rarely, for a few days.
    """
    request, now = access.request, access.now
    over_at = request.finished_at or request.changed_at
    due = over_at + LATE
    for incoming in ORDERED(request.pk, due):
        assert incoming.payment
        looks_at = max(filter(None, [due, incoming.retry_at, incoming.payment.retry_at]))
        if now < looks_at:
            plan.wake(looks_at)
        elif now < due + GIVE_UP_READING and _add(plan, access, incoming, PollIncomingPayment):
            IncomingPayment.objects.filter(pk=incoming.pk).update(retry_at=now + LATE_AGAIN)


def _add(plan: Plan, access: AccessGrants, incoming: IncomingPayment, step: type[PollIncomingPayment]) -> bool:
    """Whether `step` is in the plan; otherwise a token for it is."""
    assert incoming.payment
    grant = access.to(GrantKind.INCOMING, incoming.wallet, incoming.payment)
    if grant is None:
        access.ask(plan, incoming.payment, GrantKind.INCOMING, incoming.wallet)
        return False
    plan.steps.append(step.plan(access.request, incoming, grant))
    return True
