"""What staff do with a payment that needs attention.

Nothing here moves money or believes anybody: the engine first closes the receiver's side and reads what arrived, and
only then carries the decision out.
"""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction
from django_q.tasks import async_task

from ledger import clock
from ledger.api import Actor, record
from payments.actions.requests import ADVANCE_TASK, lock_request
from payments.engine.evidence import ask_anew
from payments.engine.steps.receiving import arrived
from payments.engine.transitions import move
from payments.mail.second_person import ask_to_confirm_outside
from payments.models import OutsideSettlement, Payment
from payments.models.payments import Block, Decision
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal
from payments.risk.answers import NO_ANSWER, RiskAnswer, check_answered
from payments.second_person import objection
from payments.states import PaymentState


def take_over(payment_id: str, *, by: User) -> Payment:
    """From now on `by` takes care of it."""
    with transaction.atomic():
        payment = _lock_payment(payment_id, also_decided=True)
        Payment.objects.filter(pk=payment.pk).update(owner=by)
        _tell("payment.taken_over", payment, by)
    return payment


def look_again(payment_id: str, *, by: User) -> Payment:
    """Ask both wallets now instead of at the next look."""
    with transaction.atomic():
        payment = _lock_payment(payment_id, also_decided=True)
        Payment.objects.filter(pk=payment.pk).update(retry_at=None, polls=0, failures=0)
        _read_once_more(payment, by)
        _tell("payment.looked_again", payment, by)
        async_task(ADVANCE_TASK, payment.request_id)
    return payment


def start_anew(payment_id: str, *, by: User, answer: RiskAnswer = NO_ANSWER) -> Payment:
    """Close the receiver's side for good, then send the money again, under the approval if it still lives.

    Raises Refusal for a warning that still has to be answered.
    """
    with transaction.atomic():
        payment = _lock_payment(payment_id)
        _check_not_late(payment)
        if payment.received_value:
            raise Refusal("partly_here")
        _check_no_claim(payment)
        check_answered([payment], answer, by=by)
        _decide(payment, Decision.START_ANEW, by)
    return payment


def give_up(payment_id: str, *, by: User) -> Payment:
    """Close the receiver's side for good and let the payment fail, with whatever has arrived until then."""
    with transaction.atomic():
        payment = _lock_payment(payment_id)
        _check_not_late(payment)
        _check_no_claim(payment)
        _decide(payment, Decision.GIVE_UP, by)
    return payment


def take_note(payment_id: str, *, by: User) -> Payment:
    """`by` has seen to what arrived late, or twice: the payment is settled if all of it is there, otherwise failed."""
    with transaction.atomic():
        payment = _lock_payment(payment_id)
        if payment.late_at is None:
            raise Refusal("not_late")
        _tell("payment.noted", payment, by, {"received": format_amount(payment.received)})
        now, actor = clock.now(), Actor.staff(by.pk)
        if payment.received_value >= payment.value:
            sent_at = payment.sent_at or now
            move(payment, PaymentState.SETTLED, actor=actor, owner=by, settled_at=now, sent_at=sent_at)
        else:
            move(
                payment,
                PaymentState.FAILED,
                actor=actor,
                owner=by,
                reason="arrived_late",
                reason_params=arrived(payment),
            )
    return payment


def report_outside(payment_id: str, *, way: str, evidence: str, by: User) -> OutsideSettlement:
    """`by` says that the receiver was paid by bank or in cash. It counts once a second person confirms it."""
    if not evidence.strip():
        raise Refusal("no_evidence")
    with transaction.atomic():
        payment = _lock_payment(payment_id)
        _check_not_late(payment)
        _check_no_claim(payment)
        claim = OutsideSettlement.objects.create(payment=payment, way=way, evidence=evidence.strip(), claimed_by=by)
        _tell("payment.outside_reported", payment, by, {"way": way}, claim)
        ask_to_confirm_outside(claim)
    return claim


def withdraw_outside(payment_id: str, *, by: User, why: str) -> Payment:
    """It was not paid outside after all, says who reported it, or whoever was to confirm it. Raises Refusal.

    Also where the wallets have brought the money meanwhile; what was concluded from the report stays.
    """
    words = " ".join(why.split())
    if not words:
        raise Refusal("no_words")
    with transaction.atomic():
        payment = Payment.objects.get(pk=payment_id)
        lock_request(payment.request_id)
        payment.refresh_from_db()
        claim = payment.outside_settlements.filter(withdrawn_at=None).first()
        if claim is None:
            raise Refusal("nothing_claimed")
        if claim.confirmed_at:
            raise Refusal("already_decided", decision=str(Decision.OUTSIDE.label))
        OutsideSettlement.objects.filter(pk=claim.pk).update(withdrawn_at=clock.now())
        _tell("payment.outside_withdrawn", payment, by, claim=claim, words=words)
        # What waited for this goes on.
        Payment.objects.filter(pk=payment.pk).update(retry_at=None)
        async_task(ADVANCE_TASK, payment.request_id)
    return payment


def confirm_outside(payment_id: str, *, by: User) -> Payment:
    """A second person agrees; once nothing can arrive from the wallets any more, the payment is settled outside."""
    with transaction.atomic():
        payment = _lock_payment(payment_id)
        claim = payment.outside_settlements.filter(withdrawn_at=None).first()
        if claim is None:
            raise Refusal("nothing_claimed")
        if code := objection(by, [claim.claimed_by_id], own="own_claim"):
            raise Refusal(code)
        now = clock.now()
        OutsideSettlement.objects.filter(pk=claim.pk).update(confirmed_by=by, confirmed_at=now, changed_at=now)
        _decide(payment, Decision.OUTSIDE, by, claim)
    return payment


def override_warning(payment_id: str, *, by: User, answer: RiskAnswer) -> Payment:
    """Send an approved payment past the warning that stopped it, or because nothing warns of it any more.

    Raises Refusal for whoever may not, and without a reason.
    """
    with transaction.atomic():
        lock_request(Payment.objects.values_list("request_id", flat=True).get(pk=payment_id))
        payment = Payment.objects.select_related("request", "receiver_wallet").get(pk=payment_id)
        if payment.blocked_by != Block.WARNING:
            raise Refusal("warning_gone")
        check_answered([payment], answer, by=by)
        fresh = {"blocked_by": Block.NOTHING, "reason": "", "reason_params": {}, "failures": 0, "retry_at": None}
        Payment.objects.filter(pk=payment.pk).update(changed_at=clock.now(), **fresh)
        _tell("payment.warning_lifted", payment, by)
        async_task(ADVANCE_TASK, payment.request_id)
    return payment


def _lock_payment(payment_id: str, *, also_decided: bool = False) -> Payment:
    """The payment, its request locked until the transaction ends. Raises Refusal when it needs nobody any more."""
    payment = Payment.objects.get(pk=payment_id)
    lock_request(payment.request_id)
    payment.refresh_from_db()
    if payment.state != PaymentState.NEEDS_ATTENTION:
        raise Refusal("not_in_trouble", state=str(PaymentState(payment.state).label))
    if payment.decision and not also_decided:
        raise Refusal("already_decided", decision=str(Decision(payment.decision).label))
    return payment


def _check_no_claim(payment: Payment) -> None:
    """While somebody says that the receiver was paid outside, nothing is sent or asked for once more."""
    if payment.outside_settlements.filter(withdrawn_at=None).exists():
        raise Refusal("already_claimed")


def _check_not_late(payment: Payment) -> None:
    """Its request is over, and nothing of it is sent any more."""
    if payment.late_at is not None:
        raise Refusal("late_is_noted")


def _read_once_more(payment: Payment, by: User) -> None:
    """What is known of its incoming payments is asked again, even where nothing more was expected."""
    payment.incoming_payments.update(retry_at=None, failures=0, read_at=None)
    newest = payment.outgoing_payments.order_by("created_at").select_related("quote__incoming__payment").last()
    if newest:
        ask_anew(newest.quote.incoming, Actor.staff(by.pk))


def _decide(payment: Payment, decision: Decision, by: User, claim: OutsideSettlement | None = None) -> None:
    Payment.objects.filter(pk=payment.pk).update(decision=decision, retry_at=None, polls=0, failures=0, owner=by)
    _read_once_more(payment, by)
    _tell("payment.decided", payment, by, {"decision": decision.value}, claim)
    async_task(ADVANCE_TASK, payment.request_id)


def _tell(  # noqa: PLR0913, PLR0917 - what happened to what
    kind: str,
    payment: Payment,
    by: User,
    data: Mapping[str, str] | None = None,
    claim: OutsideSettlement | None = None,
    words: str = "",
) -> None:
    about = {"outside": claim.pk} if claim else {}
    private = {"evidence": claim.evidence if claim else "", "words": words}
    record(
        kind,
        actor=Actor.staff(by.pk),
        subjects={"payment": payment.pk, "request": payment.request_id, **about},
        data={"amount": dict(payment.amount.to_wire()), **(data or {})},
        private={name: text for name, text in private.items() if text} or None,
    )
