"""The page on which a payment request is reviewed, and the list that leads there."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from ledger.api import Actor, record
from payments.links import approval_url
from payments.models import Grant
from payments.states import PaymentState, RequestState
from tests.cast import asked, interaction, paid_to_maria, person, settled, signed_in
from tests.payments.pages import page
from tests.progress import bring

pytestmark = pytest.mark.django_db
READ = ("payments.view_paymentrequest", "payments.view_payment")


@pytest.fixture
def reader() -> Client:
    return signed_in(person("ana", *READ))


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ")


def test_it_shows_both_sides_of_the_quote(reader: Client) -> None:
    request = asked(RequestState.QUOTED)
    paid_to_maria(request)
    text = text_of(reader, page(request))
    assert "1,262.50 MXN" in text
    assert "1,250.00 MXN" in text
    assert "Fee of the wallets, at most 12.50 MXN" in text
    assert "Whose turn? Staff" in text
    assert request.pk in text


def test_it_shows_the_approval_link_once_it_was_sent(reader: Client) -> None:
    waiting, quoted = asked(RequestState.AWAITING_APPROVAL), asked(RequestState.QUOTED)
    who = person("sends", "payments.view_paymentrequest", "payments.request_paymentrequest")
    shown = text_of(signed_in(who), page(waiting))
    assert approval_url(waiting, who.pk) in shown, "their own copy, marked"
    assert approval_url(waiting) not in shown
    assert "/approve/" not in text_of(signed_in(who), page(quoted))
    assert "/approve/" not in text_of(reader, page(waiting)), "whoever may only look"


def test_it_says_why_something_failed(reader: Client) -> None:
    request = asked(RequestState.FAILED, reason="wallet_unreachable", reason_params={"host": "bank.example"})
    paid_to_maria(request, PaymentState.FAILED, reason="amount_too_small")
    text = text_of(reader, page(request))
    assert "The wallet bank.example did not answer." in text
    assert "The amount is too small to be sent between these wallets." in text


def test_it_keeps_every_attempt(reader: Client) -> None:
    payment = settled()
    text = text_of(reader, page(payment.request))
    assert "3 attempts" not in text
    assert "4 attempts at wallets, all kept" in text


def test_it_tells_what_happened(reader: Client) -> None:
    request = asked(RequestState.AWAITING_APPROVAL)
    assert request.ceiling is not None
    record(
        "request.awaiting_approval",
        actor=Actor.staff(User.objects.get().pk),
        subjects={"request": request.pk},
        data={"ceiling": dict(request.ceiling.to_wire())},
    )
    text = text_of(reader, page(request))
    assert "The payer was asked to approve at most 1,262.50 MXN." in text


def test_it_speaks_spanish(reader: Client) -> None:
    request = asked(RequestState.QUOTED)
    reader.cookies["tequio_language"] = "es"
    with translation.override("es"):
        assert str(request.get_state_display()) in text_of(reader, page(request))


def test_a_waiting_payment_without_a_quote_has_a_page(reader: Client) -> None:
    request = asked(RequestState.QUOTING, ceiling_debit=None, asset_code="", asset_scale=None)
    assert 'data-pace="2"' in text_of(reader, page(request))


def test_a_page_that_is_over_is_not_followed(reader: Client) -> None:
    assert 'data-pace="0"' in text_of(reader, page(settled().request))


def test_the_status_changes_when_a_payment_moves(reader: Client) -> None:
    request = asked(RequestState.APPROVED)
    payment = paid_to_maria(request, PaymentState.SENT)
    url = reverse("admin:payments_paymentrequest_status", args=[request.pk])
    before = reader.get(url).json()
    assert before == reader.get(url).json()
    type(payment).objects.filter(pk=payment.pk).update(state=PaymentState.SETTLED)
    assert reader.get(url).json()["version"] != before["version"]
    assert reader.get(reverse("admin:payments_paymentrequest_status", args=["0" * 26])).status_code == 404


def test_the_status_is_for_readers_only() -> None:
    request = asked()
    stranger = signed_in(person("eva"))
    assert stranger.get(reverse("admin:payments_paymentrequest_status", args=[request.pk])).status_code == 404
    assert Client().get(reverse("admin:payments_paymentrequest_status", args=[request.pk])).status_code == 302


def test_secrets_are_on_no_page() -> None:
    user = User.objects.create_superuser("root")
    client = signed_in(user)
    request = asked(RequestState.AWAITING_APPROVAL)
    payment = paid_to_maria(request)
    grant = interaction(request)
    bring(request, RequestState.APPROVED)
    bring(payment, PaymentState.SENT)
    secrets = ["our-nonce-with-plenty-of-bits", "continue-token", "finish-of-the-wallet", grant.sealed]
    secrets.append(request.seller.active_key.sealed)
    rows = [request, payment, grant, payment.quotes.get(), payment.incoming_payments.get(), request.seller]
    rows += [payment.outgoing_payments.get(), request.payer_wallet]
    for row in rows:
        name = f"admin:payments_{row._meta.model_name}"
        lists, one = (
            text_of(client, reverse(f"{name}_changelist")),
            text_of(client, reverse(f"{name}_change", args=[row.pk])),
        )
        for secret in secrets:
            assert secret not in lists
            assert secret not in one


@pytest.mark.parametrize("model", ["paymentrequest", "payment", "grant", "quote", "incomingpayment", "outgoingpayment"])
def test_money_is_never_added_changed_or_deleted_by_hand(model: str) -> None:
    client = signed_in(User.objects.create_superuser("root"))
    payment = settled()
    row = {
        "paymentrequest": payment.request,
        "payment": payment,
        "grant": Grant.objects.get(),
        "quote": payment.quotes.get(),
        "incomingpayment": payment.incoming_payments.get(),
        "outgoingpayment": payment.outgoing_payments.get(),
    }[model]
    name = f"admin:payments_{model}"
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.post(reverse(f"{name}_change", args=[row.pk]), {"state": "settled"}).status_code == 403
    assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", ["paymentrequest", "payment", "grant", "quote", "incomingpayment", "outgoingpayment"])
def test_lists_ask_the_database_as_often_for_many_as_for_one(model: str) -> None:
    client = signed_in(User.objects.create_superuser("root"))
    url = reverse(f"admin:payments_{model}_changelist")
    settled()
    few = queries(client, url)
    for _ in range(5):
        settled()
    assert queries(client, url) == few


def test_a_request_with_many_receivers_costs_no_more_queries(reader: Client) -> None:
    request = asked(RequestState.APPROVED, ceiling_debit=6 * 126250)
    paid_to_maria(request, PaymentState.SENT)
    few = queries(reader, page(request))
    for _ in range(5):
        paid_to_maria(request, PaymentState.SENT)
    assert queries(reader, page(request)) == few


def queries(client: Client, url: str) -> int:
    client.get(url)  # what is asked once in each process
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_search_finds_a_payer_and_a_payment_id(reader: Client) -> None:
    request = asked()
    asked(payer_name="Somebody else", payer_email="else@example.org")
    url = reverse("admin:payments_paymentrequest_changelist")
    for words in ("Coro", request.pk):
        text = text_of(reader, f"{url}?q={words}")
        assert page(request) in text
        assert "Somebody else" not in text


@pytest.mark.parametrize("state", PaymentState)
def test_the_list_of_payments_tells_every_state_in_words(reader: Client, state: PaymentState) -> None:
    paid_to_maria(asked(), state)
    table = text_of(reader, f"{reverse('admin:payments_payment_changelist')}?status={state}").split("<tbody")[1]
    assert f">{state.label}<" in re.sub(r"\s*([<>])\s*", r"\1", table)


def test_a_request_is_found_by_its_own_id_and_by_that_in_the_receivers_mail(reader: Client) -> None:
    payment, other = settled(), asked()
    paid_to_maria(other)
    for id_in_a_mail in (payment.pk, payment.request_id, f" {payment.pk.lower()} "):
        found = reader.get(reverse("admin:payments_paymentrequest_changelist"), {"q": id_in_a_mail}).content.decode()
        assert f"/paymentrequest/{payment.request_id}/change/" in found
        assert f"/paymentrequest/{other.pk}/change/" not in found
    for id_in_a_mail in (payment.pk, payment.request_id):
        found = reader.get(reverse("admin:payments_payment_changelist"), {"q": id_in_a_mail}).content.decode()
        assert f"/payment/{payment.pk}/change/" in found
