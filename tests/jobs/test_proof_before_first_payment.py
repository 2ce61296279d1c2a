"""Whoever was never paid at their wallet proves that it is theirs first, and is asked to when they are selected."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs import decisions
from jobs.models import ApplicationStatus, JobStatus, Member
from ledger import clock
from payments.actions import requests
from payments.limits import unproven
from payments.models import Message, PaymentRequest, Seller, WalletAddress, WalletProof
from payments.models.messages import Template
from payments.models.payments import Purpose
from payments.presentation.reasons import Refusal
from payments.states import RequestState
from tests.cast import RECEIVER_WALLET, applied, asked, job, member, paid_to_maria, settled, staff, wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def on(settings: Any) -> None:
    settings.PROOF_BEFORE_FIRST_PAYMENT = True


@pytest.fixture
def rosa() -> User:
    return staff("rosa")


def quoted(**columns: Any) -> PaymentRequest:
    row = asked(RequestState.QUOTED)
    paid_to_maria(row, **columns)
    return row


@pytest.mark.usefixtures("on")
def test_a_first_payment_waits_for_the_proof(rosa: User) -> None:
    request = quoted()
    with pytest.raises(Refusal, match="must first prove that the wallet"):
        requests.send(request.pk, by=rosa)
    WalletAddress.objects.filter(pk=wallet(RECEIVER_WALLET).pk).update(proven_at=clock.now())
    assert requests.send(request.pk, by=rosa).state == RequestState.AWAITING_APPROVAL


@pytest.mark.usefixtures("on")
def test_who_was_paid_there_before_proves_nothing(rosa: User) -> None:
    settled()
    assert requests.send(quoted().pk, by=rosa).state == RequestState.AWAITING_APPROVAL


@pytest.mark.usefixtures("on")
@pytest.mark.parametrize("purpose", [Purpose.FEE, Purpose.ESCROW, Purpose.REFUND])
def test_money_for_ourselves_or_back_needs_no_proof(purpose: Purpose) -> None:
    assert unproven(quoted(purpose=purpose)) == []


def test_it_is_switched_off_by_a_setting(rosa: User) -> None:
    assert requests.send(quoted().pk, by=rosa).state == RequestState.AWAITING_APPROVAL


def selected(worker: Member, by: User) -> list[Message]:
    """The proof links that were mailed when they were."""
    application = applied(job(JobStatus.SELECTING, funder=worker), worker, ApplicationStatus.PENDING)
    decisions.select(application.pk, by=by)
    return list(Message.objects.filter(template=Template.PROOF))


@pytest.mark.usefixtures("on", "seller")
def test_whoever_is_selected_gets_the_link(rosa: User) -> None:
    maria = member("Maria Lopez")
    (mail,) = selected(maria, rosa)
    assert (mail.to_email, mail.language) == ("maria@example.org", "es")
    assert WalletProof.objects.get().wallet == maria.wallet


@pytest.mark.usefixtures("on")
@pytest.mark.parametrize("why_not", ["no wallet", "proven", "never reached", "nobody asks"])
def test_whoever_can_not_or_need_not_prove_it_gets_none(why_not: str, rosa: User, seller: Seller) -> None:
    own = wallet("maria", proven_at=clock.now()) if why_not == "proven" else wallet("maria")
    if why_not == "never reached":
        own.keep(canonical_id="")
    if why_not == "nobody asks":
        Seller.objects.filter(pk=seller.pk).update(is_default=False)
    assert selected(member("Maria Lopez", wallet=None if why_not == "no wallet" else own), rosa) == []


@pytest.mark.usefixtures("seller")
def test_while_it_is_off_nobody_is_asked(rosa: User) -> None:
    assert selected(member("Maria Lopez"), rosa) == []
