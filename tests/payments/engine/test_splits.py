"""One approval, several receivers: each is paid exactly, and one who fails does not hold up the others."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import clock
from payments.actions import approvals, attention, requests
from payments.engine import advance as engine
from payments.engine.advance import advance, push
from payments.engine.leases import acquire
from payments.engine.planning import plan
from payments.engine.steps.base import Step
from payments.invariants import violations
from payments.models import Message, PaymentRequest
from payments.models.grants import GrantKind
from payments.presentation.reasons import Refusal
from payments.states import PaymentState, RequestState
from tests.driver import SECONDS, Stage
from tests.payments.engine.splits import line, paid_to, split, states

EVERYTHING = 1_000_000
#: Milliseconds until the money moves.
#: Seconds that a request is worked on which does not come to rest by itself.
LITTLE = 5.0
HOURS_LATER = 5 * 3600 * 1000


def fresh(request: PaymentRequest) -> PaymentRequest:
    return PaymentRequest.objects.get(pk=request.pk)


def test_all_are_paid_exactly_under_one_approval(stage: Stage) -> None:
    lines = [line(stage, "ana", "33.33"), line(stage, "beto", "33.34"), line(stage, "carla", "0.01")]
    request = stage.settled(lines=lines)
    assert request.state == RequestState.SETTLED
    assert [stage.received(name) for name in ("ana", "beto", "carla")] == [33_33, 33_34, 1]
    assert stage.sandbox.balance("sol") == EVERYTHING - 66_68
    assert request.grants.filter(kind=GrantKind.OUTGOING).count() == 1


def test_a_receiver_whose_wallet_is_closed_falls_out_before_anybody_is_asked(stage: Stage) -> None:
    lines = split(stage, "ana", "beto", "carla")
    stage.sandbox.change_wallet("beto", disabled=True)
    request = stage.quoted(lines=lines)
    assert request.state == RequestState.QUOTED
    assert request.ceiling_debit == 200_00
    assert states(request) == {"ana": "quoted", "beto": "failed", "carla": "quoted"}
    assert paid_to(request, "beto").reason == "receiver_wallet"
    requests.send(request.pk, by=stage.staff)
    request = stage.settle(request)
    assert (request.state, request.reason) == (RequestState.SETTLED, "")
    assert not violations()


def test_a_receiver_who_refuses_falls_out(stage: Stage) -> None:
    lines = split(stage, "ana", "beto")
    stage.sandbox.faults({"match": {"operation": "create-incoming-payment"}, "do": "status:400", "times": 1})
    request = stage.quoted(lines=lines)
    assert request.state == RequestState.QUOTED
    assert sorted(states(request).values()) == ["failed", "quoted"]


def test_when_nobody_is_left_the_request_fails_and_says_why(stage: Stage) -> None:
    lines = split(stage, "ana", "beto")
    for name in ("ana", "beto"):
        stage.sandbox.change_wallet(name, disabled=True)
    request = stage.quoted(lines=lines)
    assert (request.state, request.reason) == (RequestState.FAILED, "receiver_wallet")


def test_when_the_payer_is_the_problem_all_fail_at_once(stage: Stage) -> None:
    lines = split(stage, "ana", "beto", "carla")
    stage.sandbox.change_wallet("sol", disabled=True)
    request = stage.quoted(lines=lines)
    assert (request.state, request.reason) == (RequestState.FAILED, "payer_wallet")
    assert set(states(request).values()) == {"failed"}


def test_a_receiver_who_closes_after_the_mail_does_not_keep_the_payer_from_approving(stage: Stage) -> None:
    request = stage.sent(lines=split(stage, "ana", "beto"))
    stage.later(400)
    stage.sandbox.change_wallet("beto", disabled=True)
    request = stage.settle(request, seconds=LITTLE)
    assert request.state == RequestState.APPROVED
    assert states(request) == {"ana": "settled", "beto": "approved"}
    stage.later(25 * 3600)
    request = advance(request.pk, SECONDS)
    assert states(request) == {"ana": "settled", "beto": "failed"}
    assert (request.state, request.reason) == (RequestState.SETTLED_IN_PART, "some_failed")
    assert Message.objects.filter(request=request, template="receipt").count() == 1
    assert not Message.objects.filter(request=request, template="failed").exists()
    assert not violations()


def test_quotes_that_grew_together_are_not_ordered_beyond_what_was_approved(stage: Stage) -> None:
    """Each of the two alone is within the ceiling; together they are not."""
    request = stage.approved(lines=split(stage, "ana", "beto"))
    stage.later(400)
    stage.sandbox.change_wallet("sol", fee={"fixed": 50, "percentBps": 0})
    request = advance(request.pk, 30)
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "amount_grew")
    assert sorted(states(request).values()) == ["quoted", "settled"]
    refused = [call for call in stage.sandbox.requests("create-outgoing-payment") if call["status"] != 201]
    assert refused == []
    assert not violations()


def one_paid_one_asked_again(stage: Stage) -> PaymentRequest:
    """Two workers: one was paid 100.50, for the other the approval did not suffice."""
    request = stage.approved(lines=split(stage, "ana", "beto"))
    stage.later(400)
    stage.sandbox.change_wallet("sol", fee={"fixed": 50, "percentBps": 0})
    request = advance(request.pk, 30)
    assert request.state == RequestState.AWAITING_APPROVAL
    return request


def test_the_payer_is_asked_for_just_the_rest(stage: Stage) -> None:
    request = one_paid_one_asked_again(stage)
    assert (request.ceiling_debit, request.committed_debit, request.proposed_debit) == (200_00, 100_50, 201_00)
    assert request.shown == 100_50
    with pytest.raises(Refusal):
        approvals.approve(request.pk, 201_00)
    request = stage.settle(request, accepted=100_50)
    assert request.state == RequestState.SETTLED
    grants = list(request.grants.filter(kind=GrantKind.OUTGOING).order_by("created_at", "id"))
    assert [grant.limit_debit for grant in grants] == [200_00, 100_50]
    assert stage.sandbox.balance("sol") == EVERYTHING - 201_00
    assert (stage.received("ana"), stage.received("beto")) == (100_00, 100_00)
    assert not violations()


def test_asked_again_it_does_not_ask_for_ever(stage: Stage) -> None:
    """The fee grows once more between the two approvals: the payer accepts each growth once."""
    request = one_paid_one_asked_again(stage)
    stage.sandbox.change_wallet("sol", fee={"fixed": 80, "percentBps": 0})
    approvals.approve(request.pk, 100_50)
    request = advance(request.pk, SECONDS)
    assert (request.proposed_debit, request.shown) == (201_30, 100_80)
    request = stage.settle(request, accepted=100_80)
    assert request.state == RequestState.SETTLED
    assert stage.sandbox.balance("sol") == EVERYTHING - 201_30


@pytest.mark.parametrize("how", ["declined", "expired", "cancelled"])
def test_a_rest_that_is_not_approved_leaves_what_was_paid(stage: Stage, how: str) -> None:
    request = one_paid_one_asked_again(stage)
    match how:
        case "declined":
            approvals.decline(request.pk, "Not now")
        case "expired":
            stage.later(15 * 24 * 3600)
            advance(request.pk, SECONDS)
        case "cancelled":
            requests.cancel(request.pk, by=stage.staff)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.SETTLED_IN_PART, f"rest_{how}")
    assert sorted(states(request).values()) == ["cancelled", "settled"]
    assert Message.objects.filter(request=request, template="receipt").count() == 1
    assert not Message.objects.filter(request=request, template="cancelled").exists()
    assert not violations()


def ana_is_sent_beto_waits(stage: Stage) -> PaymentRequest:
    """Approved; Ana's money is on its way, while Beto's wallet is out of reach."""
    request = stage.approved(lines=split(stage, "ana", "beto"))
    stage.later(400)
    stage.sandbox.change_wallet("beto", disabled=True)
    return advance(request.pk, 3)


def ana_needs_a_person_beto_is_asked_for_again(stage: Stage) -> PaymentRequest:
    stage.sandbox.settings(settleDelayMs=HOURS_LATER)
    request = ana_is_sent_beto_waits(stage)
    assert states(request) == {"ana": "sent", "beto": "approved"}
    stage.later(2 * 3600)
    # By now the wallet has purged the approval's token.
    stage.sandbox.faults({"match": {"operation": "post-token"}, "do": "status:404"})
    stage.sandbox.change_wallet("beto", disabled=False)
    request = advance(request.pk, 5)
    assert states(request) == {"ana": "needs_attention", "beto": "quoted"}
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "approval_ended")
    assert (request.committed_debit, request.shown) == (100_00, 100_00)
    stage.sandbox.clear_faults()
    return request


@pytest.mark.usefixtures("soon_a_person")
def test_what_needs_a_person_does_not_hold_up_the_others(stage: Stage) -> None:
    request = ana_needs_a_person_beto_is_asked_for_again(stage)
    stage.sandbox.settings(settleDelayMs=0)
    request = stage.settle(request, accepted=100_00, seconds=LITTLE)
    assert (request.state, paid_to(request, "beto").state) == (RequestState.APPROVED, PaymentState.SETTLED)
    # Sent anew, Ana's money needs a new approval, too: the old order counts no longer, and its approval is gone.
    attention.start_anew(paid_to(request, "ana").pk, by=stage.staff)
    request = stage.see_through(request, 4)
    assert (request.state, request.committed_debit, request.shown) == (RequestState.AWAITING_APPROVAL, 100_00, 100_00)
    request = stage.settle(request, accepted=100_00)
    assert request.state == RequestState.SETTLED
    assert (stage.received("ana"), stage.received("beto")) == (100_00, 100_00)
    assert not violations()


@pytest.mark.usefixtures("soon_a_person")
def test_sent_anew_while_the_payer_is_asked_for_the_rest(stage: Stage) -> None:
    request = ana_needs_a_person_beto_is_asked_for_again(stage)
    attention.start_anew(paid_to(request, "ana").pk, by=stage.staff)
    request = stage.see_through(request, 4)
    assert states(request) == {"ana": "quoted", "beto": "quoted"}
    assert (request.committed_debit, request.shown) == (0, 200_00)
    stage.sandbox.settings(settleDelayMs=0)
    with pytest.raises(Refusal):
        approvals.approve(request.pk, 100_00)  # what an older page showed
    request = stage.settle(request, accepted=200_00)
    assert request.state == RequestState.SETTLED
    assert (stage.received("ana"), stage.received("beto")) == (100_00, 100_00)


@pytest.mark.usefixtures("soon_a_person")
def test_a_declined_rest_waits_for_what_needs_a_person(stage: Stage) -> None:
    request = ana_needs_a_person_beto_is_asked_for_again(stage)
    approvals.decline(request.pk, "Enough")
    request = advance(request.pk, 5)
    assert (request.state, request.reason) == (RequestState.APPROVED, "rest_declined")
    assert states(request) == {"ana": "needs_attention", "beto": "cancelled"}
    assert not violations()
    # It arrives after all.
    stage.later(6 * 3600)
    stage.sandbox.settings(settleDelayMs=0)
    stage.sandbox.settle()
    attention.look_again(paid_to(request, "ana").pk, by=stage.staff)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.SETTLED_IN_PART, "rest_declined")
    assert states(request) == {"ana": "settled", "beto": "cancelled"}
    assert not violations()


def test_staff_cancel_what_is_not_under_way(stage: Stage) -> None:
    request = ana_is_sent_beto_waits(stage)
    assert states(request) == {"ana": "settled", "beto": "approved"}
    requests.cancel(request.pk, by=stage.staff)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.SETTLED_IN_PART, "rest_cancelled")
    assert states(request) == {"ana": "settled", "beto": "cancelled"}
    assert request.grants.filter(kind=GrantKind.OUTGOING).get().state == "ended"
    with pytest.raises(Refusal):
        requests.cancel(request.pk, by=stage.staff)


def test_twenty_receivers_settle_under_one_approval(stage: Stage) -> None:
    lines = [line(stage, f"worker-{number}", "10.00") for number in range(20)]
    request = advance(stage.approved(lines=lines).pk, 120)
    assert request.state == RequestState.SETTLED
    assert stage.sandbox.balance("sol") == EVERYTHING - 200_00
    assert not violations()


@pytest.mark.prove
def test_a_plan_reads_as_much_for_twenty_as_for_two(stage: Stage) -> None:
    stage.sandbox.settings(settleDelayMs=HOURS_LATER)

    def reads(*names: str) -> int:
        request = stage.approved(lines=split(stage, *names, amount="10.00"))
        push(request.pk, 120)
        assert set(states(request).values()) == {"sent"}
        # Every one of them is looked at.
        request.payments.update(retry_at=None, polls=0)
        with CaptureQueriesContext(connection) as queries:
            planned = plan(fresh(request), clock.now())
        assert len(planned.steps) == len(names)
        return sum(query["sql"].startswith("SELECT") for query in queries)

    assert reads("ana", "beto") == reads(*(f"worker-{number}" for number in range(20)))


def test_a_long_plan_keeps_its_lease(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each few calls may take as long as calls may: together longer than a lease lives."""
    request = stage.ask(lines=[line(stage, f"worker-{number}", "10.00") for number in range(20)])
    do = engine._do
    waves: list[int] = []

    def slowly(steps: list[Step]) -> engine.Answered:
        waves.append(len(steps))
        answered = do(steps)
        stage.later(30)
        assert acquire(request.pk) is None, "nobody else takes it over meanwhile"
        return answered

    monkeypatch.setattr(engine, "_do", slowly)
    assert advance(request.pk, 120).state == RequestState.QUOTED
    assert max(waves) == engine.MAX_AT_ONCE
