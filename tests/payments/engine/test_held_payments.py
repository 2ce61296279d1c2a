"""Approve now, pay when the work is accepted."""

from functools import partial

import pytest

from payments.actions import approvals, release_held, requests
from payments.engine.advance import advance
from payments.engine.planning import paying
from payments.invariants import violations
from payments.models import Message, PaymentRequest
from payments.models.grants import GrantKind
from payments.presentation.reasons import Refusal, sentence
from payments.states import PaymentState, RequestState
from tests.driver import SECONDS, Stage, together
from tests.payments.engine.splits import line, paid_to, states
from tests.payments.engine.test_splits import EVERYTHING

DAY = 24 * 3600


def held(stage: Stage, *names: str) -> PaymentRequest:
    """Approved by the payer, and waiting for the work of `names`."""
    lines = [line(stage, name, "100.00", held=True) for name in names]
    request = stage.settled(lines=lines)
    assert request.state == RequestState.APPROVED
    assert set(states(request).values()) == {"approved"}
    return request


def release(stage: Stage, request: PaymentRequest, name: str, seconds: float = SECONDS) -> PaymentRequest:
    release_held.release(paid_to(request, name).pk, by=stage.staff)
    return advance(request.pk, seconds)


def grants_to_pay(request: PaymentRequest) -> list[str]:
    return list(request.grants.filter(kind=GrantKind.OUTGOING).values_list("state", flat=True))


def test_each_is_paid_when_released_over_weeks_under_one_approval(stage: Stage) -> None:
    request = held(stage, "ana", "beto", "carla")
    assert not stage.sandbox.requests("create-outgoing-payment")
    for days, name in ((3, "ana"), (9, "beto"), (40, "carla")):
        for _week in range(0, days, 6):
            stage.later(6 * DAY)
            advance(request.pk, 3)
        request = release(stage, request, name)
        assert paid_to(request, name).state == PaymentState.SETTLED
    assert request.state == RequestState.SETTLED
    assert grants_to_pay(request) == ["ended"] or grants_to_pay(request) == ["cancelling"]
    assert stage.sandbox.balance("sol") == EVERYTHING - 300_00
    assert not violations()


def test_while_it_waits_no_place_for_money_stands_open(stage: Stage) -> None:
    request = held(stage, "ana")
    places = paid_to(request, "ana").incoming_payments.all()
    assert [place.over_at is not None for place in places] == [True]
    request = release(stage, request, "ana")
    assert request.state == RequestState.SETTLED
    assert paid_to(request, "ana").incoming_payments.count() == 2


def test_work_that_is_accepted_early_is_paid_right_after_the_approval(stage: Stage) -> None:
    request = stage.sent(lines=[line(stage, "ana", "100.00", held=True), line(stage, "beto", "100.00", held=True)])
    release_held.release(paid_to(request, "ana").pk, by=None)
    request = stage.settle(request)
    assert states(request) == {"ana": "settled", "beto": "approved"}


def test_a_revoked_approval_is_asked_for_again_for_the_rest_alone(stage: Stage) -> None:
    request = release(stage, held(stage, "ana", "beto", "carla"), "ana")
    grant = request.grants.get(kind=GrantKind.OUTGOING)
    stage.later(DAY)
    stage.sandbox.faults({"match": {"operation": "post-token"}, "do": "status:404"})
    request = release(stage, request, "beto")
    stage.sandbox.clear_faults()
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "approval_ended")
    assert (request.committed_debit, request.shown) == (100_00, 200_00)
    request = stage.settle(request, accepted=200_00)
    assert states(request) == {"ana": "settled", "beto": "settled", "carla": "approved"}
    assert request.grants.filter(kind=GrantKind.OUTGOING).exclude(pk=grant.pk).get().limit_debit == 200_00
    assert release(stage, request, "carla").state == RequestState.SETTLED
    assert stage.sandbox.balance("sol") == EVERYTHING - 300_00
    assert not violations()


def test_one_minor_unit_above_the_limit_is_asked_for(stage: Stage) -> None:
    request = release(stage, held(stage, "ana", "beto"), "ana")
    stage.sandbox.change_wallet("sol", fee={"fixed": 1, "percentBps": 0})
    request = release(stage, request, "beto")
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "amount_grew")
    assert (request.proposed_debit, request.shown) == (200_01, 100_01)
    old = request.grants.filter(kind=GrantKind.OUTGOING).earliest("created_at")
    assert (old.spent_value, old.spent_checked_at is not None) == (100_00, True)
    assert stage.settle(request, accepted=100_01).state == RequestState.SETTLED
    assert not violations()


def test_a_wallet_that_does_not_tell_what_was_spent_is_no_trouble(stage: Stage) -> None:
    request = release(stage, held(stage, "ana", "beto"), "ana")
    stage.sandbox.faults({"match": {"operation": "get-outgoing-payment-grant"}, "do": "status:404"})
    requests.ask_what_was_spent(request.pk)
    request = advance(request.pk, 3)
    grant = request.grants.get(kind=GrantKind.OUTGOING)
    assert (grant.state, grant.spent_value, grant.spent_checked_at is not None) == ("active", None, True)
    stage.sandbox.clear_faults()
    requests.ask_what_was_spent(request.pk)
    advance(request.pk, 3)
    grant.refresh_from_db()
    assert grant.spent_value == 100_00


def test_a_balance_that_is_gone_by_then_asks_the_payer_again(stage: Stage) -> None:
    request = held(stage, "ana")
    stage.sandbox.set_balance("sol", 50_00)
    request = release(stage, request, "ana", 3)
    assert paid_to(request, "ana").state == PaymentState.SENT
    stage.later(DAY // 2)
    request = stage.see_through(request)
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "payment_failed")
    stage.sandbox.set_balance("sol", 500_00)
    request = stage.settle(request)
    assert request.state == RequestState.SETTLED
    assert (stage.received("ana"), stage.sandbox.balance("sol")) == (100_00, 400_00)
    assert not violations()


def test_one_that_is_called_off_leaves_the_others(stage: Stage) -> None:
    request = held(stage, "ana", "beto")
    release_held.cancel(paid_to(request, "ana").pk, by=stage.staff)
    release_held.cancel(paid_to(request, "ana").pk, by=stage.staff)
    request = release(stage, advance(request.pk, 3), "beto")
    assert states(request) == {"ana": "cancelled", "beto": "settled"}
    assert (request.state, request.reason) == (RequestState.SETTLED_IN_PART, "rest_cancelled")
    with pytest.raises(Refusal):
        release_held.release(paid_to(request, "ana").pk, by=stage.staff)
    with pytest.raises(Refusal):
        release_held.cancel(paid_to(request, "beto").pk, by=stage.staff)
    assert not violations()


def test_when_nothing_remains_the_payer_is_told(stage: Stage) -> None:
    request = held(stage, "ana")
    release_held.cancel(paid_to(request, "ana").pk, by=None)
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.CANCELLED
    assert grants_to_pay(request) == ["ended"]
    assert Message.objects.filter(request=request, template="cancelled").count() == 1


def test_one_that_is_called_off_before_the_approval_is_not_asked_for(stage: Stage) -> None:
    request = stage.sent(lines=[line(stage, "ana", "100.00", held=True), line(stage, "beto", "60.00", held=True)])
    release_held.cancel(paid_to(request, "ana").pk, by=stage.staff)
    with pytest.raises(Refusal):
        approvals.approve(request.pk, 160_00)  # what an older page showed
    request = stage.settle(request, accepted=60_00)
    assert request.grants.get(kind=GrantKind.OUTGOING).limit_debit == 60_00
    assert states(request) == {"ana": "cancelled", "beto": "approved"}


def test_what_is_not_held_can_not_be_released(stage: Stage) -> None:
    request = stage.quoted()
    with pytest.raises(Refusal):
        release_held.release(stage.payment(request).pk, by=stage.staff)


def test_a_wallet_that_closed_meanwhile_fails_alone(stage: Stage) -> None:
    request = held(stage, "ana", "beto")
    stage.sandbox.change_wallet("ana", disabled=True)
    stage.later(3 * DAY)
    request = release(stage, request, "ana", 3)
    stage.later(25 * 3600)
    request = release(stage, request, "beto")
    assert states(request) == {"ana": "failed", "beto": "settled"}
    assert (request.state, request.reason) == (RequestState.SETTLED_IN_PART, "some_failed")
    ana = paid_to(request, "ana")
    told = f"The wallet of ana cannot be used: {sentence('wallet_not_found', {'wallet': ana.receiver_wallet.url})}"
    assert sentence(ana.reason, ana.reason_params) == told
    assert not violations()


def test_a_wallet_that_was_closed_for_a_day_is_paid_when_it_is_back(stage: Stage) -> None:
    request = held(stage, "ana")
    stage.sandbox.change_wallet("ana", disabled=True)
    stage.later(3 * DAY)
    request = release(stage, request, "ana", 3)
    assert paid_to(request, "ana").reason == "receiver_wallet"
    stage.sandbox.change_wallet("ana", disabled=False)
    stage.later(3600)
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert not paid_to(request, "ana").receiver_wallet.problem
    assert not violations()


def test_released_twice_it_is_paid_once(stage: Stage) -> None:
    request = held(stage, "ana")
    payment = paid_to(request, "ana")
    first = release_held.release(payment.pk, by=stage.staff)
    assert release_held.release(payment.pk, by=stage.staff).released_at == first.released_at
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert release_held.release(payment.pk, by=stage.staff).state == PaymentState.SETTLED
    assert stage.received("ana") == 100_00


@pytest.mark.django_db(transaction=True)
def test_two_who_are_released_at_once_are_both_paid(stage: Stage) -> None:
    request = held(stage, "ana", "beto")
    together(*[partial(release, stage, request, name) for name in ("ana", "beto")])
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.SETTLED
    assert stage.sandbox.balance("sol") == EVERYTHING - 200_00
    assert not violations()


def test_a_worker_that_dies_between_release_and_order_loses_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = held(stage, "ana")
    payment = release_held.release(paid_to(request, "ana").pk, by=stage.staff)

    class Dead(BaseException):
        pass

    def die(*_args: object, **_more: object) -> None:
        raise Dead

    with monkeypatch.context() as patched:
        patched.setattr(paying, "quote_or_step", die)
        with pytest.raises(Dead):
            advance(request.pk, SECONDS)
    stage.later(60)
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert stage.received(payment.receiver_name) == 100_00


def test_its_approval_is_kept_from_being_forgotten(stage: Stage) -> None:
    request = held(stage, "ana")
    for _ in range(4):
        stage.later(7 * DAY + 3600)
        advance(request.pk, 3)
    assert len(stage.sandbox.requests("post-token")) == 4
    request = PaymentRequest.objects.get(pk=request.pk)
    assert request.next_attempt_at is not None
