"""Somebody else pays into the place that was made for our money: the receiver must not get it twice."""

import pytest
from django.db import transaction

from payments.actions import approvals, attention, requests
from payments.engine.advance import advance
from payments.engine.steps.receiving import note_received
from payments.invariants import violations
from payments.models import Grant, Message, PaymentRequest
from payments.presentation.reasons import sentence
from payments.states import GrantState, PaymentState, RequestState
from tests.driver import SECONDS, Stage

ALL, PART = 100_00, 40_00
#: Longer than a quote lives: another one is needed.
QUOTE_OVER = 400


def place(stage: Stage, request: PaymentRequest) -> str:
    """Where this request's money is to arrive."""
    return str(stage.payment(request).incoming_payments.get().remote_id)


@pytest.mark.parametrize("amount", [ALL, PART])
def test_after_the_approval_nothing_is_charged_for_what_is_there(stage: Stage, amount: int) -> None:
    request = stage.approved()
    stage.sandbox.pay_in(place(stage, request), amount)
    stage.later(QUOTE_OVER)
    request = advance(request.pk, 30)
    payment = stage.payment(request)
    assert (request.state, payment.state) == (RequestState.FAILED, PaymentState.FAILED)
    assert (payment.reason, payment.received_value) == ("paid_by_another", amount)
    assert stage.received() == amount
    assert stage.sandbox.balance("sol") == 1_000_000
    assert "somebody else" in sentence(request.reason, request.reason_params)


def test_the_quote_at_hand_is_refused_and_no_other_place_is_paid(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.pay_in(place(stage, request), ALL)
    request = stage.see_through(request)
    assert (request.state, request.reason) == (RequestState.FAILED, "arrived_after_refusal")
    assert stage.received() == ALL
    assert stage.sandbox.balance("sol") == 1_000_000


@pytest.mark.parametrize("amount", [ALL, PART])
def test_a_payer_who_comes_later_is_not_sent_to_their_wallet(stage: Stage, amount: int) -> None:
    request = stage.sent()
    stage.sandbox.pay_in(place(stage, request), amount)
    for _ in range(2):
        # The first press finds out that something is wrong with the place, the second one what.
        stage.later(QUOTE_OVER)
        if request.state == RequestState.AWAITING_APPROVAL:
            approvals.approve(request.pk, None)
            request = advance(request.pk, SECONDS)
            assert approvals.wallet_page(request) is None
    assert (request.state, request.reason) == (RequestState.FAILED, "paid_by_another")
    assert stage.received() == amount
    assert Message.objects.filter(template="failed").count() == 1


def test_after_an_order_was_refused_nobody_says_that_nothing_was_taken(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.faults({"match": {"operation": "create-outgoing-payment"}, "do": "status:400"})
    request = advance(request.pk, 0)
    stage.sandbox.pay_in(place(stage, request), ALL)
    stage.later(QUOTE_OVER)
    request = stage.see_through(request)
    assert (request.state, request.reason) == (RequestState.FAILED, "arrived_after_refusal")
    assert stage.received() == ALL


def test_a_place_that_its_receiver_closed_empty_is_replaced(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.complete(place(stage, request))
    request = stage.see_through(request)
    assert request.state == RequestState.SETTLED
    assert stage.received() == ALL
    assert stage.sandbox.balance("sol") == 1_000_000 - ALL


def test_a_place_that_vanished_is_not_replaced_for_nobody_says_what_arrived_there(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.forget(place(stage, request))
    request = stage.see_through(request, 3)
    assert request.state == RequestState.APPROVED
    stage.later(24 * 3600)
    request = stage.see_through(request, 3)
    assert (request.state, stage.received()) == (RequestState.FAILED, 0)


@pytest.mark.parametrize("amount", [ALL, PART])
def test_what_comes_for_a_request_that_nobody_ever_approved_needs_a_person_and_no_approval(
    stage: Stage, amount: int
) -> None:
    """Whoever knows where the money was to arrive can send some: that is no reason to doubt our own books."""
    request = stage.sent()
    stage.sandbox.pay_in(place(stage, request), amount)
    requests.cancel(request.pk, by=stage.staff)
    request = stage.see_through(request)
    payment = stage.payment(request)
    assert (request.state, payment.state) == (RequestState.CANCELLED, PaymentState.NEEDS_ATTENTION)
    assert (payment.reason, payment.received_value) == ("arrived_late", amount)
    assert not violations()
    attention.take_note(payment.pk, by=stage.staff)
    payment.refresh_from_db()
    assert payment.state == (PaymentState.SETTLED if amount == ALL else PaymentState.FAILED)
    assert not violations()


def test_what_comes_after_an_order_under_an_earlier_approval_is_no_fault_of_the_books(stage: Stage) -> None:
    """It was refused, the payer was asked again and said no; somebody else paid into the place of that order."""
    request = stage.approved()
    stage.sandbox.faults({"match": {"operation": "create-outgoing-payment"}, "do": "status:403", "times": 1})
    request = advance(request.pk, 3)
    payment = stage.payment(request)
    assert (request.state, payment.grant_id, payment.outgoing_payments.count()) == ("awaiting_approval", None, 1)
    approvals.decline(request.pk, "")
    with transaction.atomic():
        note_received(payment.outgoing_payments.get().quote.incoming, ALL, completed=False)
    payment = stage.payment(request)
    assert (payment.state, payment.reason) == (PaymentState.NEEDS_ATTENTION, "arrived_late")
    assert not violations()
    approval = payment.outgoing_payments.get().grant
    Grant.objects.filter(pk=approval.pk).update(state=GrantState.PENDING)
    assert "sending_under_an_approval" in {each.invariant.name for each in violations()}, "nobody approved that order"
    Grant.objects.filter(pk=approval.pk).update(state=approval.state)
