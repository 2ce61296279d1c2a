"""The pages of payments that need attention: the list, the explanation, and who is offered which way out."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from ledger import clock
from payments.actions import attention
from payments.admin.attention_panel import offered
from payments.models import OutsideSettlement, Payment
from payments.states import PaymentState, RequestState
from tests import dialogs
from tests.cast import asked, paid_to_maria, person, settled, signed_in
from tests.payments.pages import page, words

pytestmark = pytest.mark.django_db

SEE = ("payments.view_payment", "payments.view_paymentrequest")
RESOLVE = "payments.resolve_payment"
REASONS = ("not_settled", "partly_arrived", "cannot_be_fenced", "something_new")
ACTIONS = {"look_again", "take_over", "start_anew", "report_outside", "confirm_outside", "withdraw_outside", "give_up"}
EVIDENCE = "Transfer 4711"


def in_trouble(reason: str = "not_settled", **columns: Any) -> Payment:
    return paid_to_maria(asked(RequestState.APPROVED), PaymentState.NEEDS_ATTENTION, reason=reason, **columns)


def url(payment: Payment, action: str = "change") -> str:
    return reverse(f"admin:payments_payment_{action}", args=[payment.pk])


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return words(answer)


def shown_actions(client: Client, payment: Payment) -> set[str]:
    html = client.get(url(payment)).content.decode()
    return {name for name in ACTIONS if f'href="{url(payment, name)}"' in html}


def confirm(client: Client, payment: Payment, name: str, **given: str) -> None:
    answer = dialogs.confirm(client, url(payment, name), **given)
    assert answer.headers["HX-Redirect"] == url(payment)


@pytest.fixture
def rosa() -> Client:
    return signed_in(person("rosa", *SEE, RESOLVE))


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_it_is_explained_with_what_is_certain_and_what_is_not(rosa: Client, reason: str, language: str) -> None:
    params = {"received": "500.00 MXN", "amount": "1,250.00 MXN"}
    payment = in_trouble(reason, reason_params=params, received_value=50000)
    rosa.cookies["tequio_language"] = language
    text = text_of(rosa, url(payment))
    heads = {
        "en": ("What happened", "What is certain", "What nobody knows yet", "What helps", "Missing"),
        "es": ("Qué pasó", "Qué es seguro", "Qué no se sabe todavía", "Qué se puede hacer"),
    }
    for head in heads[language]:
        assert head in text
    assert "%(" not in text
    for amount in ("1,250.00 MXN", "500.00 MXN", "750.00 MXN"):
        assert amount in text


def test_whose_turn_it_is(rosa: Client) -> None:
    payment = in_trouble()
    ana = person("ana", RESOLVE)
    assert "Whose turn? Staff" in text_of(rosa, url(payment))
    assert "Nobody takes care of it yet." in text_of(rosa, url(payment))
    attention.take_over(payment.pk, by=ana)
    assert "ana takes care of it." in text_of(rosa, url(payment))
    attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=ana)
    text = text_of(rosa, url(payment))
    assert "Whose turn? A second person" in text
    assert "ana reported that this was settled outside." in text
    assert "Transfer 4711" in text
    attention.confirm_outside(payment.pk, by=User.objects.get(username="rosa"))
    text = text_of(rosa, url(payment))
    assert "Whose turn? Tequio" in text
    assert "Decided: “Settled outside”." in text


def test_the_ways_out_that_fit(rosa: Client) -> None:
    ana, eva = (User.objects.create_superuser(name) for name in ("ana", "eva"))
    payment = in_trouble()
    free = {"look_again", "take_over", "start_anew", "report_outside", "give_up"}
    assert shown_actions(rosa, payment) == free
    attention.take_over(payment.pk, by=User.objects.get(username="rosa"))
    assert shown_actions(rosa, payment) == free - {"take_over"}
    attention.report_outside(payment.pk, way="cash", evidence=EVIDENCE, by=ana)
    payment.refresh_from_db()
    assert set(offered(payment, ana)) == {"look_again", "take_over", "withdraw_outside"}
    assert set(offered(payment, eva)) == {"look_again", "take_over", "withdraw_outside", "confirm_outside"}
    attention.confirm_outside(payment.pk, by=eva)
    assert shown_actions(rosa, payment) == {"look_again", "take_over"}


def test_what_partly_arrived_is_not_sent_again(rosa: Client) -> None:
    payment = in_trouble("partly_arrived", received_value=1)
    assert "start_anew" not in shown_actions(rosa, payment)


@pytest.mark.parametrize("state", sorted(set(PaymentState) - {PaymentState.NEEDS_ATTENTION}))
def test_other_payments_have_no_ways_out(rosa: Client, state: PaymentState) -> None:
    payment = paid_to_maria(asked(RequestState.APPROVED), state)
    assert shown_actions(rosa, payment) == set()


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_nobody_resolves_without_the_permission(name: str) -> None:
    payment = in_trouble()
    reader = signed_in(person("ines", *SEE))
    assert shown_actions(reader, payment) == set()
    assert reader.get(url(payment, name)).status_code == 403
    form = {"_form_submitted": "True", "seen": "x", "way": "bank", "evidence": EVIDENCE, "why": "No"}
    assert reader.post(url(payment, name), form).status_code == 403
    assert not OutsideSettlement.objects.exists()
    assert Payment.objects.get().decision == ""


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_a_dialog_shows_amounts_and_what_will_happen_and_changes_nothing(rosa: Client, name: str) -> None:
    payment = in_trouble(received_value=50000)
    before = Payment.objects.values().get()
    text = text_of(rosa, url(payment, name))
    assert "What will happen" in text
    assert "%(" not in text
    for amount in ("1,250.00 MXN", "500.00 MXN", "750.00 MXN"):
        assert amount in text
    assert Payment.objects.values().get() == before


@pytest.mark.parametrize("name", ["start_anew", "give_up", "confirm_outside"])
def test_before_anything_is_decided_the_dialog_says_that_the_receivers_side_is_closed(rosa: Client, name: str) -> None:
    first = "First the receiver's side is closed, so that nothing can arrive twice."
    assert first in text_of(rosa, url(in_trouble(), name))


def test_taking_over(rosa: Client) -> None:
    payment = in_trouble()
    confirm(rosa, payment, "take_over")
    assert Payment.objects.get().owner == User.objects.get(username="rosa")
    assert "You take care of this payment now." in text_of(rosa, url(payment))


def test_reporting_and_withdrawing(rosa: Client) -> None:
    payment = in_trouble()
    confirm(rosa, payment, "report_outside", way="cash", evidence=EVIDENCE)
    claim = OutsideSettlement.objects.get()
    assert (claim.way, claim.evidence, claim.claimed_by.username) == ("cash", EVIDENCE, "rosa")
    assert "A second person must confirm it." in text_of(rosa, url(payment))
    confirm(rosa, payment, "withdraw_outside", why="Not so")
    assert OutsideSettlement.objects.get().withdrawn_at
    assert "Withdrawn" in text_of(rosa, url(payment))


def test_a_report_without_evidence_stays_in_the_dialog(rosa: Client) -> None:
    payment = in_trouble()
    form = {**dialogs.dialog(rosa, url(payment, "report_outside")), "way": "cash", "evidence": " "}
    answer = rosa.post(url(payment, "report_outside"), form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "HX-Redirect" not in answer.headers
    assert not OutsideSettlement.objects.exists()


def test_whoever_reported_is_refused_in_words(rosa: Client) -> None:
    payment = in_trouble()
    attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=User.objects.get(username="rosa"))
    confirm(rosa, payment, "confirm_outside")
    assert "You reported this yourself. A second person must confirm it." in text_of(rosa, url(payment))
    assert Payment.objects.get().decision == ""


@pytest.mark.parametrize("name", sorted(ACTIONS - {"look_again"}))
def test_a_dialog_that_showed_something_else_does_nothing(rosa: Client, name: str) -> None:
    payment = in_trouble()
    if name in {"confirm_outside", "withdraw_outside"}:
        attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=User.objects.create_user("ana"))
    form = {**dialogs.dialog(rosa, url(payment, name)), "way": "bank", "evidence": EVIDENCE, "why": "No"}
    claims = OutsideSettlement.objects.count()
    Payment.objects.update(received_value=7)
    rosa.post(url(payment, name), form)
    assert "Something changed since you opened the dialog" in text_of(rosa, url(payment))
    row = Payment.objects.get()
    assert (row.decision, row.owner_id, OutsideSettlement.objects.count()) == ("", None, claims)
    assert not OutsideSettlement.objects.filter(withdrawn_at__isnull=False).exists()


def test_a_second_click_reports_once_and_says_so(rosa: Client) -> None:
    payment = in_trouble()
    form = {**dialogs.dialog(rosa, url(payment, "report_outside")), "way": "bank", "evidence": EVIDENCE, "why": "No"}
    for _ in range(2):
        rosa.post(url(payment, "report_outside"), form)
    assert OutsideSettlement.objects.count() == 1
    assert "Something changed since you opened the dialog" in text_of(rosa, url(payment))


@pytest.mark.parametrize("query", ["status=needs_attention", "group=attention"])
def test_the_list_tells_why_since_when_and_whose_turn_it_is(rosa: Client, query: str) -> None:
    payment = in_trouble()
    Payment.objects.update(changed_at=clock.now().replace(year=2020))
    paid_to_maria(asked(RequestState.APPROVED), PaymentState.SENT, receiver_name="Somebody Else")
    attention.report_outside(payment.pk, way="bank", evidence=EVIDENCE, by=User.objects.create_user("ana"))
    attention.take_over(payment.pk, by=User.objects.get(username="ana"))
    text = text_of(rosa, reverse("admin:payments_payment_changelist") + "?" + query)
    for told in ("María Hernández", "1,250.00 MXN", "years", "A second person", "ana", "does not report it as arrived"):
        assert told in text
    assert "Somebody Else" not in text


def test_the_requests_page_leads_to_it(rosa: Client) -> None:
    payment = in_trouble()
    html = rosa.get(page(payment.request)).content.decode()
    assert f'class="tequio-button" href="{url(payment)}"' in html
    assert "See the payment to María Hernández and decide" in html


def outside() -> Payment:
    """Settled outside, on the word of two people."""
    now = clock.now()
    request = asked(RequestState.SETTLED_OUTSIDE, reason="settled_outside")
    payment = paid_to_maria(request, PaymentState.SETTLED_OUTSIDE, decision="outside")
    OutsideSettlement.objects.create(
        payment=payment,
        way="bank",
        evidence=EVIDENCE,
        claimed_by=User.objects.create_user("ana"),
        confirmed_by=User.objects.create_user("luis"),
        confirmed_at=now,
    )
    return payment


def test_settled_outside_has_its_own_words_and_colour(rosa: Client) -> None:
    payment = outside()
    assert "tequio-label-outside" in rosa.get(reverse("admin:payments_payment_changelist")).content.decode()
    html = rosa.get(page(payment.request)).content.decode()
    assert "tequio-label-outside" in html
    assert "tequio-problem" not in html
    text = text_of(rosa, page(payment.request))
    assert "Everything is settled, but not all of it in the wallets." in text
    assert "Everything has arrived" not in text
    told = text_of(rosa, url(payment))
    for one in ("ana", "luis", EVIDENCE, "Bank transfer"):
        assert one in told


def test_money_that_came_after_all_warns_of_paying_twice(rosa: Client) -> None:
    payment = settled()
    ana = User.objects.create_user("ana")
    OutsideSettlement.objects.create(payment=payment, way="cash", evidence=EVIDENCE, claimed_by=ana)
    assert "María Hernández may have been paid twice." in text_of(rosa, url(payment))
