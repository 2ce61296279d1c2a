"""From approved to ordered: each payment once, within what the payer approved, in all and under each approval.

The switch, the limits and what was authorised are checked for each payment in the transaction that writes its outgoing
payment down.
"""

from collections import Counter
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from ledger.api import continues, record
from payments import limits, pauses
from payments.authorisation import needs_second_person, why_second_person
from payments.engine.budget_reservations import cover, hindrance, note_disagreement
from payments.engine.close_request import finish
from payments.engine.evidence import may_order
from payments.engine.planning.quote_path import AccessGrants, Plan, hosts_of, is_open, quote_or_step
from payments.engine.planning.quoting import receiver_problem
from payments.engine.planning.watching import has_token, is_due, watch
from payments.engine.queries import add_outgoing_payments, add_quotes, payments_of
from payments.engine.remaining import remaining_of
from payments.engine.second_person import to_second_person
from payments.engine.steps.access import PollSpentAmounts
from payments.engine.steps.approving import tell_again
from payments.engine.steps.base import ENGINE, note_failure
from payments.engine.steps.checking import CheckWallet
from payments.engine.steps.receiving import CompleteIncomingPayment
from payments.engine.steps.sending import CreateOutgoingPayment
from payments.engine.transitions import move, subjects_of
from payments.models import Grant, Payment, PaymentRequest, Quote
from payments.models.attempts import counted_outgoing_payment, incoming_payments_of, outgoing_payments_of
from payments.models.grants import GrantKind
from payments.models.pauses import PauseCause
from payments.models.payments import Block
from payments.models.requests import APPROVAL_LIFETIME
from payments.risk.warnings import RiskWarning, blocking
from payments.states import FINISHED_PAYMENTS, IN_FLIGHT, PAID, AttemptState, GrantState, PaymentState, RequestState
from payments.tokens import KEEP_ALIVE, token_is_fresh

#: Wallets that don't answer for this long need a person.
UNSENT_DEADLINE = timedelta(hours=24)
#: So many outgoing payments under one approval, the latest refused for good: its wallet won't take the next either.
MOST_REFUSED = 12
PAUSE_POLL = timedelta(seconds=60)
#: Until then it is not looked at again whether a warning still stops a payment; whoever overrides it wakes it at once.
WARNING_POLL = timedelta(minutes=10)
#: So many outgoing payments are written down by one plan, and called at once: a switch that is pressed meanwhile stops
#: all others.
WRITTEN_AT_ONCE = 8
HOLDS_UP = IN_FLIGHT - {PaymentState.NEEDS_ATTENTION}
#: After so many failures the place for a held payment's money is left to expire: nothing is ordered to it.
MOST_TRIES_TO_CLOSE = 8
#: Nobody is paid at such a wallet address; anything else that is wrong with one may be a matter of seconds.
GONE = {"wallet_not_found", "wallet_renamed"}
SPENT_IS_NEWS = timedelta(minutes=5)


class Round:
    """What one plan knows of a request, read once for all its payments; and what it has ordered so far."""

    def __init__(self, plan: Plan, request: PaymentRequest, now: datetime) -> None:
        self.plan = plan
        self.request = request
        self.now = now
        self.payments = _payments(request)
        self.access = AccessGrants(request, now)
        self.written = 0
        self.committed: Counter[str] = Counter()  # minor units by approval
        for payment in self.payments:
            if outgoing := counted_outgoing_payment(payment):
                self.committed[outgoing.grant_id] += outgoing.quote.debit_value or 0

    def fits(self, grant: Grant, quote: Quote) -> bool:
        """Within what the payer approved, in all and this time, with all that was ordered, in this plan too."""
        assert quote.debit
        if grant.limit is None or quote.debit.asset != grant.limit.asset:
            return False
        total = self.committed.total() + quote.debit.value
        if grant.interval:
            # Of a standing budget: its limit is kept by what is reserved in its period.
            return total <= (self.request.ceiling_debit or 0)
        under_this = self.committed[grant.pk] + quote.debit.value
        return total <= (self.request.ceiling_debit or 0) and under_this <= grant.limit.value

    def wants_spent(self, grant: Grant) -> bool:
        """Before an approval under which something was ordered is given up, its wallet is asked what was spent."""
        is_old = grant.spent_checked_at is None or grant.spent_checked_at < self.now - SPENT_IS_NEWS
        return bool(self.committed[grant.pk]) and is_old and token_is_fresh(grant, self.now)

    @property
    def is_full(self) -> bool:
        """The others are for the next plan, which looks at the switch anew."""
        return self.written == WRITTEN_AT_ONCE

    @cached_property
    def needs_second_person(self) -> bool:
        return needs_second_person(self.request)

    @cached_property
    def warned(self) -> dict[str, RiskWarning]:
        """By payment that is not ordered yet, a warning that nobody has overridden and that stops it."""
        unsent = [payment for payment in self.payments if payment.state == PaymentState.APPROVED]
        for payment in unsent:
            payment.request = self.request
        return blocking(unsent)

    @cached_property
    def is_our_database(self) -> bool:
        return continues()

    def send(self, payment: Payment, grant: Grant, quote: Quote) -> None:
        """Before all other steps, so that nothing is waited for between the last check and the call."""
        assert may_order(payment, quote.incoming), "money could arrive twice"
        self.committed[grant.pk] += quote.debit_value or 0
        self.plan.steps.insert(self.written, CreateOutgoingPayment.plan(self.request, payment, quote))
        self.written += 1


def _payments(request: PaymentRequest) -> list[Payment]:
    """With their orders; what came before an order is read only while one is still to be given."""
    payments = payments_of(request)
    add_outgoing_payments(request, payments)
    if any(payment.state == PaymentState.APPROVED for payment in payments):
        add_quotes(request, payments)
    return payments


def plan(request: PaymentRequest, now: datetime) -> Plan:
    plan = Plan()
    round_ = Round(plan, request, now)
    for payment in round_.payments:
        if payment.state == PaymentState.APPROVED:
            _send(round_, payment)
        else:
            watch(plan, round_.access, payment)
        if request.state != RequestState.APPROVED:
            return plan
    for grant in dict.fromkeys(payment.grant for payment in round_.payments if payment.grant):
        if grant.asks_spent and grant.state == GrantState.ACTIVE and has_token(plan, request, grant, now):
            plan.steps.append(PollSpentAmounts.plan(request, grant))
    if all(payment.state in FINISHED_PAYMENTS for payment in round_.payments):
        finish(request, round_.payments)
        plan.moved = True
    return plan


def _send(round_: Round, payment: Payment) -> None:
    plan, request, now = round_.plan, round_.request, round_.now
    grant = _approval(request, payment)
    if grant is None:
        _back_to_payer(round_, payment, "approval_ended")
        return
    if payment.waits_for_release:
        _hold(round_, payment, grant)
        return
    if payment.blocked_by == Block.COULD_NOT_SEND:
        _back_to_payer(round_, payment, "payment_failed")
        return
    if round_.is_full or not is_due(plan, payment, now):
        return
    if why := _paused(round_, payment):
        Payment.objects.filter(pk=payment.pk).update(reason="paused", reason_params={"why": {"code": why}})
        plan.wake(now + PAUSE_POLL)
        _keep_alive(round_, grant)
        return
    if payment.blocked_by != Block.OVER_LIMIT and _tried_enough(round_, payment, grant):
        # Nothing was sent: giving up is safe.
        move(payment, PaymentState.FAILED, actor=ENGINE, reason=payment.reason, reason_params=payment.reason_params)
        plan.moved = True
        return
    if payment.blocked_by == Block.OVER_LIMIT:
        _back_to_payer(round_, payment, _over_limit(grant))
        return
    if round_.needs_second_person:
        _back_to_payer(round_, payment, "needs_authorisation")
        return
    if limits.needs_proof(payment):
        params = {"name": payment.receiver_name, "wallet": payment.receiver_wallet.url}
        note_failure(payment, "wallet_unproven", params)
        plan.moved = True
        return
    if warning := round_.warned.get(payment.pk):
        _stop(round_, payment, warning)
        _keep_alive(round_, grant)
        return
    if payment.blocked_by == Block.WARNING:
        Payment.objects.filter(pk=payment.pk).update(blocked_by=Block.NOTHING, reason="", reason_params={})
    if grant.interval and _waits_for_budget(plan, payment, grant, now):
        return
    if not has_token(plan, request, grant, now) or _looks_at_receiver(plan, request, payment):
        return
    quote = quote_or_step(plan, round_.access, payment, since=None)
    if quote is None:
        return
    if not round_.fits(grant, quote):
        _back_to_payer(round_, payment, "amount_grew")
    elif grant.interval and not cover(payment, quote.debit_value or 0, now):
        _back_to_payer(round_, payment, "budget_does_not_cover")
    else:
        round_.send(payment, grant, quote)


def _stop(round_: Round, payment: Payment, warning: RiskWarning) -> None:
    """It stays approved, and is in the queue of what needs attention until somebody overrides the warning.

    It goes on by itself when the warning is no longer so, or no longer blocks.
    """
    round_.plan.wake(round_.now + WARNING_POLL)
    told = {"warnings": {"code": warning.check.sentence_code, "params": dict(warning.figures)}}
    columns: dict[str, Any] = {"blocked_by": Block.WARNING, "reason": "warning_stops", "reason_params": told}
    if payment.blocked_by != Block.WARNING:
        columns["changed_at"] = round_.now
        data = {"check": warning.check.name}
        record("payment.warning_stopped", actor=ENGINE, subjects=subjects_of(payment), data=data)
    Payment.objects.filter(pk=payment.pk).update(**columns)


def _paused(round_: Round, payment: Payment) -> str:
    """Why nothing new may be sent, as a reason; empty when it may.

    A database that lacks what this process has seen is not paused yet: it was put in the place of ours meanwhile.
    """
    pause = pauses.blocking(round_.request.seller_id, hosts_of(round_.request, [payment]))
    if pause:
        return pause.reason
    return "" if round_.is_our_database else PauseCause.DATABASE_RESTORED.value


def _looks_at_receiver(plan: Plan, request: PaymentRequest, payment: Payment) -> bool:
    """A wallet refused, and it is tried again: whether the receiver's is looked up first, or was, and is gone.

    It may have closed since the approval. It may come back, too, so the next look is when the next try would be.
    """
    wallet = payment.receiver_wallet
    if payment.blocked_by != Block.REFUSED or payment.retry_at is None:
        return False
    if wallet.checked_at is None or wallet.checked_at < payment.retry_at:
        plan.steps.append(CheckWallet(request.pk, wallet.pk, wallet.url))
        return True
    problem = receiver_problem(payment)
    if problem is None or wallet.problem not in GONE:
        return False
    note_failure(payment, *problem, blocked_by=Block.REFUSED)
    plan.moved = True
    return True


def _over_limit(grant: Grant) -> str:
    """Why the payer's wallet says that an order is more than was approved, as far as we can tell."""
    if not grant.interval:
        return "amount_grew"
    return "budget_without_intervals" if note_disagreement(grant) else "budget_wallet_disagrees"


def _waits_for_budget(plan: Plan, payment: Payment, grant: Grant, now: datetime) -> bool:
    """A pause of the budget, or its next period, comes before the order; `cover` finds what waiting can't help."""
    found = hindrance(grant.standing_budget, now)
    if found is None or not (found.paused or found.until):
        return False
    Payment.objects.filter(pk=payment.pk).update(reason=found.code, reason_params={})
    plan.wake(found.until or now + PAUSE_POLL)
    return True


def _hold(round_: Round, payment: Payment, grant: Grant) -> None:
    """Approved, and nothing is ordered before it is released.

    The place for money that its quote needed is closed meanwhile, a fresh one is made at its release. The approval is
    kept from being forgotten.
    """
    plan, now = round_.plan, round_.now
    if payment.failures < MOST_TRIES_TO_CLOSE and is_due(plan, payment, now):
        _complete_incoming_payment(round_, payment)
    _keep_alive(round_, grant)


def _keep_alive(round_: Round, grant: Grant) -> None:
    """While nothing is ordered under it, an approval is renewed weekly; that of a budget, by the budget's own plan."""
    if grant.interval:
        return
    rotates_at = grant.token_expires_at and grant.token_expires_at + KEEP_ALIVE
    if rotates_at and rotates_at > round_.now:
        round_.plan.wake(rotates_at)
    else:
        has_token(round_.plan, round_.request, grant, round_.now)


def _complete_incoming_payment(round_: Round, payment: Payment) -> None:
    incoming = next((one for one in incoming_payments_of(payment) if is_open(one, round_.now)), None)
    if incoming is None:
        return
    to_receive = round_.access.to(GrantKind.INCOMING, payment.receiver_wallet, payment)
    if to_receive is None:
        round_.access.ask(round_.plan, payment, GrantKind.INCOMING, payment.receiver_wallet)
        return
    round_.plan.steps.append(CompleteIncomingPayment.plan(round_.request, incoming, to_receive))


def _approval(request: PaymentRequest, payment: Payment) -> Grant | None:
    """The approval it is sent under: its own, or one that the payer gave since, for a payment that is sent anew."""
    assert payment.grant, "an approved payment has its approval"
    if payment.grant.state == GrantState.ACTIVE:
        return payment.grant
    newer = request.grants.filter(kind=GrantKind.OUTGOING, state=GrantState.ACTIVE).first()
    if newer:
        Payment.objects.filter(pk=payment.pk).update(grant=newer)
        payment.grant = newer
        record("payment.approval_changed", actor=ENGINE, subjects=subjects_of(payment), data={"grant": newer.pk})
    return newer


def _tried_enough(round_: Round, payment: Payment, grant: Grant) -> bool:
    """So often, or for so long, that its wallets won't let it be sent. Time that it was paused does not count."""
    refused = sum(outgoing.grant_id == grant.pk for outgoing in outgoing_payments_of(payment))
    if payment.blocked_by == Block.REFUSED and refused >= MOST_REFUSED:
        return True
    if not payment.failures or round_.now <= _tried_since(round_.request, payment) + UNSENT_DEADLINE:
        return False
    if grant.interval and grant.standing_budget.paused_at:
        return False
    resumed = [pauses.last_ended(round_.request.seller_id, hosts_of(round_.request, [payment]))]
    if grant.interval:
        resumed.append(grant.standing_budget.resumed_at)
    return all(at is None or round_.now > at + UNSENT_DEADLINE for at in resumed)


def _tried_since(request: PaymentRequest, payment: Payment) -> datetime:
    """When the payer approved, when it was released, or when a person had an older order fenced to start anew."""
    assert request.approved_at
    fenced = [outgoing for outgoing in outgoing_payments_of(payment) if outgoing.state == AttemptState.FENCED]
    since = [outgoing.changed_at for outgoing in fenced]
    if payment.released_at:
        since.append(payment.released_at)
    return max([request.approved_at, *since])


def _back_to_payer(round_: Round, payment: Payment, code: str) -> None:
    """What was approved has ended, or does not cover `payment`: ask for the rest, by the same link.

    What is more than was authorised goes to a second person first, and the payer is asked once they agreed.
    Not while something is under way under the old approval: that wakes the request by itself, at its next look. What
    needs a person's attention holds nobody up: it stays ordered, and is looked at.
    """
    plan, request, now = round_.plan, round_.request, round_.now
    if payment.grant and payment.grant.interval and _back_to_staff(round_, code):
        return
    if plan.steps or any(other.state in HOLDS_UP for other in round_.payments):
        return
    live = request.grants.filter(kind=GrantKind.OUTGOING, state=GrantState.ACTIVE)
    if unasked := [grant for grant in live if round_.wants_spent(grant)]:
        plan.steps += [PollSpentAmounts.plan(request, grant) for grant in unasked]
        return
    for grant in live:
        move(grant, GrantState.CANCELLING, actor=ENGINE, reason=code)
    before, remaining = payment.grant, remaining_of(request, round_.payments)
    assert before, "an approved payment has its approval"
    for unsent in round_.payments:
        if unsent.state == PaymentState.APPROVED:
            move(unsent, PaymentState.QUOTED, actor=ENGINE, grant=None, failures=0, retry_at=None)
    was_used = remaining["committed_debit"] or any(other.state in IN_FLIGHT for other in round_.payments)
    for column, value in remaining.items():
        setattr(request, column, value)
    # From here on it is the payer who is asked, whatever it was paid from.
    request.budget = None
    back: dict[str, Any] = {
        "actor": ENGINE,
        "reason": code,
        "budget": None,
        "remaining_end": "",
        "approved_at": request.approved_at if was_used else None,
        "expires_at": max(request.expires_at, now + APPROVAL_LIFETIME),
        **remaining,
    }
    if because := why_second_person(request):
        to_second_person(request, because, **back)
    else:
        move(request, RequestState.AWAITING_APPROVAL, **back)
        tell_again(request, before)
    plan.moved = True


def _back_to_staff(round_: Round, code: str) -> bool:
    """A standing budget does not pay it, and nothing of it was paid: staff ask in the ordinary way, or draw again.

    False when a part was: then the payer is asked for the rest.
    """
    if round_.plan.steps or any(payment.state in IN_FLIGHT | PAID for payment in round_.payments):
        return False
    for payment in round_.payments:
        if payment.state == PaymentState.APPROVED:
            move(payment, PaymentState.QUOTED, actor=ENGINE, grant=None, failures=0, retry_at=None)
    later: dict[str, Any] = {"expires_at": round_.now + APPROVAL_LIFETIME, "budget": None}
    later |= {"approved_at": None, "sent_at": None, "authorised_by": None, "authorised_debit": None}
    move(round_.request, RequestState.QUOTED, actor=ENGINE, reason=code, **later)
    round_.plan.moved = True
    return True
