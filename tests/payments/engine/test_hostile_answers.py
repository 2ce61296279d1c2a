"""Wallets whose answers are allowed, each by itself, and which together would keep us at it for ever, or tell lies."""

from django.db import transaction

from payments.actions import approvals, release_held
from payments.books.position import position
from payments.engine.advance import advance
from payments.engine.steps.receiving import note_received
from payments.invariants import violations
from payments.models import Message, Payment, PaymentRequest
from payments.models.grants import GrantKind
from payments.openpayments.amounts import LARGEST_VALUE
from payments.states import AttemptState, GrantState, PaymentState, RequestState
from tests.driver import SECONDS, Stage
from tests.payments.engine.splits import paid_to, split
from tests.payments.engine.test_held_payments import held

COMPLETE, CONTINUE, PAY = "complete-incoming-payment", "post-continue", "create-outgoing-payment"
DAY = 24 * 3600
LOOKS = 6
#: Waits that double, however the chance shortens each: without them there are hundreds in one look.
MOST_TRIES = 12


def refuses(stage: Stage, operation: str, do: str, times: int | None = None) -> None:
    stage.sandbox.faults({"match": {"operation": operation}, "do": do, "times": times})


def tried(stage: Stage, operation: str) -> int:
    return len(stage.sandbox.requests(operation))


# A receiver's wallet that reads, and does not complete


def test_what_waits_for_its_work_does_not_ask_again_and_again(stage: Stage) -> None:
    refuses(stage, COMPLETE, "status:403")
    request = held(stage, "ana")
    stage.sandbox.clear_requests()
    for _look in range(LOOKS):
        advance(request.pk, 3)
    assert tried(stage, COMPLETE) <= MOST_TRIES
    stage.sandbox.clear_faults()
    stage.later(3600)
    release_held.release(paid_to(request, "ana").pk, by=stage.staff)
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED


def test_an_unknown_outcome_is_not_asked_for_again_and_again(stage: Stage) -> None:
    request = stage.approved()
    refuses(stage, PAY, "500-before")
    refuses(stage, "list-outgoing-payments", "500-before")
    refuses(stage, COMPLETE, "status:403")
    request = advance(request.pk, 0)
    stage.later(DAY / 4)
    stage.sandbox.clear_requests()
    for _look in range(LOOKS):
        advance(request.pk, 3)
    assert tried(stage, COMPLETE) <= MOST_TRIES
    assert stage.payment(request).state == PaymentState.UNKNOWN


def test_a_part_that_somebody_paid_in_meanwhile_stops_that_payment_and_no_other(stage: Stage) -> None:
    refuses(stage, COMPLETE, "status:403")
    stage.sandbox.settings(quoteSeconds=30 * DAY)
    request = held(stage, "ana", "beto")
    stage.sandbox.pay_in(paid_to(request, "ana").incoming_payments.get().remote_id, 40_00)
    stage.later(60)
    advance(request.pk, 3)
    assert paid_to(request, "ana").received_value == 40_00
    for name in ("ana", "beto"):
        release_held.release(paid_to(request, name).pk, by=stage.staff)
    request = advance(request.pk, SECONDS)
    assert (paid_to(request, "ana").reason, paid_to(request, "beto").state) == ("paid_by_another", "settled")
    assert request.crashes == 0


# A payer's wallet that is never done with the approval


def back_from_wallet(stage: Stage, request: PaymentRequest) -> None:
    assert stage.come_back(request, stage.sandbox.approve(stage.at_wallet(request))) == "accepted"


def test_a_wallet_that_wants_to_be_waited_for_is_asked_again_in_minutes(stage: Stage) -> None:
    stage.sandbox.settings(waitSeconds=10**9)
    request = stage.sent()
    back_from_wallet(stage, request)
    stage.sandbox.clear_requests()
    stage.later(11 * 60)
    request = advance(request.pk, SECONDS)
    assert tried(stage, CONTINUE) >= 1


def test_an_approval_that_can_not_be_collected_is_asked_for_once_more(stage: Stage) -> None:
    request = stage.sent()
    finish_url = stage.sandbox.approve(stage.at_wallet(request))
    refuses(stage, CONTINUE, "too-many")
    assert stage.come_back(request, finish_url) == "accepted"
    stage.sandbox.clear_requests()
    for _hour in range(26):
        request = advance(request.pk, 0)
        stage.later(3600)
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "approval_lost")
    assert tried(stage, CONTINUE) <= 30
    assert not request.grants.filter(kind=GrantKind.OUTGOING, state=GrantState.RETURNED).exists()
    assert Message.objects.filter(template="approval_again").count() == 1
    stage.sandbox.clear_faults()
    assert stage.settle(request).state == RequestState.SETTLED


def test_what_can_not_be_collected_expires_with_its_request(stage: Stage) -> None:
    request = stage.sent()
    finish_url = stage.sandbox.approve(stage.at_wallet(request))
    refuses(stage, CONTINUE, "too-many")
    stage.come_back(request, finish_url)
    stage.later(60 * DAY)
    assert advance(request.pk, 3).state == RequestState.EXPIRED


# What the payer's wallet says that it takes


def debited(request: PaymentRequest) -> int:
    return position(request.payments.get()).figures["debited"]


def test_a_debit_in_another_unit_or_above_the_quote_is_no_amount_of_ours(stage: Stage) -> None:
    for do in ("wrong-scale:debitAmount", "wrong-asset:debitAmount", "wrong-amount"):
        request = stage.approved()
        refuses(stage, PAY, do, 1)
        request = stage.see_through(request)
        outgoing = stage.payment(request).outgoing_payments.get()
        assert (request.state, debited(request)) == (RequestState.SETTLED, outgoing.quote.debit_value), do
        assert (outgoing.debit_value in {None, outgoing.quote.debit_value}, outgoing.asset_scale) == (True, 2)
        stage.sandbox.clear_faults()
    assert not violations()


def test_what_it_says_that_it_sent_is_taken_in_its_own_unit_alone(stage: Stage) -> None:
    stage.sandbox.settings(quoteSeconds=DAY)
    request = stage.approved()
    stage.sandbox.set_balance("sol", 5_00)
    refuses(stage, "get-outgoing-payment", "wrong-scale:sentAmount")
    for _minute in range(10):
        advance(request.pk, 0)
        stage.later(60)
    assert tried(stage, "get-outgoing-payment")
    outgoing = stage.payment(request).outgoing_payments.get()
    assert outgoing.sent_value in {0, None}


def test_a_sum_that_no_wallet_holds_is_no_price(stage: Stage) -> None:
    request = stage.ask(lines=split(stage, "ana", "beto"))
    stage.sandbox.change_wallet("sol", fee={"fixed": LARGEST_VALUE - 200_00, "percentBps": 0})
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason, request.crashes) == (RequestState.FAILED, "sum_too_large", 0)


# A payment that ended, and to which somebody paid


def test_money_that_comes_after_a_cancellation_stops_no_other_payment(stage: Stage) -> None:
    request = held(stage, "ana", "beto")
    ana = paid_to(request, "ana")
    release_held.cancel(ana.pk, by=stage.staff)
    with transaction.atomic():
        note_received(ana.incoming_payments.get(), 1, completed=False)
    ana = Payment.objects.get(pk=ana.pk)
    assert (ana.state, ana.outgoing_payments.count()) == (PaymentState.NEEDS_ATTENTION, 0)
    release_held.release(paid_to(request, "beto").pk, by=stage.staff)
    request = advance(request.pk, SECONDS)
    assert (paid_to(request, "beto").state, request.crashes) == (PaymentState.SETTLED, 0)


def test_the_approval_is_asked_for_with_what_is_quoted(stage: Stage) -> None:
    """The same sum, once the payer presses: they are told, and nothing is asked of their wallet."""
    request = stage.sent(lines=split(stage, "ana", "beto"))
    stage.sandbox.change_wallet("sol", fee={"fixed": LARGEST_VALUE - 200_00, "percentBps": 0})
    stage.later(600)
    approvals.approve(request.pk, None)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason, request.crashes) == (RequestState.AWAITING_APPROVAL, "sum_too_large", 0)
    assert AttemptState.UNKNOWN not in request.payments.values_list("state", flat=True)
