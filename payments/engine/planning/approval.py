"""While the request waits for people: expiry, the payer's wallet page, and collecting the approval."""

from datetime import datetime, timedelta

from ledger.api import record
from payments import pauses
from payments.authorisation import Because, why_second_person
from payments.engine.close_request import end_unsent, nothing_left_to_ask
from payments.engine.planning.cleaning import cancel_grants
from payments.engine.planning.quote_path import AccessGrants, Plan, hosts_of, quote_or_step
from payments.engine.planning.watching import watch
from payments.engine.queries import add_outgoing_payments, add_quotes, approvals_of, payments_of
from payments.engine.remaining import note_remaining
from payments.engine.second_person import to_second_person
from payments.engine.steps.approving import ContinueGrant, RequestApprovalGrant, ask_again
from payments.engine.steps.base import ENGINE, PATIENCE, stop_asking
from payments.engine.transitions import move
from payments.models import Grant, Payment, PaymentRequest, Quote
from payments.models.attempts import debit_of, latest_quote
from payments.models.standing_budgets import BEFORE_THE_END, budget_of
from payments.openpayments.amounts import LARGEST_VALUE
from payments.states import IN_FLIGHT, GrantState, PaymentState, RequestState

#: The payer pressed "approve" this long ago and left: their wallet's page is no longer worth preparing.
PAYER_PATIENCE = timedelta(minutes=5)
#: So long after the wallet's page an approval is collected, if its wallet is away or busy.
COLLECTED_FOR = timedelta(hours=24)
INTERACTIONS = (GrantState.PENDING, GrantState.RETURNED, GrantState.CONTINUING)
#: Sent to the payer before, perhaps: something may have been ordered, and grants may have to go back.
ASKED = (RequestState.AWAITING_AUTHORISATION, RequestState.AWAITING_APPROVAL)


def plan(request: PaymentRequest, now: datetime) -> Plan:
    plan = Plan()
    grants = _approvals(request) if request.state in ASKED else []
    if _collect(plan, request, grants, now):
        return plan
    if now >= request.expires_at:
        expire(request)
        plan.moved = True
        return plan
    plan.wake(request.expires_at)
    if request.state == RequestState.AWAITING_APPROVAL and (because := why_second_person(request)):
        _to_second_person(request, grants, because)
        plan.moved = True
        return plan
    if request.state in ASKED:
        cancel_grants(plan, request, grants, now)
        if request.payer_asked_at:
            if not plan.steps:
                _prepare(plan, request, grants, request.payer_asked_at, now)
        elif request.approved_at:
            # Not between the press and the wallet's page: the payer approves what they were shown.
            _watch_committed(plan, request, now)
    return plan


def _watch_committed(plan: Plan, request: PaymentRequest, now: datetime) -> None:
    """What was ordered before the payer was asked again goes on; what comes of it changes what they are asked for."""
    payments = [payment for payment in payments_of(request) if payment.state in IN_FLIGHT | {PaymentState.APPROVED}]
    if not payments:
        return
    add_outgoing_payments(request, payments)
    add_quotes(request, payments)
    access = AccessGrants(request, now)
    for payment in payments:
        if payment.state != PaymentState.APPROVED:
            watch(plan, access, payment)
        if payment.state == PaymentState.APPROVED:
            # It is sent anew, and needs an approval like the others.
            move(payment, PaymentState.QUOTED, actor=ENGINE, grant=None, failures=0, retry_at=None)
            plan.moved = True
    if plan.moved:
        everybody = payments_of(request)
        add_outgoing_payments(request, everybody)
        add_quotes(request, everybody)
        note_remaining(request, everybody, ENGINE)


def _to_second_person(request: PaymentRequest, grants: list[Grant], because: list[Because]) -> None:
    """It grew above what was authorised: the payer is asked once somebody has agreed, and approves nothing before."""
    for grant in grants:
        if grant.state == GrantState.PENDING:
            move(grant, GrantState.CANCELLING, actor=ENGINE, reason="needs_authorisation")
    to_second_person(request, because, actor=ENGINE, reason="needs_authorisation", payer_asked_at=None)


def expire(request: PaymentRequest) -> None:
    end_unsent(request, list(request.payments.all()), RequestState.EXPIRED, actor=ENGINE)


def _approvals(request: PaymentRequest) -> list[Grant]:
    """Those that the payer is asked for, or that go back to the wallet."""
    asked = {*INTERACTIONS, GrantState.CANCELLING}
    return [grant for grant in approvals_of(request) if grant.state in asked]


def _collect(plan: Plan, request: PaymentRequest, grants: list[Grant], now: datetime) -> bool:
    """Collect an approval whose payer came back; True while one is being collected."""
    for grant in grants:
        is_late = grant.state == GrantState.RETURNED and now > _collected_until(grant)
        if grant.state == GrantState.CONTINUING or is_late:
            # Its answer never reached us, and it can be given only once; or never came.
            move(grant, GrantState.CANCELLING, actor=ENGINE, reason="approval_lost")
            if now < request.expires_at:
                ask_again(request, grant, "approval_lost")
            plan.moved = True
            return True
        if grant.state == GrantState.RETURNED:
            if grant.wait_until and grant.wait_until > now:
                plan.wake(grant.wait_until)
            else:
                plan.steps.append(ContinueGrant.plan(request, grant))
            return True
    return False


def _collected_until(grant: Grant) -> datetime:
    """A wallet that is still busy with it by then, or away, has lost it: every wait has an end."""
    assert grant.interaction_expires_at, "the wallet showed its page"
    return grant.interaction_expires_at + COLLECTED_FOR


def _prepare(plan: Plan, request: PaymentRequest, grants: list[Grant], asked_at: datetime, now: datetime) -> None:
    """The payer waits for their wallet's page: quote afresh, then ask the wallet."""
    if request.retry_at and request.retry_at > now:
        plan.wake(request.retry_at)
        return
    if now > asked_at + PAYER_PATIENCE:
        stop_asking(request.pk, "wallet_gave_up", {})
        plan.moved = True
        return
    for grant in grants:
        if grant.state not in INTERACTIONS:
            continue
        if grant.created_at >= asked_at:
            # Made while the payer pressed twice: the first page serves both.
            PaymentRequest.objects.filter(pk=request.pk).update(payer_asked_at=None)
        else:
            move(grant, GrantState.CANCELLING, actor=ENGINE)
        plan.moved = True
        return
    budget = budget_of(request)
    if budget and now >= budget.ends_at - BEFORE_THE_END:
        expire(request)
        plan.moved = True
        return
    payments = _payments(request)
    if not payments and not budget:
        nothing_left_to_ask(request, list(request.payments.all()))
        plan.moved = True
        return
    if pause := pauses.blocking(request.seller_id, hosts_of(request, payments)):
        stop_asking(request.pk, "paused", {"why": {"code": pause.reason}})
        plan.moved = True
        return
    if budget:
        plan.steps.append(RequestApprovalGrant.plan(request))
        return
    access = AccessGrants(request, now)
    tried = [payment for payment in payments if not payment.waits_for_release]
    if tried and all(map(_is_out_of_reach, tried)):
        _nobody_in_reach(plan, request, tried)
        return
    quotes = [_quote(plan, access, payment, asked_at) for payment in payments]
    ready = [quote for quote in quotes if quote is not None]
    if len(ready) == len(quotes) and not plan.steps:
        _ask_wallet(plan, request, ready)


def _is_out_of_reach(payment: Payment) -> bool:
    """Since the payer pressed, its wallet could not be brought to quote it afresh."""
    return payment.failures >= PATIENCE


def _nobody_in_reach(plan: Plan, request: PaymentRequest, payments: list[Payment]) -> None:
    stop_asking(request.pk, payments[0].reason, payments[0].reason_params)
    Payment.objects.filter(pk__in=[payment.pk for payment in payments]).update(failures=0, retry_at=None)
    plan.moved = True


def _quote(plan: Plan, access: AccessGrants, payment: Payment, asked_at: datetime) -> Quote | None:
    """A fresh quote; the last one for who is not paid yet.

    One receiver whose wallet is down now does not keep the payer from approving for all.
    """
    if payment.waits_for_release or _is_out_of_reach(payment):
        return latest_quote(payment)
    return quote_or_step(plan, access, payment, since=asked_at)


def _payments(request: PaymentRequest) -> list[Payment]:
    quoted = [payment for payment in payments_of(request) if payment.state == PaymentState.QUOTED]
    add_quotes(request, quoted)
    return quoted


def _ask_wallet(plan: Plan, request: PaymentRequest, quotes: list[Quote]) -> None:
    ceiling = request.ceiling
    debits = [quote.debit for quote in quotes if quote.debit]
    assert ceiling, "the payer was shown an amount"
    if any(debit.asset != ceiling.asset for debit in debits):
        stop_asking(request.pk, "asset_changed", {})
        plan.moved = True
        return
    total = request.committed_debit + sum(debit_of(quote.payment, quote) for quote in quotes)
    if total > LARGEST_VALUE:
        stop_asking(request.pk, "sum_too_large", {})
        plan.moved = True
        return
    if total > ceiling.value:
        note_growth(request, total)
        plan.moved = True
        return
    plan.steps.append(RequestApprovalGrant.plan(request))


def note_growth(request: PaymentRequest, total: int) -> None:
    """It would cost more than the payer was shown: they see the new amount and decide again."""
    request.proposed_debit = total
    PaymentRequest.objects.filter(pk=request.pk).update(
        proposed_debit=total, payer_asked_at=None, reason="amount_grew", reason_params={}
    )
    assert request.ceiling
    assert request.proposed
    record(
        "request.amount_grew",
        actor=ENGINE,
        subjects={"request": request.pk},
        data={"ceiling": dict(request.ceiling.to_wire()), "debit": dict(request.proposed.to_wire())},
    )
