"""Everything at once: one wins, the others learn the truth, and the money moves once."""

import pytest

from ledger.api import seal, verify
from payments.actions import approvals, requests
from payments.engine.advance import advance
from payments.models import PaymentRequest
from payments.presentation.reasons import Refusal
from payments.states import RequestState
from tests.driver import SECONDS, Stage, together

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 4


def test_four_workers_on_one_payment_pay_once(stage: Stage) -> None:
    request = stage.approved()
    states = together(*[lambda: advance(request.pk, SECONDS).state] * AT_ONCE)
    assert states == [RequestState.SETTLED] * AT_ONCE
    assert len(stage.sandbox.requests("create-outgoing-payment")) == 1
    assert len(stage.sandbox.requests("post-continue")) == 1
    assert stage.received() == 100_00


def test_four_returns_at_once_are_one(stage: Stage) -> None:
    request = stage.sent()
    finish = stage.sandbox.approve(stage.at_wallet(request))
    answers = together(*[lambda: stage.come_back(request, finish)] * AT_ONCE)
    assert sorted(answers) == ["accepted", "repeated", "repeated", "repeated"]
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert len(stage.sandbox.requests("post-continue")) == 1


def test_the_same_form_sent_four_times_at_once_asks_once(stage: Stage) -> None:
    asked = together(*[lambda: stage.ask(form_id="pressed-once").pk] * AT_ONCE)
    assert len(set(asked)) == 1, asked
    assert PaymentRequest.objects.count() == 1


def test_two_who_send_at_once_send_one_email(stage: Stage) -> None:
    request = stage.quoted()
    answers = together(*[lambda: requests.send(request.pk, by=stage.staff).state] * 2)
    assert sorted(str(type(answer).__name__) for answer in answers).count("Refusal") == 1
    assert request.messages.count() == 1


def test_cancelling_against_paying_has_one_outcome(stage: Stage) -> None:
    request = stage.approved()
    cancelled, advanced = together(
        lambda: requests.cancel(request.pk, by=stage.staff), lambda: advance(request.pk, SECONDS)
    )
    state = advance(request.pk, SECONDS).state
    assert isinstance(advanced, PaymentRequest)
    if isinstance(cancelled, Refusal):
        assert state == RequestState.SETTLED
        assert stage.received() == 100_00
    else:
        assert state == RequestState.CANCELLED
        assert stage.received() == 0


def test_declining_against_approving_has_one_outcome(stage: Stage) -> None:
    request = stage.sent()
    finish = stage.sandbox.approve(stage.at_wallet(request))
    together(lambda: approvals.decline(request.pk, "no"), lambda: stage.come_back(request, finish))
    state = advance(request.pk, SECONDS).state
    assert state == RequestState.DECLINED
    assert stage.received() == 0
    assert not set(request.grants.filter(kind="outgoing-payment").values_list("state", flat=True)) - {"ended"}


def test_the_ledger_verifies_after_all_of_it(stage: Stage) -> None:
    requests = [stage.approved() for _ in range(3)]
    together(*[lambda pk=request.pk: advance(pk, SECONDS) for request in requests for _ in range(2)])
    assert {advance(request.pk, SECONDS).state for request in requests} == {RequestState.SETTLED}
    while seal():
        pass
    assert not list(verify())
    assert stage.received() == 300_00
