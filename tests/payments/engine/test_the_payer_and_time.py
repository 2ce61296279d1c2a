"""Clocks, prices and second thoughts between the email and the money."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client

from payments import links
from payments.actions import approvals, pausing, requests
from payments.engine.advance import advance
from payments.models import Payment, PaymentRequest, SecondPersonRule
from payments.models.pauses import PauseScope
from payments.presentation.reasons import Refusal
from payments.states import PaymentState, RequestState
from tests.driver import SECONDS, Stage


def test_a_wallet_page_that_ran_out_is_made_anew_behind_the_same_link(stage: Stage) -> None:
    request = stage.sent()
    first = stage.at_wallet(request)
    stage.later(15 * 60)
    assert approvals.wallet_page(PaymentRequest.objects.get(pk=request.pk)) is None
    second = stage.at_wallet(request)
    assert first != second
    states = list(request.grants.filter(kind="outgoing-payment").values_list("state", flat=True))
    assert states == ["ended", "pending"]
    stage.come_back(request, stage.sandbox.approve(second))
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED


def test_the_approval_of_an_older_page_is_not_used(stage: Stage) -> None:
    request = stage.sent()
    older = stage.sandbox.approve(stage.at_wallet(request))
    stage.later(1)
    stage.at_wallet(request)
    assert stage.come_back(request, older) != "accepted"


def test_a_payer_who_says_no_in_the_wallet_can_still_say_yes(stage: Stage) -> None:
    request = stage.sent()
    finish = stage.sandbox.reject(stage.at_wallet(request))
    assert "result=grant_rejected" in finish
    assert advance(request.pk, 1).state == RequestState.AWAITING_APPROVAL
    assert stage.settle(request).state == RequestState.SETTLED


def test_an_amount_that_grew_is_shown_before_it_is_charged(stage: Stage) -> None:
    request = stage.sent()
    stage.sandbox.change_wallet("sol", fee={"fixed": 50, "percentBps": 0})
    approvals.approve(request.pk, request.ceiling_debit)
    request = advance(request.pk, SECONDS)
    assert approvals.wallet_page(request) is None
    assert (request.ceiling_debit, request.proposed_debit, request.reason) == (100_00, 100_50, "amount_grew")
    with pytest.raises(Refusal):
        approvals.approve(request.pk, 100_00)
    page = stage.at_wallet(request, accepted=100_50)
    stage.come_back(request, stage.sandbox.approve(page))
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert stage.sandbox.balance("sol") == 1_000_000 - 100_50


def test_an_amount_that_grew_after_the_approval_asks_again(stage: Stage) -> None:
    request = stage.approved()
    stage.later(10 * 60)
    stage.sandbox.change_wallet("sol", fee={"fixed": 50, "percentBps": 0})
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "amount_grew")
    assert request.proposed_debit == 100_50
    assert stage.received() == 0
    page = stage.at_wallet(request, accepted=100_50)
    stage.come_back(request, stage.sandbox.approve(page))
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED


def test_nobody_approves_for_ever(stage: Stage) -> None:
    request = stage.sent()
    stage.later(15 * 24 * 3600)
    with pytest.raises(Refusal):
        approvals.approve(request.pk, None)
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.EXPIRED
    assert Payment.objects.get(request=request).state == PaymentState.CANCELLED


def test_declining_ends_it_and_gives_everything_back(stage: Stage) -> None:
    request = stage.sent()
    stage.at_wallet(request)
    approvals.decline(request.pk, "Wrong month")
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason_params["words"]) == (RequestState.DECLINED, "Wrong month")
    assert request.grants.get(kind="outgoing-payment").state == "ended"
    with pytest.raises(Refusal):
        approvals.approve(request.pk, None)


def test_an_approval_that_arrives_after_the_cancellation_is_given_back(stage: Stage) -> None:
    request = stage.approved()
    requests.cancel(request.pk, by=stage.staff)
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.CANCELLED
    assert request.grants.get(kind="outgoing-payment").state == "ended"
    assert not stage.sandbox.requests("create-outgoing-payment")


def test_a_pause_stops_new_money_and_what_was_approved_waits(stage: Stage) -> None:
    request = stage.approved()
    pause = pausing.pause(PauseScope.ALL, "", "Audit", stage.staff)
    request = advance(request.pk, 3)
    assert (request.state, stage.payment(request).reason) == (RequestState.APPROVED, "paused")
    assert not stage.sandbox.requests("create-outgoing-payment")
    pausing.resume(pause.pk, stage.staff)
    # The token of the approval runs out meanwhile: it is renewed without asking the payer again.
    stage.later(20 * 60)
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.SETTLED, request.reason
    assert stage.sandbox.requests("post-token")


def test_a_pause_is_told_to_the_payer(stage: Stage) -> None:
    request = stage.sent()
    pausing.pause(PauseScope.ALL, "", "Audit", stage.staff)
    approvals.approve(request.pk, None)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "paused")
    assert len(stage.sandbox.requests("post-request")) == 2  # to receive and to quote, none to pay


def test_looking_goes_on_during_a_pause(stage: Stage) -> None:
    stage.sandbox.settings(settleDelayMs=600_000)
    request = advance(stage.approved().pk, 2)
    assert stage.payment(request).state == PaymentState.SENT
    pausing.pause(PauseScope.ALL, "", "Audit", stage.staff)
    stage.later(601)
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED


def test_above_the_limit_a_second_person_must_authorise(stage: Stage) -> None:
    SecondPersonRule.objects.create(asset_code="USD", asset_scale=2, limit=50_00)
    request = stage.sent()
    assert request.state == RequestState.AWAITING_AUTHORISATION
    with pytest.raises(Refusal, match="second person"):
        requests.authorise(request.pk, by=stage.staff)
    other = stage.staff.__class__.objects.create_user("luis", is_staff=True)
    request = requests.authorise(request.pk, by=other)
    assert (request.state, request.authorised_by) == (RequestState.AWAITING_APPROVAL, other)


def test_the_link_lives_two_weeks_from_the_day_it_was_sent(stage: Stage) -> None:
    request = stage.sent()
    assert request.sent_at
    assert request.expires_at - request.sent_at == timedelta(days=14)


def test_the_language_chosen_on_the_page_is_the_payers_from_then_on(stage: Stage, client: Client) -> None:
    request = stage.sent()
    assert request.payer_language == "es"
    page = f"{urlsplit(links.approval_url(request)).path}?lang=en"
    answer = client.post(page, {"action": "approve", "accepted": str(request.ceiling_debit)})
    request.refresh_from_db()
    assert (answer.status_code, request.payer_language) == (302, "en")
