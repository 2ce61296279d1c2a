"""What was ordered: found out, and looked at until the receiver's wallet has the money."""

from datetime import datetime, timedelta
from typing import assert_never

from payments.engine.backoff import next_poll
from payments.engine.evidence import is_closed
from payments.engine.leases import lease_grant
from payments.engine.planning.quote_path import AccessGrants, Plan
from payments.engine.planning.settling import settle_if_received, stop_or_settle
from payments.engine.steps.base import ENGINE
from payments.engine.steps.receiving import CompleteIncomingPayment, PollIncomingPayment
from payments.engine.steps.rotate_token import RotateToken
from payments.engine.steps.sending import FindOutgoingPayment, PollOutgoingPayment, note_unknown
from payments.engine.transitions import move
from payments.models import Grant, OutgoingPayment, Payment, PaymentRequest
from payments.models.attempts import outgoing_payments_of
from payments.models.grants import GrantKind
from payments.states import AttemptState, GrantState, PaymentState
from payments.tokens import token_is_fresh

UNKNOWN_DEADLINE = timedelta(hours=24)
UNSETTLED_DEADLINE = timedelta(hours=24)
#: So many looks in the payer's list, then the fence decides.
POLLS_BEFORE_FENCE = 4
#: A healthy payment has settled by then; only after that is the payer's side asked too.
POLLS_OF_RECEIVER_ALONE = 3
#: Another request renews the token of an approval that both are paid under: soon it is there.
SOON = timedelta(seconds=1)
LIVE = (AttemptState.INTENDED, AttemptState.UNKNOWN, AttemptState.OPEN)


def watch(plan: Plan, access: AccessGrants, payment: Payment) -> None:
    """The next look at `payment`, if it was ordered and is not over."""
    match PaymentState(payment.state):
        case PaymentState.SENDING:
            # Whoever gave the order died before the answer came: the outcome is unknown.
            note_unknown(_live_outgoing_payment(payment), "answer_never_came", {})
            plan.moved = True
        case PaymentState.UNKNOWN:
            _find_out(plan, access, payment)
        case PaymentState.SENT | PaymentState.NEEDS_ATTENTION:
            _watch(plan, access, payment)
        case (
            PaymentState.NEW
            | PaymentState.QUOTED
            | PaymentState.APPROVED
            | PaymentState.SETTLED
            | PaymentState.SETTLED_OUTSIDE
            | PaymentState.FAILED
            | PaymentState.CANCELLED
        ):
            pass  # nothing is ordered that is still open
        case never:
            assert_never(never)


def _live_outgoing_payment(payment: Payment) -> OutgoingPayment:
    return next(outgoing for outgoing in outgoing_payments_of(payment) if outgoing.state in LIVE)


def is_due(plan: Plan, payment: Payment, now: datetime) -> bool:
    if payment.retry_at and payment.retry_at > now:
        plan.wake(payment.retry_at)
        return False
    return True


def has_token(plan: Plan, request: PaymentRequest, grant: Grant, now: datetime) -> bool:
    """True with a token that lives; otherwise the plan rotates it, once for all payments under this approval."""
    if token_is_fresh(grant, now):
        return True
    if grant.retry_at and grant.retry_at > now:
        plan.wake(grant.retry_at)
    elif not any(isinstance(step, RotateToken) and step.grant_id == grant.pk for step in plan.steps):
        if lease_grant(grant):
            plan.steps.append(RotateToken.plan(request, grant))
        else:
            plan.wake(now + SOON)
    return False


def _find_out(plan: Plan, access: AccessGrants, payment: Payment) -> None:
    """The outcome of the order is unknown: look in the payer's list, then close the receiver's side and read it."""
    request, now = access.request, access.now
    outgoing = _live_outgoing_payment(payment)
    if settle_if_received(payment, outgoing):
        plan.moved = True
        return
    if not is_due(plan, payment, now):
        return
    if is_closed(outgoing.quote.incoming):
        stop_or_settle(payment, outgoing)
        plan.moved = True
    elif now > outgoing.changed_at + UNKNOWN_DEADLINE:
        move(payment, PaymentState.NEEDS_ATTENTION, actor=ENGINE, reason="cannot_be_fenced")
        plan.moved = True
    elif payment.polls < POLLS_BEFORE_FENCE and outgoing.grant.state == GrantState.ACTIVE:
        if has_token(plan, request, outgoing.grant, now):
            plan.steps.append(FindOutgoingPayment.plan(request, outgoing))
    else:
        _receiver_step(plan, access, payment, outgoing, CompleteIncomingPayment)


def _receiver_step(
    plan: Plan, access: AccessGrants, payment: Payment, outgoing: OutgoingPayment, step: type[PollIncomingPayment]
) -> None:
    grant = access.to(GrantKind.INCOMING, payment.receiver_wallet, payment)
    if grant is None:
        access.ask(plan, payment, GrantKind.INCOMING, payment.receiver_wallet)
        return
    incoming = outgoing.quote.incoming
    incoming.payment = payment
    plan.steps.append(step.plan(access.request, incoming, grant))


def _watch(plan: Plan, access: AccessGrants, payment: Payment) -> None:
    """Sent: look at the receiver's side until it is there; at the payer's too, in case it gave up."""
    now = access.now
    if not (orders := outgoing_payments_of(payment)):
        return  # somebody else paid, late: a person takes note of it
    outgoing = orders[-1]
    if settle_if_received(payment, outgoing):
        plan.moved = True
        return
    if not is_due(plan, payment, now):
        return
    incoming = outgoing.quote.incoming
    over = outgoing.state in (AttemptState.FAILED, AttemptState.FENCED) or payment.decision
    if is_closed(incoming) and stop_or_settle(payment, outgoing):
        plan.moved = True
        return
    overdue = payment.sent_at and now > payment.sent_at + UNSETTLED_DEADLINE
    if payment.state == PaymentState.SENT and overdue:
        move(payment, PaymentState.NEEDS_ATTENTION, actor=ENGINE, reason="not_settled")
        plan.moved = True
        return
    is_known = outgoing.state == AttemptState.OPEN and outgoing.grant.state == GrantState.ACTIVE
    asks_payer = is_known and (payment.polls >= POLLS_OF_RECEIVER_ALONE or incoming.over_at is not None)
    if _fetches_access(plan, access, payment, outgoing, asks_payer=asks_payer):
        # Looks grow rarer than tokens live: what is fetched now is used now, not at the next look.
        return
    if not is_closed(incoming):
        _receiver_step(plan, access, payment, outgoing, CompleteIncomingPayment if over else PollIncomingPayment)
    if asks_payer and token_is_fresh(outgoing.grant, now):
        plan.steps.append(PollOutgoingPayment.plan(access.request, outgoing))
    later = next_poll(payment.polls)
    Payment.objects.filter(pk=payment.pk).update(polls=payment.polls + 1, retry_at=later)
    plan.wake(later)


def _fetches_access(
    plan: Plan, access: AccessGrants, payment: Payment, outgoing: OutgoingPayment, *, asks_payer: bool
) -> bool:
    """Whether a token must come before the wallets can be looked at; its step is then in the plan."""
    fetches = False
    reads = not is_closed(outgoing.quote.incoming)
    if reads and access.to(GrantKind.INCOMING, payment.receiver_wallet, payment) is None:
        access.ask(plan, payment, GrantKind.INCOMING, payment.receiver_wallet)
        fetches = True
    if asks_payer and not has_token(plan, access.request, outgoing.grant, access.now):
        # One that can't be had for now holds up nothing: the receiver's side decides.
        fetches |= any(isinstance(step, RotateToken) and step.grant_id == outgoing.grant_id for step in plan.steps)
    return fetches
