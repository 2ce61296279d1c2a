"""From asked to settled, against a real wallet, and what the ledger remembers of it."""

from ledger.api import seal, timeline, verify
from payments.actions import approvals, requests
from payments.engine.advance import advance
from payments.models import Message
from payments.states import PaymentState, RequestState
from tests.driver import SECONDS, Stage


def test_a_request_is_quoted_before_anybody_is_asked(stage: Stage) -> None:
    request = stage.quoted(amount="100.00")
    assert request.state == RequestState.QUOTED, request.reason
    assert request.ceiling_debit == 100_00
    assert not Message.objects.exists()


def test_the_money_arrives_exactly_and_once(stage: Stage) -> None:
    request = stage.settled(amount="100.00")
    payment = stage.payment(request)
    assert (request.state, payment.state) == (RequestState.SETTLED, PaymentState.SETTLED), request.reason
    assert stage.received() == payment.received_value == 100_00
    assert len(stage.sandbox.requests("create-outgoing-payment")) == 1


def test_nothing_is_charged_before_the_payer_approves(stage: Stage) -> None:
    request = stage.sent()
    stage.at_wallet(request)
    advance(request.pk, 1)
    assert stage.sandbox.balance("sol") == 1_000_000
    assert not stage.sandbox.requests("create-outgoing-payment")


def test_the_approval_is_limited_to_what_the_payer_was_shown(stage: Stage) -> None:
    request = stage.approved()
    grant = request.grants.get(kind="outgoing-payment")
    assert grant.limit_debit == request.ceiling_debit


def test_the_timeline_has_every_step_with_its_amounts_and_the_chain_verifies(stage: Stage) -> None:
    request = stage.settled()
    kinds = [row.kind for row in timeline([("request", request.pk)], limit=200)]
    for kind in (
        "request.quoting", "payment.new", "grant.active", "incoming.open", "quote.open", "request.quoted",
        "request.awaiting_approval", "message.queued", "request.approve_pressed", "grant.pending", "grant.returned",
        "request.approved", "payment.approved", "outgoing.intended", "payment.sending", "outgoing.open",
        "payment.sent", "payment.settled", "request.settled",
    ):  # fmt: skip
        assert kind in kinds, kind
    seal()
    assert not list(verify())


def test_the_approval_is_given_back_when_everything_has_settled(stage: Stage) -> None:
    request = stage.settled()
    assert request.grants.get(kind="outgoing-payment").state == "ended"
    assert stage.sandbox.requests("delete-continue")


def test_a_fee_and_another_currency_are_part_of_what_the_payer_is_shown(stage: Stage) -> None:
    payer = stage.sandbox.create_wallet("ada", asset="MXN", fee={"fixed": 100, "percentBps": 150})
    request = stage.settled(payer_url=payer, amount="50.00")
    assert request.state == RequestState.SETTLED
    assert request.ceiling is not None
    assert request.ceiling.asset.code == "MXN"
    assert stage.received() == 50_00
    assert stage.sandbox.balance("ada") == 1_000_000 - (request.ceiling_debit or 0)


def test_the_payer_and_the_receiver_are_told(stage: Stage) -> None:
    request = stage.settled()
    told = set(Message.objects.filter(request=request).values_list("template", "to_email"))
    assert told == {("approval", "sol@example.org"), ("receipt", "sol@example.org"), ("paid", "maria@example.org")}


def test_the_same_form_asks_once(stage: Stage) -> None:
    first = stage.ask()
    stage.asked = 0
    assert stage.ask().pk == first.pk


def test_coming_back_twice_changes_nothing_the_second_time(stage: Stage) -> None:
    request = stage.sent()
    finish = stage.sandbox.approve(stage.at_wallet(request))
    assert [stage.come_back(request, finish), stage.come_back(request, finish)] == ["accepted", "repeated"]
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert stage.come_back(request, finish) == "repeated"
    assert len(stage.sandbox.requests("create-outgoing-payment")) == 1


def test_a_forged_return_changes_nothing(stage: Stage) -> None:
    request = stage.sent()
    stage.at_wallet(request)
    forged = approvals.came_back(request.pk, None, interact_ref="ref", hash="AAAA")
    assert forged == "wrong_hash"
    assert request.grants.get(kind="outgoing-payment").state == "pending"


def test_cancelling_gives_the_approval_back_and_closes_the_receivers_side(stage: Stage) -> None:
    request = stage.sent()
    page = stage.at_wallet(request)
    requests.cancel(request.pk, by=stage.staff)
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.CANCELLED
    assert stage.sandbox.requests("delete-continue")
    assert stage.sandbox.requests("complete-incoming-payment")
    assert request.grants.get(kind="outgoing-payment").state == "ended"
    assert page
