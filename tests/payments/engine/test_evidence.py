"""Nothing is concluded without evidence: by an answer of the receiver's own wallet, twice, after it was over."""

from collections.abc import Iterator
from typing import Any

import pytest

from payments.actions import attention
from payments.engine import evidence
from payments.engine.advance import advance
from payments.invariants import violations
from payments.models import Payment, PaymentRequest
from payments.presentation.reasons import Refusal
from payments.states import AttemptState, PaymentState, RequestState
from tests.driver import Stage

DAY = 24 * 3600
ALL = 100_00
READS = ("get-incoming-payment", "complete-incoming-payment", "list-outgoing-payments", "get-outgoing-payment")


@pytest.fixture(autouse=True)
def sound(stage: Stage) -> Iterator[None]:
    """What must hold of the whole database holds after each story; but that a receiver got too much is told by it."""
    yield
    assert [broken for broken in violations() if broken.invariant.name != "never_more_than_asked"] == []


def fault(stage: Stage, do: str, *operations: str, times: int | None = None, **more: Any) -> None:
    stage.sandbox.faults(*({"match": {"operation": name}, "do": do, "times": times, **more} for name in operations))


def pass_days(stage: Stage, request: PaymentRequest, days: float) -> PaymentRequest:
    """The engine has a turn every six hours."""
    for _ in range(int(days * 4)):
        stage.later(DAY // 4)
        request = advance(request.pk, 0.2)
    return request


def place(stage: Stage, request: PaymentRequest) -> str:
    return str(stage.payment(request).incoming_payments.get().remote_id)


# -- when another outgoing payment may be created


def test_a_clock_is_no_evidence_while_a_provider_is_away_nothing_is_sent_again(stage: Stage) -> None:
    """The answer is lost, and nobody can be asked until long after the incoming payment has expired."""
    request = stage.approved()
    stage.sandbox.settings(settleDelayMs=0)
    fault(stage, "reset-after", "create-outgoing-payment", times=1)
    fault(stage, "500-before", *READS)
    advance(request.pk, 2)
    request = pass_days(stage, request, 2)
    payment = stage.payment(request)
    assert (payment.state, payment.outgoing_payments.count()) == (PaymentState.NEEDS_ATTENTION, 1)
    stage.sandbox.clear_faults()
    attention.look_again(payment.pk, by=stage.staff)
    assert advance(request.pk, 5).state == RequestState.SETTLED
    assert stage.received() == ALL


def test_reads_that_fail_are_no_evidence_either(stage: Stage) -> None:
    """A wallet refuses an order, its receiver closes the place, and what is there can't be read."""
    request = stage.approved()
    fault(stage, "status:400", "create-outgoing-payment", times=1)
    advance(request.pk, 0)
    stage.sandbox.complete(place(stage, request))
    fault(stage, "500-before", *READS)
    stage.later(400)
    for _ in range(8):
        request = advance(request.pk, 0.5)
        stage.later(700)
    assert stage.payment(request).incoming_payments.count() == 1
    stage.sandbox.clear_faults()
    request = stage.see_through(request)
    assert (request.state, stage.received()) == (RequestState.SETTLED, ALL)


def test_an_amount_that_is_posted_a_moment_after_the_completion_is_seen(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.settings(settleDelayMs=0, postingSeconds=30)
    fault(stage, "reset-after", "create-outgoing-payment", times=1)
    fault(stage, "500-before", "list-outgoing-payments")
    request = stage.see_through(request, 4)
    assert request.state == RequestState.SETTLED
    assert stage.payment(request).outgoing_payments.count() == 1
    assert stage.received() == ALL


def test_sent_again_by_a_person_the_receivers_side_is_read_once_more_before(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.settings(settleOnCommand=True, postingSeconds=3 * DAY)
    advance(request.pk, 1)
    request = pass_days(stage, request, 1.25)
    payment = stage.payment(request)
    assert payment.state == PaymentState.NEEDS_ATTENTION
    stage.sandbox.settings(postingSeconds=0)
    stage.sandbox.pay_in(place(stage, request), ALL)
    attention.start_anew(payment.pk, by=stage.staff)
    request = stage.see_through(request, 3)
    assert stage.received() == stage.payment(request).received_value
    assert stage.payment(request).outgoing_payments.count() == 1 + (stage.received() == 0)


def test_a_wallet_that_denies_what_has_expired_has_said_so(stage: Stage) -> None:
    request = stage.approved()
    fault(stage, "500-before", "create-outgoing-payment", times=1)
    fault(stage, "500-before", *READS)
    advance(request.pk, 1)
    stage.sandbox.forget(place(stage, request))
    pass_days(stage, request, 1.25)
    stage.sandbox.clear_faults()
    payment = stage.payment(request)
    assert payment.state == PaymentState.NEEDS_ATTENTION
    attention.start_anew(payment.pk, by=stage.staff)
    stage.see_through(request, 2)
    payment.refresh_from_db()
    assert payment.incoming_payments.first().closed_at  # type: ignore[union-attr]
    assert payment.state != PaymentState.NEEDS_ATTENTION


# -- what settles


@pytest.mark.parametrize("lie", ["wrong-asset:receivedAmount", "wrong-scale:receivedAmount"])
def test_an_answer_in_another_asset_or_scale_settles_nothing(stage: Stage, lie: str) -> None:
    request = stage.approved()
    stage.sandbox.settings(settleDelayMs=0)
    fault(stage, lie, "get-incoming-payment")
    request = advance(request.pk, 3)
    assert stage.payment(request).state == PaymentState.SENT
    stage.sandbox.clear_faults()
    stage.later(60)
    assert advance(request.pk, 5).state == RequestState.SETTLED


def test_a_receiver_that_completes_with_nothing_received_ends_it_in_minutes(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.settings(settleOnCommand=True, completesUnpaid=True)
    request = advance(request.pk, 1)
    stage.sandbox.settle()
    request = stage.see_through(request, 3)
    payment = stage.payment(request)
    assert (request.state, payment.state, payment.reason) == ("failed", "failed", "receiver_ended_it")
    assert payment.outgoing_payments.get().state == AttemptState.FENCED


# -- what comes late


def test_what_arrives_after_the_end_needs_a_person_with_the_amounts(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.settings(settleDelayMs=0, postingSeconds=DAY // 2)
    fault(stage, "500-before", "get-outgoing-payment")
    request = stage.see_through(request, 2)
    assert (request.state, stage.payment(request).reason) == (RequestState.FAILED, "receiver_ended_it")
    request = pass_days(stage, request, 1.5)
    payment = stage.payment(request)
    assert (payment.state, payment.reason, payment.received_value) == ("needs_attention", "arrived_late", ALL)
    for decide in (attention.start_anew, attention.give_up):
        with pytest.raises(Refusal, match="request is over"):
            decide(payment.pk, by=stage.staff)
    attention.take_note(payment.pk, by=stage.staff)
    payment.refresh_from_db()
    assert (payment.state, payment.owner) == (PaymentState.SETTLED, stage.staff)


def test_what_arrives_twice_needs_a_person_and_stays_settled(stage: Stage) -> None:
    """A wallet says twice, a minute apart, that nothing came; twelve hours later it says that all of it had."""
    request = stage.approved()
    stage.sandbox.settings(settleDelayMs=0, postingSeconds=DAY // 2)
    fault(stage, "reset-after", "create-outgoing-payment", times=1)
    fault(stage, "500-before", "list-outgoing-payments")
    advance(request.pk, 4)
    stage.later(61)
    advance(request.pk, 0.5)
    request.refresh_from_db()
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "amount_grew")
    stage.sandbox.settings(postingSeconds=0)
    assert stage.settle(request).state == RequestState.SETTLED
    request = pass_days(stage, request, 2.5)
    payment = stage.payment(request)
    assert (payment.received_value, stage.received()) == (2 * ALL, 2 * ALL)
    assert (payment.state, payment.reason) == ("needs_attention", "arrived_twice")
    attention.take_note(payment.pk, by=stage.staff)
    payment.refresh_from_db()
    assert payment.state == PaymentState.SETTLED


def test_whatever_was_ordered_to_is_read_once_more_a_day_after_the_end_and_then_never(stage: Stage) -> None:
    request = stage.settled()
    stage.sandbox.clear_requests()
    pass_days(stage, request, 4)
    assert len(stage.sandbox.requests("get-incoming-payment")) == 1
    assert Payment.objects.get(request=request).state == PaymentState.SETTLED


def test_take_note_is_for_what_came_late_alone(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.settings(settleOnCommand=True)
    advance(request.pk, 1)
    request = pass_days(stage, request, 1.25)
    with pytest.raises(Refusal, match="Nothing arrived late"):
        attention.take_note(stage.payment(request).pk, by=stage.staff)


def test_two_answers_a_minute_apart_close_it_for_good(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.complete(place(stage, request))
    fault(stage, "status:400", "create-outgoing-payment", times=1)
    advance(request.pk, 3)
    incoming = stage.payment(request).incoming_payments.get()
    assert incoming.over_at
    assert not evidence.is_closed(incoming)
    stage.later(61)
    advance(request.pk, 5)
    incoming.refresh_from_db()
    assert evidence.is_closed(incoming)
