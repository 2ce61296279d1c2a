"""What people do with a payment that needs attention, against real wallets: money at most once, whatever is decided."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from ledger import clock
from ledger.api import Actor, timeline
from payments.actions import attention
from payments.admin import attention_panel
from payments.engine import backoff
from payments.engine.planning import watching
from payments.engine.transitions import move
from payments.invariants import violations
from payments.models import Message, OutsideSettlement, Payment
from payments.presentation.attention_text import EXPLANATIONS, explain
from payments.presentation.reasons import Refusal
from payments.presentation.timeline_text import describe
from payments.states import GrantState, PaymentState, RequestState
from tests.driver import Stage
from tests.payments.engine.needs_attention import (
    AMOUNT,
    PART,
    TROUBLES,
    cannot_be_fenced,
    looked_at,
    not_settled,
    partly_arrived,
    recover,
    until,
    until_over,
)

EVIDENCE = "Transfer 4711 of 3 May, Luis handed over the slip"
every_trouble = pytest.mark.parametrize("reason", TROUBLES)


def kinds(payment: Payment) -> list[str]:
    return [row.kind for row in timeline([("payment", payment.pk)], limit=400)]


def arrived(reason: str) -> int:
    """What the receiver has when the trouble begins, in minor units."""
    return PART if reason == "partly_arrived" else 0


@pytest.fixture(autouse=True)
def sound(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever people decide, what must hold of the whole database holds afterwards."""
    for deadline in ("UNSETTLED_DEADLINE", "UNKNOWN_DEADLINE"):
        monkeypatch.setattr(watching, deadline, timedelta(hours=1))
    yield
    assert violations() == []


@pytest.fixture
def second() -> User:
    return User.objects.create_user("luis", is_staff=True)


@every_trouble
def test_each_reason_is_reached_and_explained(stage: Stage, reason: str) -> None:
    payment = TROUBLES[reason](stage)
    assert payment.reason == reason
    assert reason in EXPLANATIONS
    told = explain(payment)
    text = " ".join([str(told.happened), str(told.certain), str(told.uncertain), *map(str, told.advice)])
    assert "%(" not in text
    assert "María" in text
    assert stage.received() == arrived(reason)


@every_trouble
def test_somebody_takes_care_of_it_and_looks_again(stage: Stage, reason: str) -> None:
    payment = TROUBLES[reason](stage)
    attention.take_over(payment.pk, by=stage.staff)
    attention.look_again(payment.pk, by=stage.staff)
    payment = looked_at(payment)
    assert (payment.state, payment.owner, payment.reason) == (PaymentState.NEEDS_ATTENTION, stage.staff, reason)
    by_people = [kind for kind in kinds(payment) if kind in {"payment.taken_over", "payment.looked_again"}]
    assert by_people == ["payment.taken_over", "payment.looked_again"]
    assert stage.received() == arrived(reason)


def test_money_that_arrives_by_itself_settles_it(stage: Stage) -> None:
    payment = not_settled(stage)
    recover(stage)
    attention.look_again(payment.pk, by=stage.staff)
    assert until(stage, payment, PaymentState.SETTLED).received_value == AMOUNT
    assert stage.received() == AMOUNT


@pytest.mark.parametrize("reason", ["not_settled", "cannot_be_fenced"])
def test_started_anew_it_arrives_once(stage: Stage, reason: str) -> None:
    payment = TROUBLES[reason](stage)
    first = payment.incoming_payments.get()
    attention.start_anew(payment.pk, by=stage.staff)
    if reason == "cannot_be_fenced":
        assert looked_at(payment).state == PaymentState.NEEDS_ATTENTION, "the receiver's side is not closed yet"
        assert payment.outgoing_payments.count() == 1
        stage.sandbox.clear_faults()
        attention.look_again(payment.pk, by=stage.staff)
    until(
        stage,
        payment,
        PaymentState.APPROVED,
        PaymentState.QUOTED,
        PaymentState.SENDING,
        PaymentState.SENT,
        PaymentState.SETTLED,
    )
    first.refresh_from_db()
    assert first.closed_at
    recover(stage)
    assert until_over(stage, payment).state == RequestState.SETTLED
    assert payment.state == PaymentState.SETTLED
    assert stage.received() == AMOUNT
    # The wallet takes up its old order, too, finds the receiver's side closed, and puts the money back.
    for order in payment.outgoing_payments.exclude(remote_id=""):
        stage.sandbox.settle(order.remote_id)
    assert stage.sandbox.settle()["open"] == 0
    assert stage.sandbox.balance("sol") >= 1_000_000 - AMOUNT
    assert payment.outgoing_payments.filter(state="done").count() == 1


def test_started_anew_without_the_approval_the_payer_is_asked_again(stage: Stage) -> None:
    payment = not_settled(stage)
    grant = payment.grant
    assert grant
    with transaction.atomic():
        for ending in (GrantState.CANCELLING, GrantState.ENDED):
            move(grant, ending, actor=Actor.system("test"))
    attention.start_anew(payment.pk, by=stage.staff)
    until(stage, payment, PaymentState.QUOTED)
    payment.request.refresh_from_db()
    assert payment.request.state == RequestState.AWAITING_APPROVAL
    assert Message.objects.filter(template="approval_again").count() == 1
    recover(stage)
    assert until_over(stage, payment).state == RequestState.SETTLED
    assert stage.received() == AMOUNT


@every_trouble
def test_given_up_it_fails_and_nothing_arrives_any_more(stage: Stage, reason: str) -> None:
    payment = TROUBLES[reason](stage)
    attention.give_up(payment.pk, by=stage.staff)
    stage.sandbox.clear_faults()
    attention.look_again(payment.pk, by=stage.staff)
    assert until_over(stage, payment).state == RequestState.FAILED
    assert (payment.state, payment.reason, payment.received_value) == ("failed", "given_up", arrived(reason))
    assert payment.incoming_payments.get().closed_at
    recover(stage)
    looked_at(payment)
    assert stage.received() == arrived(reason)
    assert Message.objects.filter(template="failed").count() == 1
    assert "payment.decided" in kinds(payment)


@every_trouble
def test_settled_outside_counts_once_two_people_say_so(stage: Stage, second: User, reason: str) -> None:
    payment = TROUBLES[reason](stage)
    attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=stage.staff)
    assert looked_at(payment).state == PaymentState.NEEDS_ATTENTION, "one person's word changes nothing"
    attention.confirm_outside(payment.pk, by=second)
    stage.sandbox.clear_faults()
    attention.look_again(payment.pk, by=second)
    request = until_over(stage, payment)
    assert request.state == RequestState.SETTLED_OUTSIDE
    assert payment.state == PaymentState.SETTLED_OUTSIDE
    claim = payment.outside_settlements.get()
    assert (claim.claimed_by, claim.confirmed_by) == (stage.staff, second)
    recover(stage)
    looked_at(payment)
    assert stage.received() == arrived(reason), "the receiver's side was closed first"
    assert set(Message.objects.values_list("template", flat=True)) >= {"paid", "receipt"}
    told = kinds(payment)
    order = ["payment.outside_reported", "payment.decided", "payment.settled_outside"]
    assert [kind for kind in told if kind in order] == order


def test_nobody_confirms_their_own_report(stage: Stage, second: User) -> None:
    payment = partly_arrived(stage)
    attention.report_outside(payment.pk, way="cash", evidence=EVIDENCE, by=stage.staff)
    with pytest.raises(Refusal, match="You reported this yourself"):
        attention.confirm_outside(payment.pk, by=stage.staff)
    assert looked_at(payment).decision == ""
    assert OutsideSettlement.objects.get().confirmed_by is None


def test_a_report_needs_evidence_and_can_be_withdrawn(stage: Stage, second: User) -> None:
    payment = partly_arrived(stage)
    with pytest.raises(Refusal, match="Write down the evidence"):
        attention.report_outside(payment.pk, way="cash", evidence="  ", by=stage.staff)
    with pytest.raises(Refusal, match="Nobody has reported"):
        attention.confirm_outside(payment.pk, by=second)
    attention.report_outside(payment.pk, way="cash", evidence=EVIDENCE, by=stage.staff)
    attention.withdraw_outside(payment.pk, by=second, why="Not so")
    with pytest.raises(Refusal, match="Nobody has reported"):
        attention.withdraw_outside(payment.pk, by=second, why="Not so")
    with pytest.raises(Refusal, match="Nobody has reported"):
        attention.confirm_outside(payment.pk, by=second)
    attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=second)
    assert payment.outside_settlements.count() == 2


def test_while_somebody_says_that_it_was_paid_outside_it_is_not_sent_again(stage: Stage, second: User) -> None:
    payment = not_settled(stage)
    attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=stage.staff)
    for decide in (attention.start_anew, attention.give_up):
        with pytest.raises(Refusal, match="Somebody already reported"):
            decide(payment.pk, by=second)
    with pytest.raises(Refusal, match="Somebody already reported"):
        attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=second)
    attention.withdraw_outside(payment.pk, by=stage.staff, why="Not so")
    attention.give_up(payment.pk, by=second)
    assert until_over(stage, payment).state == RequestState.FAILED


def test_nor_by_the_program_whatever_the_wallets_say_then(stage: Stage, second: User) -> None:
    """Its outcome is found out meanwhile: nothing was ever ordered. It waits until two have agreed."""
    payment = cannot_be_fenced(stage)
    attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=stage.staff)
    stage.sandbox.clear_faults()
    for _hour in range(8):
        stage.later(8 * 3600)
        payment = looked_at(payment)
    assert payment.incoming_payments.get().closed_at
    assert (payment.state, payment.outgoing_payments.get().state) == ("needs_attention", "unknown")
    attention.withdraw_outside(payment.pk, by=second, why="It was another one")
    assert looked_at(payment).state != PaymentState.NEEDS_ATTENTION


def test_a_report_can_be_withdrawn_after_the_wallets_brought_the_money(stage: Stage, second: User) -> None:
    payment = not_settled(stage)
    attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=stage.staff)
    recover(stage)
    attention.look_again(payment.pk, by=second)
    until(stage, payment, PaymentState.SETTLED)
    assert attention_panel.offered(payment, second) == ["withdraw_outside"]
    with pytest.raises(Refusal, match="does not need attention any more"):
        attention.confirm_outside(payment.pk, by=second)
    attention.withdraw_outside(payment.pk, by=second, why="The wallet has paid")
    payment.refresh_from_db()
    assert (payment.state, attention_panel.offered(payment, second)) == (PaymentState.SETTLED, [])


@pytest.mark.parametrize("decide", [attention.start_anew, attention.give_up])
def test_a_decision_is_taken_once(stage: Stage, second: User, decide: Callable[..., Payment]) -> None:
    payment = not_settled(stage)
    decide(payment.pk, by=stage.staff)
    for again in (attention.start_anew, attention.give_up):
        with pytest.raises(Refusal, match="It was already decided"):
            again(payment.pk, by=second)
    with pytest.raises(Refusal, match="It was already decided"):
        attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=second)
    assert kinds(payment).count("payment.decided") == 1


def test_what_is_over_is_not_decided_any_more(stage: Stage) -> None:
    payment = not_settled(stage)
    attention.give_up(payment.pk, by=stage.staff)
    until_over(stage, payment)
    for late in (attention.take_over, attention.look_again, attention.start_anew, attention.give_up):
        with pytest.raises(Refusal, match="does not need attention any more: it is “Failed”"):
            late(payment.pk, by=stage.staff)


@pytest.mark.parametrize("decision", ["start_anew", "give_up", "outside"])
def test_money_that_arrives_while_the_decision_waits_makes_it_moot(stage: Stage, second: User, decision: str) -> None:
    payment = not_settled(stage)
    stage.sandbox.faults({"match": {"operation": "complete-incoming-payment"}, "do": "500-before", "times": None})
    if decision == "outside":
        attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=stage.staff)
        attention.confirm_outside(payment.pk, by=second)
    else:
        getattr(attention, decision)(payment.pk, by=second)
    assert looked_at(payment).state == PaymentState.NEEDS_ATTENTION
    stage.sandbox.set_balance("sol", 1_000_000)
    attention.look_again(payment.pk, by=second)
    until(stage, payment, PaymentState.SETTLED)
    recover(stage)
    assert until_over(stage, payment).state == RequestState.SETTLED
    assert stage.received() == AMOUNT
    assert payment.outgoing_payments.get().state == "done"


def test_a_part_that_arrives_while_it_waits_to_be_sent_again_brings_it_back_to_a_person(stage: Stage) -> None:
    payment = not_settled(stage)
    stage.sandbox.faults({"match": {"operation": "complete-incoming-payment"}, "do": "500-before", "times": None})
    attention.start_anew(payment.pk, by=stage.staff)
    looked_at(payment)
    assert stage.sandbox.pay_in(payment.incoming_payments.get().remote_id, PART) == PART
    stage.sandbox.clear_faults()
    attention.look_again(payment.pk, by=stage.staff)
    stage.see_through(payment.request)
    payment = looked_at(payment)
    assert (payment.state, payment.reason, payment.decision) == ("needs_attention", "partly_arrived", "")
    assert payment.outgoing_payments.count() == 1
    with pytest.raises(Refusal, match="the whole cannot be sent again"):
        attention.start_anew(payment.pk, by=stage.staff)


def test_a_look_that_fails_does_not_hide_why_a_person_is_needed(stage: Stage) -> None:
    payment = cannot_be_fenced(stage)
    stage.sandbox.faults({"match": {"operation": "get-incoming-payment"}, "do": "500-before", "times": None})
    attention.look_again(payment.pk, by=stage.staff)
    payment = looked_at(payment)
    assert payment.failures > 0
    assert payment.reason == "cannot_be_fenced"


def test_looks_that_fail_come_no_more_often_than_those_that_work(stage: Stage) -> None:
    payment = cannot_be_fenced(stage)
    stage.sandbox.faults({"match": {"operation": "get-incoming-payment"}, "do": "500-before", "times": None})
    Payment.objects.filter(pk=payment.pk).update(polls=len(backoff.POLL_SECONDS), retry_at=None)
    payment = looked_at(payment)
    assert payment.failures > 0
    assert payment.retry_at
    assert payment.retry_at > clock.now() + timedelta(minutes=20)


def test_the_evidence_is_told_but_not_in_bytes_that_cannot_be_erased(stage: Stage) -> None:
    payment = partly_arrived(stage)
    attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=stage.staff)
    row = timeline([("payment", payment.pk)], limit=400)[-1]
    assert EVIDENCE not in str(row.data)
    assert describe(row).text == f"Reported as settled outside the wallets (Bank transfer). Evidence: {EVIDENCE}"
