"""A wallet that is down, slow, or answers nonsense, at each step: a sentence, a true state, and a way to try again."""

import pytest

from ledger.api import timeline
from payments.actions import approvals, requests
from payments.engine import advance as engine
from payments.engine.advance import advance
from payments.engine.planning.paying import MOST_REFUSED
from payments.models import Message, PaymentRequest
from payments.presentation.reasons import Refusal, sentence
from payments.states import PaymentState, RequestState
from tests.driver import SECONDS, Stage

pytestmark = pytest.mark.prove

EVERY_FAULT = ["500-before", "reset-before", "not-json", "truncate", "garbage", "wrong-types", "huge"]


def kinds(request: PaymentRequest) -> list[str]:
    return [row.kind for row in timeline([("request", request.pk)], limit=400)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hanging wallet is given up after a second here."""
    monkeypatch.setattr(engine, "CALL_SECONDS", 1.0)


@pytest.mark.parametrize("operation", ["get-wallet-address", "post-request", "create-incoming-payment", "create-quote"])
@pytest.mark.parametrize("fault", EVERY_FAULT)
def test_before_anybody_was_asked_it_fails_with_a_sentence(stage: Stage, operation: str, fault: str) -> None:
    request = stage.ask()
    stage.sandbox.faults({"match": {"operation": operation}, "do": fault, "times": None})
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.FAILED
    assert sentence(request.reason, request.reason_params) not in ("", request.reason)
    assert "request.failed" in kinds(request)
    assert not Message.objects.exists()
    stage.sandbox.clear_faults()
    assert stage.quoted().state == RequestState.QUOTED


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_wallet_that_never_ends_its_answer_is_given_up(stage: Stage, fault: str) -> None:
    request = stage.ask()
    stage.sandbox.faults({"match": {"operation": "create-quote"}, "do": fault, "times": None, "seconds": 5})
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.FAILED
    assert request.reason == "wallet_unreachable"


def test_a_hiccup_while_quoting_is_not_even_noticed(stage: Stage) -> None:
    request = stage.ask()
    stage.sandbox.faults({"match": {"operation": "create-quote"}, "do": "500-before", "times": 1})
    assert advance(request.pk, SECONDS).state == RequestState.QUOTED


@pytest.mark.parametrize("fault", ["wrong-amount", "wrong-receiver", "wrong-asset", "wrong-wallet"])
def test_a_quote_for_something_else_is_refused(stage: Stage, fault: str) -> None:
    request = stage.ask()
    stage.sandbox.faults({"match": {"operation": "create-quote"}, "do": fault, "times": None})
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.FAILED, "quote_wrong")


def test_a_key_that_the_wallet_does_not_know_is_named(stage: Stage) -> None:
    stage.sandbox.change_keys("platform", remove=["k1"])
    request = stage.quoted()
    assert (request.state, request.reason) == (RequestState.FAILED, "seller_unknown")


def test_a_wallet_that_vanished_is_named(stage: Stage) -> None:
    request = stage.ask()
    stage.sandbox.change_wallet("maria", disabled=True)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.FAILED, "receiver_wallet")
    assert "María" in sentence(request.reason, request.reason_params)


def test_names_of_people_are_not_in_the_bytes_of_the_ledger(stage: Stage) -> None:
    stage.ask()
    stage.sandbox.change_wallet("maria", disabled=True)
    request = advance(PaymentRequest.objects.get().pk, SECONDS)
    assert request.reason_params["name"] == "María"
    bodies = [str(row.data) for row in timeline([("request", request.pk)], limit=100)]
    assert not any("María" in body for body in bodies)


@pytest.mark.parametrize("operation", ["post-request", "create-quote"])
@pytest.mark.parametrize("fault", ["500-before", "reset-after", "not-json", "wrong-types"])
def test_while_the_payer_waits_the_page_says_why_and_the_link_works_again(
    stage: Stage, operation: str, fault: str
) -> None:
    request = stage.sent()
    stage.later(600)
    stage.sandbox.faults({"match": {"operation": operation}, "do": fault, "times": None})
    approvals.approve(request.pk, None)
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.AWAITING_APPROVAL
    assert approvals.wallet_page(request) is None
    assert sentence(request.reason, request.reason_params) not in ("", request.reason)
    stage.sandbox.clear_faults()
    assert stage.settle(request).state == RequestState.SETTLED
    assert stage.received() == 100_00


@pytest.mark.parametrize("fault", ["reset-after", "500-after", "not-json", "truncate"])
def test_a_lost_answer_to_the_approval_asks_again_and_charges_once(stage: Stage, fault: str) -> None:
    request = stage.approved()
    stage.sandbox.faults({"match": {"operation": "post-continue"}, "do": fault})
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "approval_lost")
    assert Message.objects.filter(template="approval_again").count() == 1
    assert stage.sandbox.requests("delete-continue")
    assert stage.settle(request).state == RequestState.SETTLED
    assert stage.received() == 100_00


@pytest.mark.parametrize(
    "fault", ["500-before", "500-after", "reset-before", "reset-after", "not-json", "truncate", "hang-after"]
)
def test_an_order_whose_answer_was_lost_is_never_given_twice(stage: Stage, fault: str) -> None:
    request = stage.approved()
    stage.sandbox.faults({"match": {"operation": "create-outgoing-payment"}, "do": fault, "seconds": 3})
    request = stage.see_through(request)
    assert request.state == RequestState.SETTLED, (request.reason, stage.payment(request).state)
    assert stage.received() == 100_00
    assert stage.sandbox.balance("sol") == 1_000_000 - 100_00
    assert "payment.unknown" in kinds(request)


def test_before_a_second_order_the_receivers_side_of_the_first_is_closed(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.faults({"match": {"operation": "create-outgoing-payment"}, "do": "500-before"})
    request = stage.see_through(request)
    first, second = stage.payment(request).outgoing_payments.all()
    assert first.quote.incoming.closed_at
    assert first.quote.incoming_id != second.quote.incoming_id
    assert (first.reason, second.state) == ("never_created", "done")


def test_a_receiver_that_does_not_answer_delays_the_news_not_the_money(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.faults({"match": {"operation": "get-incoming-payment"}, "do": "500-before", "times": 3})
    request = advance(request.pk, 20)
    assert request.state == RequestState.SETTLED
    assert stage.received() == 100_00


def test_a_balance_that_is_too_low_fails_in_plain_words(stage: Stage) -> None:
    stage.sandbox.settings(onLowBalance="fail", lowBalanceSeconds=1)
    request = stage.approved()
    stage.sandbox.set_balance("sol", 5_00)
    request = stage.see_through(request)
    payment = stage.payment(request)
    assert (request.state, payment.state) == (RequestState.FAILED, PaymentState.FAILED)
    assert request.reason == "payment_failed"
    assert Message.objects.filter(template="failed").count() == 1
    assert payment.incoming_payments.get().closed_at
    assert stage.received() == 0


def test_money_that_waits_for_a_balance_is_sent_but_not_settled(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.set_balance("sol", 5_00)
    request = advance(request.pk, 6)
    assert (request.state, stage.payment(request).state) == (RequestState.APPROVED, PaymentState.SENT)
    with pytest.raises(Refusal, match="already on its way"):
        requests.cancel(request.pk, by=stage.staff)


def test_what_never_settles_needs_a_person_with_its_reason(stage: Stage) -> None:
    stage.sandbox.settings(settleOnCommand=True)
    request = stage.approved()
    advance(request.pk, 4)
    stage.later(25 * 3600)
    advance(request.pk, 4)
    payment = stage.payment(request)
    assert (payment.state, payment.reason) == (PaymentState.NEEDS_ATTENTION, "not_settled")


def test_a_wallet_that_refuses_every_order_is_not_asked_for_ever(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.faults({"match": {"operation": "create-outgoing-payment"}, "do": "status:400", "times": None})
    for _ in range(20):
        stage.later(200)
        request = advance(request.pk, 0.5)
    payment = stage.payment(request)
    assert (request.state, payment.state) == (RequestState.FAILED, PaymentState.FAILED)
    assert payment.reason == "wallet_refused"
    assert payment.outgoing_payments.count() == MOST_REFUSED
    assert stage.received() == 0
