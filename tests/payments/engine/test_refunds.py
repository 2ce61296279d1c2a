"""Refunds through real wallets, where the payment changed its currency on the way."""

import pytest

from ledger.api import seal, verify
from payments.actions import refunds, requests, wallets
from payments.actions.requests import Contact, RequestLine
from payments.engine.advance import advance
from payments.invariants import violations
from payments.mail.rendering import render
from payments.models import Message, Payment, Seller
from payments.models.messages import Template
from payments.openpayments.amounts import Amount
from payments.presentation.amount_rows import asked
from payments.presentation.cost_summary import cost_summary_of
from payments.presentation.reasons import Refusal
from payments.sandbox import fees_and_rates as rates
from payments.states import RequestState
from tests.driver import SECONDS, Stage

EUROS, PESOS = rates.WalletAsset("EUR", 2), rates.WalletAsset("MXN", 2)
FEE = rates.SendingFee(5_00, 150)
BALANCE = 1_000_000
NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def paid(stage: Stage) -> Payment:
    """A funder in euros paid a worker, whose wallet charges for sending, exactly 1,000.00 MXN."""
    payer = stage.wallet("berlin", "EUR", balance=BALANCE)
    worker = stage.wallet("xochitl", "MXN", fee={"fixed": FEE.fixed, "percentBps": FEE.percent_bps})
    line = RequestLine(worker, Contact("Xochitl", "xochitl@example.org", "es"), Amount(1_000_00, worker.asset))
    return stage.settled(payer_url=payer.url, lines=[line]).payments.get()


def pesos(value: int, like: Payment) -> Amount:
    return Amount(value, like.asset)


def what_it_buys(given: int) -> int:
    """By the sandbox's own sums, in cents of a euro."""
    return rates.received(FEE.largest_sent(given), PESOS, EUROS)


def left(payment: Payment) -> int:
    return refunds.refundable(Payment.objects.get(pk=payment.pk)).value


def test_parts_go_back_until_all_that_was_received_is_given_back(stage: Stage, paid: Payment) -> None:
    before = stage.sandbox.balance("berlin")
    assert stage.sandbox.balance("xochitl") == 1_000_00
    request = stage.send(refunds.refund(paid.pk, pesos(300_00, paid), by=stage.staff, form_id="1"))
    # The worker reads in their mail and on their page what they give, and what that brings.
    assert (request.ceiling_debit, request.payer_email) == (300_00, "xochitl@example.org")
    rows = {row["label"]: row["value"].replace(NBSP, " ") for row in asked(cost_summary_of(request))}
    assert rows["Fundación Sol receives"] == f"about {what_it_buys(300_00) / 100:,.2f} EUR"
    assert rows["You pay at most"] == "300.00 MXN"
    mail = render(Message.objects.get(template=Template.APPROVAL, request=request)).text.replace(NBSP, " ")
    assert "300.00 MXN" in mail
    assert "EUR" in mail

    assert stage.settle(request).state == RequestState.SETTLED
    # 300.00 MXN, or less by rounding: a cent of a euro is 0.20 MXN.
    assert 700_00 <= stage.sandbox.balance("xochitl") < 700_20
    assert stage.sandbox.balance("berlin") - before == what_it_buys(300_00)
    assert left(paid) == 700_00

    with pytest.raises(Refusal) as caught:
        refunds.refund(paid.pk, pesos(700_01, paid), by=stage.staff, form_id="2")
    assert str(caught.value).replace(NBSP, " ") == "Only 700.00 MXN can still go back."
    rest = stage.send(refunds.refund(paid.pk, pesos(700_00, paid), by=stage.staff, form_id="3"))
    assert stage.settle(rest).state == RequestState.SETTLED
    assert stage.sandbox.balance("xochitl") >= 0
    assert stage.sandbox.balance("berlin") - before == what_it_buys(300_00) + what_it_buys(700_00)
    assert left(paid) == 0
    assert not violations()
    seal()
    assert not list(verify())


def test_a_rate_that_moves_before_the_approval_never_takes_more_from_who_gives_it_back(
    stage: Stage, paid: Payment
) -> None:
    before = stage.sandbox.balance("berlin")
    request = stage.send(refunds.refund(paid.pk, pesos(1_000_00, paid), by=stage.staff, form_id="1"))
    stage.sandbox.change_wallet("xochitl", fee={"fixed": 100_00, "percentBps": 0})
    assert stage.settle(request).state == RequestState.SETTLED
    assert stage.sandbox.balance("berlin") - before == rates.received(900_00, PESOS, EUROS)
    assert 0 <= stage.sandbox.balance("xochitl") <= 1
    assert not violations()


def test_a_refund_that_is_declined_can_be_asked_for_again(stage: Stage, paid: Payment) -> None:
    request = stage.send(refunds.refund(paid.pk, pesos(1_000_00, paid), by=stage.staff, form_id="1"))
    assert left(paid) == 0
    requests.cancel(request.pk, by=stage.staff)
    assert advance(request.pk, SECONDS).state == RequestState.CANCELLED
    assert left(paid) == 1_000_00
    assert not violations()


def test_too_little_to_arrive_is_said_with_what_would(stage: Stage, paid: Payment) -> None:
    request = advance(refunds.refund(paid.pk, pesos(1, paid), by=stage.staff, form_id="1").pk, SECONDS)
    assert request.state == RequestState.FAILED
    assert request.reason in {"amount_below", "amount_too_small"}
    assert left(paid) == 1_000_00


def test_a_seller_gives_back_in_its_own_currency_by_two_people(stage: Stage) -> None:
    Seller.objects.filter(pk=stage.seller.pk).update(approval_email="treasury@example.org")
    payer = stage.wallet("berlin", "EUR", balance=BALANCE)
    ours = wallets.check(stage.seller.wallet_id, SECONDS)
    line = RequestLine(ours, Contact("Tequio", "", "en"), Amount(50_00, ours.asset))
    paid = stage.settled(payer_url=payer.url, lines=[line]).payments.get()
    before = stage.sandbox.balance("berlin")
    request = refunds.refund(paid.pk, pesos(20_00, paid), by=stage.staff, form_id="1")
    assert request.two_people
    assert stage.settle(stage.send(request)).state == RequestState.SETTLED
    assert stage.sandbox.balance("berlin") - before == rates.received(20_00, rates.WalletAsset("USD", 2), EUROS)
    assert left(paid) == 30_00
    assert not violations()
