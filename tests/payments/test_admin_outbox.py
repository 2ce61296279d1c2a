"""The Outbox: staff read every mail as its reader does; only those who may ask payers get the link that acts."""

import re
from html import unescape

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from ledger.api import timeline
from payments import links
from payments.mail.queue import queue_message
from payments.models import Message, Payment
from payments.models.messages import MessageState, Template
from payments.presentation.reasons import sentence
from payments.states import RequestState
from tests.cast import TITLE, asked, paid_to_maria, person, settled, signed_in
from tests.dialogs import dialog

pytestmark = pytest.mark.django_db

SEE = "payments.view_message"
ASK = "payments.request_paymentrequest"
LIST = "/admin/payments/message/"


def queued(template: Template = Template.APPROVAL, payment: Payment | None = None, occasion: str = "x") -> Message:
    request = payment.request if payment else asked()
    if payment is None:
        paid_to_maria(request)
    with transaction.atomic():
        message = queue_message(template, request=request, payment=payment, occasion=occasion)
    assert message
    return message


def sent() -> Message:
    message = queued()
    message.state = MessageState.SENT
    message.save()
    return message


def page(message: Message) -> str:
    return reverse("admin:payments_message_change", args=[message.pk])


def preview(message: Message) -> str:
    return reverse("admin:payments_message_preview", args=[message.pk])


def again(message: Message) -> str:
    return reverse("admin:payments_message_send_once_more", args=[message.pk])


@pytest.fixture
def staff() -> Client:
    return signed_in(person("ana", SEE, ASK))


@pytest.fixture
def auditor() -> Client:
    return signed_in(person("aura", SEE))


def test_the_list_says_what_went_to_whom(staff: Client) -> None:
    queued()
    text = unescape(staff.get(LIST).content.decode())
    assert "Coro de Oaxaca <coro@example.org>" in text
    assert TITLE in text
    assert "Approval request" in text


def test_the_page_shows_the_mail_in_a_frame_that_can_do_nothing(staff: Client) -> None:
    message = queued()
    shown = staff.get(page(message)).content.decode()
    assert f'src="{preview(message)}"' in shown
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown
    framed = staff.get(preview(message))
    policy = framed["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "script-src 'none'" in policy
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    assert TITLE in framed.content.decode()


def test_who_may_ask_payers_gets_the_link_that_works(staff: Client) -> None:
    message = queued()
    assert message.request
    link = links.approval_url(message.request, int(staff.session["_auth_user_id"]))
    assert link in staff.get(page(message)).content.decode()
    assert link in staff.get(preview(message)).content.decode()


def test_who_may_only_look_gets_no_link_that_acts(auditor: Client) -> None:
    message = queued()
    assert message.request
    for url in (page(message), preview(message)):
        shown = auditor.get(url)
        assert shown.status_code == 200
        assert "https://…" in shown.content.decode()
        assert "/approve/" not in shown.content.decode()


def test_a_notice_to_a_receiver_has_words_for_a_text_message(staff: Client) -> None:
    payment = settled()
    message = queued(Template.PAID, payment)
    Message.objects.update(language="en")
    assert "Short, to copy into SMS or WhatsApp" in staff.get(page(message)).content.decode()


def test_why_a_mail_was_not_delivered_is_a_sentence(staff: Client) -> None:
    message = queued()
    Message.objects.update(state=MessageState.FAILED, reason="mail_unreachable", reason_params={})
    assert "The mail server could not be reached." in staff.get(page(message)).content.decode()


def test_a_mail_is_sent_once_more_after_a_dialog(staff: Client) -> None:
    message = sent()
    data = dialog(staff, again(message))
    assert Message.objects.count() == 1
    for _ in range(2):
        staff.post(again(message), data)
    copy = Message.objects.exclude(pk=message.pk).get()
    assert (copy.to_email, copy.template, copy.state) == (message.to_email, message.template, MessageState.QUEUED)
    assert timeline([("message", copy.id)])[0].actor.kind == "staff"


def test_reading_the_dialog_sends_nothing(staff: Client) -> None:
    message = sent()
    staff.get(again(message))
    assert Message.objects.count() == 1


def test_what_cannot_be_sent_again_says_why(staff: Client) -> None:
    message = sent()
    data = dialog(staff, again(message))
    assert message.request
    message.request.state = RequestState.CANCELLED
    message.request.save()
    staff.post(again(message), data)
    assert Message.objects.count() == 1
    assert sentence("mail_not_needed") in unescape(staff.get(LIST).content.decode())


def test_who_may_only_look_sends_nothing(auditor: Client) -> None:
    message = sent()
    assert auditor.get(again(message)).status_code == 403
    assert auditor.post(again(message), {"seen": "0", "_form_submitted": "True"}).status_code == 403
    assert Message.objects.count() == 1


@pytest.mark.parametrize("view", [page, preview, again])
def test_a_stranger_sees_nothing(client: Client, view: object) -> None:
    assert callable(view)
    assert client.get(view(queued())).status_code == 302


def test_staff_without_the_permission_see_nothing() -> None:
    message, client = queued(), signed_in(person("eva"))
    assert client.get(LIST).status_code == 403
    assert client.get(preview(message)).status_code == 404


def test_nobody_adds_changes_or_deletes_a_mail(staff: Client) -> None:
    message = queued()
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(page(message), {}).status_code == 403
    assert staff.get(reverse("admin:payments_message_delete", args=[message.pk])).status_code == 403


def test_a_longer_list_takes_no_more_queries(
    staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        queued(occasion=str(number))
    with django_assert_max_num_queries(12):
        staff.get(LIST)


def test_its_state_is_told_in_words(staff: Client) -> None:
    message = sent()
    assert ">Sent<" in re.sub(r"\s*([<>])\s*", r"\1", staff.get(page(message)).content.decode())
    assert "(&#x27;sent" not in staff.get(page(message)).content.decode()
