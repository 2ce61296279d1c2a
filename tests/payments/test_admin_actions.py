"""What staff may do with a payment request: who, in which state, and that a dialog acts on what it showed, once."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from payments.engine.transitions import move
from payments.models import Message, PaymentRequest, SecondPersonRule
from payments.states import PaymentState, RequestState
from tests.cast import asked, paid_to_maria, person, settled, signed_in
from tests.dialogs import confirm, dialog
from tests.payments.pages import action, page
from tests.progress import ACTOR

pytestmark = pytest.mark.django_db

SEE = "payments.view_paymentrequest"
ASK = "payments.request_paymentrequest"
AUTHORISE = "payments.authorise_paymentrequest"
NEEDED = {
    "send_request": {ASK},
    "authorise": {AUTHORISE},
    "quote_again": {ASK},
    "send_again": {ASK},
    "look_again": {ASK, AUTHORISE},
    "cancel_request": {ASK},
}
OFFERED = {
    RequestState.QUOTING: {"look_again", "cancel_request"},
    RequestState.QUOTED: {"send_request", "quote_again", "cancel_request"},
    RequestState.AWAITING_AUTHORISATION: {"authorise", "cancel_request"},
    RequestState.AWAITING_APPROVAL: {"send_again", "look_again", "cancel_request"},
    RequestState.APPROVED: {"look_again", "cancel_request"},
    RequestState.SETTLED: set(),
    RequestState.FAILED: set(),
    RequestState.DECLINED: set(),
    RequestState.CANCELLED: set(),
    RequestState.EXPIRED: set(),
}


def told(client: Client, request: PaymentRequest) -> str:
    return client.get(page(request)).content.decode()


def quoted(**columns: object) -> PaymentRequest:
    request = asked(RequestState.QUOTED, **columns)
    paid_to_maria(request)
    return request


@pytest.fixture
def staff() -> Client:
    return signed_in(person("ana", SEE, ASK))


# Who


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("has", [{ASK}, {AUTHORISE}, {SEE}, set()])
def test_nobody_acts_without_the_permission(name: str, has: set[str]) -> None:
    request = quoted()
    client = signed_in(person("eva", *has))
    allowed = bool(has & NEEDED[name])
    assert client.get(action(request, name)).status_code == (200 if allowed else 403)
    if not allowed:
        form = {"_form_submitted": "True", "seen": "x"}
        assert client.post(action(request, name), form).status_code == 403
        assert PaymentRequest.objects.get().state == RequestState.QUOTED


@pytest.mark.parametrize("name", NEEDED)
def test_a_stranger_is_sent_to_sign_in(name: str) -> None:
    answer = Client().post(action(quoted(), name))
    assert answer.status_code == 302
    assert reverse("admin:login") in answer.headers["Location"]


@pytest.mark.parametrize("name", NEEDED)
def test_looking_at_a_dialog_changes_nothing(name: str) -> None:
    client = signed_in(User.objects.create_superuser("root"))
    request = quoted()
    before = PaymentRequest.objects.values().get()
    client.get(action(request, name))
    assert PaymentRequest.objects.values().get() == before
    assert not Message.objects.exists()


# When


@pytest.mark.parametrize("state", OFFERED)
def test_only_what_the_state_allows_is_offered(state: RequestState) -> None:
    client = signed_in(User.objects.create_superuser("root"))
    request = asked(state)
    text = told(client, request)
    assert {name for name in NEEDED if f'href="{action(request, name)}"' in text} == OFFERED[state]


def test_a_dialog_with_a_number_in_it_is_read_in_the_readers_language(staff: Client) -> None:
    request = asked(RequestState.AWAITING_APPROVAL)
    text = staff.get(action(request, "look_again"), headers={"Accept-Language": "es"}).content.decode()
    assert "8 segundos" in text


def test_a_dialog_shows_the_amounts(staff: Client) -> None:
    text = staff.get(action(quoted(), "send_request")).content.decode().replace("\xa0", " ")
    assert "1,262.50 MXN" in text
    assert "1,250.00 MXN" in text
    assert "Coro de Oaxaca" in text


def test_an_unknown_request_has_no_dialog(staff: Client) -> None:
    url = reverse("admin:payments_paymentrequest_send_request", args=["0" * 26])
    assert staff.get(url).status_code == 404


# What


def test_sending_asks_the_payer(staff: Client) -> None:
    request = quoted()
    assert confirm(staff, action(request, "send_request")).headers["HX-Redirect"] == page(request)
    assert PaymentRequest.objects.get().state == RequestState.AWAITING_APPROVAL
    assert "The approval request is on its way to Coro de Oaxaca." in told(staff, request)
    assert Message.objects.count() == 1


def test_it_works_without_javascript(staff: Client) -> None:
    request = quoted()
    url = action(request, "send_request")
    assert staff.post(url, dialog(staff, url)).headers["Location"] == page(request)


def test_a_second_click_does_nothing_and_says_so(staff: Client) -> None:
    request = quoted()
    url = action(request, "send_request")
    form = dialog(staff, url)
    staff.post(url, form)
    staff.post(url, form)
    assert Message.objects.count() == 1
    assert "Something changed since you opened the dialog" in told(staff, request)


def test_amounts_that_change_until_the_row_is_held_are_seen(staff: Client) -> None:
    request = quoted()
    url = action(request, "send_request")
    form = dialog(staff, url)
    changes = [999_999]

    def change_first(execute: Any, sql: str, *more: Any) -> Any:
        if changes and sql.startswith('UPDATE "payments_paymentrequest"'):
            PaymentRequest.objects.update(ceiling_debit=changes.pop())
        return execute(sql, *more)

    with connection.execute_wrapper(change_first):
        staff.post(url, form)
    assert not changes
    assert PaymentRequest.objects.get().state == RequestState.QUOTED
    assert "Something changed since you opened the dialog" in told(staff, request)


def test_a_dialog_that_showed_other_amounts_does_nothing(staff: Client) -> None:
    request = quoted()
    url = action(request, "send_request")
    form = dialog(staff, url)
    PaymentRequest.objects.update(ceiling_debit=999_999)
    staff.post(url, form)
    assert PaymentRequest.objects.get().state == RequestState.QUOTED
    assert "Something changed since you opened the dialog" in told(staff, request)


def test_sending_above_the_limit_waits_for_a_second_person(staff: Client) -> None:
    SecondPersonRule.objects.create(asset_code="MXN", asset_scale=2, limit=100_000)
    request = quoted(requested_by=User.objects.get(username="ana"))
    confirm(staff, action(request, "send_request"))
    assert PaymentRequest.objects.get().state == RequestState.AWAITING_AUTHORISATION
    assert "a second person must authorise it" in told(staff, request)
    assert not Message.objects.exists()


def test_nobody_authorises_their_own_request() -> None:
    ana = person("ana", SEE, ASK, AUTHORISE)
    client = signed_in(ana)
    request = asked(RequestState.AWAITING_AUTHORISATION, requested_by=ana)
    assert action(request, "authorise") not in told(client, request)
    confirm(client, action(request, "authorise"))
    assert PaymentRequest.objects.get().state == RequestState.AWAITING_AUTHORISATION
    assert "You asked for this payment yourself. A second person must authorise it." in told(client, request)


def test_a_second_person_authorises_and_the_payer_is_asked() -> None:
    second = person("eva", SEE, AUTHORISE)
    request = asked(RequestState.AWAITING_AUTHORISATION, requested_by=person("ana", ASK))
    confirm(signed_in(second), action(request, "authorise"))
    row = PaymentRequest.objects.get()
    assert (row.state, row.authorised_by) == (RequestState.AWAITING_APPROVAL, second)
    assert Message.objects.count() == 1


def test_what_has_grown_is_authorised_with_what_it_has_grown_to() -> None:
    second = signed_in(person("eva", SEE, AUTHORISE))
    request = asked(RequestState.AWAITING_APPROVAL, requested_by=person("ana", ASK))
    paid_to_maria(request)
    with transaction.atomic():
        move(request, RequestState.AWAITING_AUTHORISATION, actor=ACTOR, proposed_debit=130000)
    assert "1,300.00 MXN" in second.get(action(request, "authorise")).content.decode().replace("\xa0", " ")
    assert "1,300.00 MXN" in told(second, request).replace("\xa0", " ")
    confirm(second, action(request, "authorise"))
    row = PaymentRequest.objects.get()
    assert (row.state, row.authorised_debit) == (RequestState.AWAITING_APPROVAL, 130000)
    assert Message.objects.get().template == "approval_again"


def test_the_email_is_sent_again_once_per_dialog(staff: Client) -> None:
    request = asked(RequestState.AWAITING_APPROVAL)
    url = action(request, "send_again")
    form = dialog(staff, url)
    staff.post(url, form)
    staff.post(url, form)
    assert Message.objects.count() == 1
    confirm(staff, url)
    assert Message.objects.count() == 2


def test_quoting_again_begins_anew(staff: Client) -> None:
    request = quoted()
    confirm(staff, action(request, "quote_again"))
    row = PaymentRequest.objects.get()
    assert (row.state, row.ceiling_debit) == (RequestState.QUOTING, None)


def test_cancelling_ends_it(staff: Client) -> None:
    request = quoted()
    confirm(staff, action(request, "cancel_request"))
    assert PaymentRequest.objects.get().state == RequestState.CANCELLED
    assert "The link no longer works." in told(staff, request)


def test_money_under_way_is_not_cancelled(staff: Client) -> None:
    request = asked(RequestState.APPROVED)
    paid_to_maria(request, PaymentState.SENT)
    confirm(staff, action(request, "cancel_request"))
    assert PaymentRequest.objects.get().state == RequestState.APPROVED
    assert "Money is already on its way, so this can no longer be cancelled." in told(staff, request)


@pytest.mark.parametrize("name", ["send_request", "quote_again", "send_again", "cancel_request"])
def test_a_refused_action_says_why(staff: Client, name: str) -> None:
    request = settled().request
    confirm(staff, action(request, name))
    assert PaymentRequest.objects.get().state == RequestState.SETTLED
    assert "This cannot be done while the request is “Settled”." in told(staff, request)


def test_looking_again_says_how_it_stands(staff: Client) -> None:
    request = asked(RequestState.AWAITING_APPROVAL)
    confirm(staff, action(request, "look_again"))
    assert "Looked at just now: “Waiting for the payer”." in told(staff, request)
