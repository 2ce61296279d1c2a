"""Addresses that bounce get no mail, and pages say so; readers stop reminders by one press, and only those."""

import re
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from jobs.models import Organisation
from jobs.personal_data.belongings import of
from ledger.api import timeline
from payments import links
from payments.actions import mail_stops
from payments.mail.queue import queue_again, queue_message, queue_notice
from payments.mail.rendering import render
from payments.mail.sending import deliver, send
from payments.models import MailStop, Message, PaymentRequest
from payments.models.mail_stops import StopKind
from payments.models.messages import MessageState, Template
from payments.presentation.reasons import Refusal
from payments.presentation.timeline_text import describe
from tests import cast
from tests.cast import asked, paid_to_maria, person, signed_in
from tests.dialogs import dialog
from tests.payments.smtp import Postbox

pytestmark = pytest.mark.django_db

SEE = ("payments.view_message", "payments.view_paymentrequest", "jobs.view_member", "payments.view_mailstop")
STOP = "payments.change_mailstop"
WHY = "550 no such user"


def approval(occasion: str = "x") -> Message:
    request = PaymentRequest.objects.first() or asked()
    if not request.payments.exists():
        paid_to_maria(request)
    with transaction.atomic():
        message = queue_message(Template.APPROVAL, request=request, occasion=occasion)
    assert message
    return message


def reminder(occasion: str = "r", language: str = "en") -> Message:
    request = approval().request
    assert request
    with transaction.atomic():
        details = {"title": request.title, "requests": [request.pk]}
        message = queue_notice(
            Template.REMINDER,
            name="Coro",
            email="Coro@example.org",
            language=language,
            details=details,
            occasion=occasion,
        )
    assert message
    return message


def bounce(email: str = "coro@example.org") -> MailStop:
    return mail_stops.mark_bounced(email, WHY, by=cast.staff("luis"), about={})


def outcome(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


# Bounced


def test_nothing_is_mailed_to_an_address_that_bounces_however_it_is_written(postbox: Postbox) -> None:
    bounce("CORO@example.org ")
    message = approval()
    send(message.pk)
    assert (outcome(message), postbox.mails) == ((MessageState.FAILED, "mail_bounced"), [])
    with pytest.raises(Refusal) as refusal:
        queue_again(message, occasion="again:1", actor=mail_stops.READER)
    assert refusal.value.code == "mail_bounced"


def test_staff_mark_it_on_the_mail_and_lift_it_with_reasons(postbox: Postbox) -> None:
    message = approval()
    client = signed_in(person("ana", *SEE, STOP))
    mark = reverse("admin:payments_message_mark_bounced", args=[message.pk])
    client.post(mark, {**dialog(client, mark), "why": ""})
    assert not MailStop.objects.exists()
    client.post(mark, {**dialog(client, mark), "why": WHY})
    client.post(mark, {**dialog(client, mark), "why": "again"})
    stop = MailStop.objects.get()
    assert (stop.email, stop.kind, stop.why) == ("coro@example.org", StopKind.BOUNCED, WHY)
    page = client.get(reverse("admin:payments_message_change", args=[message.pk])).content.decode()
    assert "Nothing is mailed to coro@example.org" in page
    lift = reverse("admin:payments_mailstop_lift_stop", args=[stop.pk])
    client.post(lift, {**dialog(client, lift), "why": "They emptied it"})
    send(message.pk)
    assert len(postbox.mails) == 1
    said = [describe(row).text for row in timeline([("mail_stop", str(stop.pk))])]
    assert said == [
        f"Mail to coro@example.org is stopped. It bounced: no mail at all. “{WHY}”",
        "Mail goes to coro@example.org again. “They emptied it”",
    ]
    assert "coro@" not in str([row.data for row in timeline([("mail_stop", str(stop.pk))])])
    # Should it come back once more, it is stopped once more.
    bounce()
    assert MailStop.objects.count() == 2


def test_of_a_member_any_address_is_marked_and_their_page_says_so() -> None:
    member = cast.member("Sol Foundation", kind="organisation")
    Organisation.objects.create(member=member, approver_email="ana@sol.example", accounts_email="books@sol.example")
    client = signed_in(person("ana", *SEE, STOP, "jobs.change_member"))
    mark = reverse("admin:jobs_member_mark_bounced", args=[member.pk])
    client.post(mark, {**dialog(client, mark), "address": "somebody@else.example", "why": WHY})
    assert not MailStop.objects.exists()
    client.post(mark, {**dialog(client, mark), "address": "ana@sol.example", "why": WHY})
    page = client.get(reverse("admin:jobs_member_change", args=[member.pk])).content.decode()
    assert "Nothing is mailed to ana@sol.example" in page
    assert WHY in page


def test_what_is_erased_with_a_member_are_the_stops_of_all_their_addresses() -> None:
    member = cast.member("Sol Foundation", email="Sol@example.org")
    Organisation.objects.create(member=member, approver_email="Ana@sol.example", accounts_email="")
    theirs = [bounce("sol@example.org").pk, bounce("ana@sol.example").pk]
    bounce("other@example.org")
    assert sorted(of(member).mail_stops.values_list("pk", flat=True)) == sorted(theirs)


def test_the_request_says_that_its_payer_gets_no_mail() -> None:
    request = approval().request
    assert request
    bounce()
    client = signed_in(person("ana", *SEE))
    page = client.get(reverse("admin:payments_paymentrequest_change", args=[request.pk])).content.decode()
    assert "Nothing is mailed to coro@example.org" in page
    assert "hand them the link yourself" in page


def test_who_may_only_look_marks_and_lifts_nothing() -> None:
    message, stop = approval(), bounce("other@example.org")
    client = signed_in(person("ana", *SEE, "jobs.change_member"))
    member = cast.member("Sol")
    for name, key in (
        ("payments_message_mark_bounced", message.pk),
        ("jobs_member_mark_bounced", member.pk),
        ("payments_mailstop_lift_stop", stop.pk),
    ):
        client.post(reverse(f"admin:{name}", args=[key]), {"why": WHY, "address": member.email})
    assert MailStop.objects.filter(lifted_at=None).get() == stop


# Unsubscribed


def test_a_reminder_says_where_it_is_stopped_and_what_asks_does_not(postbox: Postbox) -> None:
    told, ask = reminder(), approval("y")
    send(ask.pk)
    asking = postbox.mails[0]
    assert asking["List-Unsubscribe"] is None
    assert asking["List-Unsubscribe-Post"] is None
    # Handed over by day or night: when it goes out is another matter.
    assert deliver(told, render(told)) is None
    headers = postbox.mails[1]
    assert headers["List-Unsubscribe"].strip() == f"<{links.no_mail_url(told.pk)}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    rendered = render(told)
    assert links.no_mail_url(told.pk) in rendered.text
    assert links.no_mail_url(told.pk) in rendered.html


def path_of(message: Message) -> str:
    return urlsplit(links.no_mail_url(message.pk)).path


def test_one_press_in_a_mail_program_stops_reminders_and_only_those(postbox: Postbox, client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    told = reminder()
    assert strict.get(path_of(told)).status_code == 200
    assert not MailStop.objects.exists()  # mail scanners open every link
    for _press in range(2):
        assert strict.post(path_of(told), {"List-Unsubscribe": "One-Click"}).status_code == 200
    stop = MailStop.objects.get()
    assert (stop.email, stop.kind, stop.made_by) == ("coro@example.org", StopKind.NO_REMINDERS, None)
    ask = approval("y")
    send(ask.pk)
    assert outcome(ask) == (MessageState.SENT, "")
    again = client.post(path_of(told), {"again": "1"}).content.decode()
    assert "Stop these emails?" in again
    assert not MailStop.objects.filter(lifted_at=None).exists()


def test_what_a_reader_stopped_staff_do_not_start_again(client: Client) -> None:
    told = reminder()
    client.post(path_of(told))
    stop = MailStop.objects.get()
    staff = signed_in(person("ana", *SEE, STOP))
    page = staff.get(reverse("admin:payments_mailstop_change", args=[stop.pk])).content.decode()
    lift = reverse("admin:payments_mailstop_lift_stop", args=[stop.pk])
    assert lift not in page
    answer = staff.post(lift, {**dialog(staff, lift), "why": "They should hear of it"})
    assert answer.status_code == 404
    assert MailStop.objects.get(lifted_at=None) == stop


def test_an_address_that_bounces_is_not_what_its_reader_stopped(client: Client) -> None:
    told = reminder()
    bounce()
    assert "Stop these emails?" in client.get(path_of(told)).content.decode()
    client.post(path_of(told), {"again": "1"})
    assert MailStop.objects.get(lifted_at=None).kind == StopKind.BOUNCED


def test_the_link_is_signed_and_only_of_what_can_be_stopped(client: Client) -> None:
    ask = approval("y")
    for path in (path_of(ask), path_of(reminder())[:-3] + "abc", "/no-mail/nothing"):
        assert client.post(path).status_code == 404
    assert not MailStop.objects.exists()


def test_staff_who_look_at_a_reminder_are_not_shown_how_to_stop_it() -> None:
    told = reminder()
    client = signed_in(person("ana", *SEE, "payments.request_paymentrequest"))
    page = client.get(reverse("admin:payments_message_change", args=[told.pk])).content.decode()
    assert not re.search(r"/no-mail/\w", page)


def test_the_page_speaks_the_readers_language(client: Client) -> None:
    assert 'lang="es"' in client.get(path_of(reminder(language="es"))).content.decode()


def test_its_page_is_read_in_another_language_by_an_address_without_a_cookie() -> None:
    page = Client(enforce_csrf_checks=True).get(path_of(reminder())).content.decode()
    assert 'href="?lang=es"' in page
    assert "/languages/setlang/" not in page, "that needs a cookie, which these pages never set"
    assert 'lang="es"' in Client().get(path_of(reminder("s")), {"lang": "es"}).content.decode().split("<head>")[0]
