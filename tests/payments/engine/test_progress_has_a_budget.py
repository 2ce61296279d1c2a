"""No wallet, and no fault of our own, keeps the engine busy for ever, or ends what should not end."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from payments.engine.advance import advance
from payments.engine.planning import hourly_budget, paying
from payments.engine.steps.quoting import CreateQuote
from payments.engine.steps.receiving import CreateIncomingPayment
from payments.models import Grant, PaymentRequest, Quote
from payments.models.requests import STUCK
from payments.models.standing_budgets import BudgetState
from payments.openpayments.errors import Meaning, Refused
from payments.presentation.reasons import sentence
from payments.states import AttemptState, GrantState, PaymentState, RequestState
from tests.driver import SECONDS, Stage
from tests.payments.engine.budgets import DAY, active, again, drawn
from tests.payments.engine.splits import paid_to, split

ALL = 100_00


def fault(stage: Stage, do: str, operation: str, times: int | None = 1, **more: Any) -> None:
    stage.sandbox.faults({"match": {"operation": operation}, "do": do, "times": times, **more})


# -- refusals that are not final


@pytest.mark.parametrize("do", ["too-many", "invalid-client", "status:503"])
def test_a_budget_survives_a_refusal_that_passes_when_its_token_is_renewed(stage: Stage, do: str) -> None:
    budget = active(stage)
    stage.later(DAY)
    request = drawn(stage, budget)
    fault(stage, do, "post-token", times=2, seconds=5)
    advance(request.pk, 3)
    stage.later(60)
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert again(budget).state == BudgetState.ACTIVE


def test_without_the_one_reading_of_refusals_the_budget_would_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test above would notice: an engine to which every status of 4xx is final."""
    monkeypatch.setattr(Refused, "meaning", Meaning.FINAL)
    budget = active(stage)
    stage.later(DAY)
    request = drawn(stage, budget)
    fault(stage, "too-many", "post-token", times=2, seconds=5)
    advance(request.pk, 3)
    advance(budget.request_id, 3)
    assert again(budget).state == BudgetState.STOPPED


def test_a_renewal_whose_answer_was_lost_ends_the_approval_once_the_wallet_says_so(stage: Stage) -> None:
    budget = active(stage)
    stage.later(DAY)
    request = drawn(stage, budget)
    fault(stage, "reset-after", "post-token")
    request = advance(request.pk, 5)
    advance(budget.request_id, 5)
    assert again(budget).state == BudgetState.STOPPED
    assert (request.state, stage.received()) == (RequestState.QUOTED, 0)


def test_secrets_are_kept_while_an_approval_that_is_given_back_may_live(stage: Stage) -> None:
    request = stage.approved()
    fault(stage, "invalid-client", "delete-continue", times=None)
    assert advance(request.pk, 2).state == RequestState.SETTLED
    grant = Grant.objects.get(request=request, kind="outgoing-payment")
    assert (grant.state, bool(grant.sealed)) == (GrantState.CANCELLING, True)
    stage.sandbox.clear_faults()
    stage.later(60)
    advance(request.pk, SECONDS)
    grant.refresh_from_db()
    assert (grant.state, grant.sealed) == (GrantState.ENDED, "")


def test_a_wallet_that_calls_every_token_dead_for_an_hour_fails_nothing(stage: Stage) -> None:
    request = stage.approved()
    fault(stage, "status:401", "create-outgoing-payment", times=None)
    for _ in range(20):
        stage.later(200)
        request = advance(request.pk, 0.5)
    payment = stage.payment(request)
    assert payment.state == PaymentState.APPROVED
    assert payment.outgoing_payments.count() <= 2 * hourly_budget.MOST_OUTGOING_PAYMENTS
    stage.sandbox.clear_faults()
    stage.later(3700)
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert stage.received() == ALL


# -- what lives for a moment


@pytest.mark.parametrize(
    "short", [{"shortensIncomingPayments": True, "incomingPaymentSeconds": 1800}, {"quoteSeconds": 15}], ids=str
)
def test_what_lives_shorter_than_our_margin_is_used_at_once_once(stage: Stage, short: dict[str, Any]) -> None:
    stage.sandbox.settings(**short)
    request = stage.settled()
    assert (request.state, stage.received()) == (RequestState.SETTLED, ALL)
    payment = stage.payment(request)
    assert payment.incoming_payments.count() <= 3
    assert payment.quotes.count() <= 4


def test_quotes_that_are_of_no_use_are_asked_for_so_often_and_no_more(stage: Stage) -> None:
    stage.sandbox.settings(quoteSeconds=1)
    request = stage.ask()
    stage.sandbox.faults({"match": {"operation": "create-quote"}, "do": "delay", "seconds": 0.01, "times": None})
    request = advance(request.pk, 3)
    assert request.state in {RequestState.QUOTED, RequestState.FAILED}
    assert stage.payment(request).quotes.count() <= hourly_budget.MOST_QUOTES


def test_looks_at_what_does_not_arrive_leave_one_grant_alive(stage: Stage) -> None:
    stage.sandbox.settings(settleOnCommand=True)
    request = advance(stage.approved().pk, 1)
    for _ in range(12):
        stage.later(1900)
        advance(request.pk, 0)
    assert request.grants.filter(kind="incoming-payment").count() == 1


# -- faults of our own


def test_what_a_step_raises_is_its_own_failure_and_takes_no_neighbours_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = stage.ask(lines=split(stage, "ana", "beto"))
    call = CreateIncomingPayment.call

    def stumble(step: CreateIncomingPayment, *args: Any) -> Any:
        if "beto" in step.wallet_address:
            raise KeyError("beto")
        return call(step, *args)

    monkeypatch.setattr(CreateIncomingPayment, "call", stumble)
    request = advance(request.pk, 8)
    assert request.state == RequestState.QUOTED
    assert (paid_to(request, "ana").state, paid_to(request, "beto").state) == ("quoted", "failed")
    assert paid_to(request, "beto").reason == "program_failed"


def test_an_answer_that_cannot_be_taken_in_is_that_steps_failure(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    request = stage.ask()
    monkeypatch.setattr(CreateQuote, "apply", lambda _step, _answer: 1 / 0)
    request = advance(request.pk, 8)
    assert (request.state, request.reason) == (RequestState.FAILED, "program_failed")


def test_what_a_crash_left_without_an_answer_is_found_by_whoever_comes_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = stage.ask(lines=split(stage, "ana", "beto"))
    with monkeypatch.context() as broken:
        for part in ("apply", "failed"):
            broken.setattr(CreateQuote, part, lambda _step, _answer: 1 / 0)
        advance(request.pk, 4)
    assert PaymentRequest.objects.get(pk=request.pk).crashes == 1
    assert Quote.objects.filter(state=AttemptState.INTENDED).count() == 2
    stage.later(120)
    assert advance(request.pk, SECONDS).state == RequestState.QUOTED
    assert set(Quote.objects.values_list("state", flat=True)) == {AttemptState.UNKNOWN, AttemptState.OPEN}


def test_a_request_that_the_program_fails_at_is_tried_rarely_and_people_see_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    request = stage.approved()
    with monkeypatch.context() as broken:
        broken.setattr(paying, "plan", lambda _request, _now: 1 / 0)
        for _ in range(STUCK):
            advance(request.pk, 1)
            stage.later(700)
    request = PaymentRequest.objects.get(pk=request.pk)
    assert (request.crashes, request.crash, request.is_stuck) == (STUCK, "ZeroDivisionError", True)
    client.force_login(User.objects.create_superuser("root"))
    told = sentence("stuck", {"crash": "ZeroDivisionError"})
    assert told in client.get(f"/admin/payments/paymentrequest/{request.pk}/change/").content.decode()
    assert "1 request is stuck" in client.get("/admin/").content.decode()
    assert len(client.get("/admin/payments/paymentrequest/?stuck=yes").context["cl"].result_list) == 1
    request = advance(request.pk, SECONDS)
    assert (request.state, request.crashes) == (RequestState.SETTLED, 0)
