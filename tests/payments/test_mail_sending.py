"""A message is written down with what it tells about, reaches a real mail server once, and is never lost silently."""

import smtplib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django_q.models import OrmQ
from pytest_django import Settings

from ledger import clock
from ledger.api import Actor, TimelineRow, timeline
from payments.mail.queue import queue_again, queue_message
from payments.mail.sending import CLAIM, INTERRUPTED_AFTER, WAITS, due_messages, send
from payments.models import Message
from payments.models.messages import MessageState, Template
from payments.presentation.reasons import Refusal
from payments.states import RequestState
from tests.cast import TITLE, asked, paid_to_maria, settled
from tests.payments.smtp import Postbox, use_server
from tests.sandbox.process import free_port

pytestmark = pytest.mark.django_db


def approval(payer_name: str = "Coro de Oaxaca") -> Message:
    request = asked(payer_name=payer_name)
    paid_to_maria(request)
    OrmQ.objects.all().delete()  # moves are told to the jobs' room, too
    message = queue_message(Template.APPROVAL, request=request, occasion="approval:1")
    assert message
    return message


def entries(message: Message) -> list[TimelineRow]:
    return timeline([("message", message.id)])


def kinds(message: Message) -> list[str]:
    return [row.kind for row in entries(message)]


class Later:
    """Moves the program's clock."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.file = folder / "clock"
        self.by = timedelta(0)
        settings.CLOCK_OFFSET_FILE = str(self.file)

    def __call__(self, by: timedelta) -> None:
        self.by += by
        self.file.write_text(str(self.by.total_seconds()), encoding="ascii")


@pytest.fixture
def later(settings: Settings, tmp_path: Path) -> Later:
    return Later(settings, tmp_path)


# Writing it down


def test_queueing_leaves_a_row_a_task_and_a_ledger_entry() -> None:
    message = approval()
    assert message.state == MessageState.QUEUED
    assert [task.task["args"] for task in OrmQ.objects.all()] == [(message.id,)]
    assert kinds(message) == ["message.queued"]


def test_one_occasion_is_mailed_once() -> None:
    first = approval()
    assert first.request
    again = queue_message(Template.APPROVAL, request=first.request, occasion=first.occasion)
    assert again == first
    assert Message.objects.count() == OrmQ.objects.count() == 1
    assert kinds(first) == ["message.queued"]


def test_what_is_rolled_back_is_not_mailed() -> None:
    request = asked()
    OrmQ.objects.all().delete()
    with transaction.atomic():
        queue_message(Template.APPROVAL, request=request, occasion="x")
        transaction.set_rollback(True)
    assert Message.objects.count() == OrmQ.objects.count() == 0


def test_a_receiver_without_an_address_gets_no_message() -> None:
    payment = settled()
    payment.receiver_email = ""
    assert queue_message(Template.PAID, request=payment.request, payment=payment, occasion="x") is None
    assert not Message.objects.exists()


def test_the_receiver_is_written_to_in_their_language() -> None:
    payment = settled()
    message = queue_message(Template.PAID, request=payment.request, payment=payment, occasion="x")
    assert message
    assert (message.to_name, message.to_email, message.language) == ("María Hernández", "maria@example.org", "es")


def test_the_ledger_names_people_only_where_it_can_be_erased() -> None:
    row = entries(approval())[0]
    assert row.private == {"name": "Coro de Oaxaca", "email": "coro@example.org"}
    assert "coro@example.org" not in str(row.data)


# Sending


def test_a_mail_reaches_the_server_as_text_and_html(postbox: Postbox) -> None:
    message = approval()
    send(message.id)
    (mail,) = postbox.mails
    assert mail["Subject"] == f"Please approve: {TITLE}"
    assert mail["To"].addresses[0].addr_spec == "coro@example.org"
    assert mail["Message-ID"] == f"<{message.id}@testserver>"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    message.refresh_from_db()
    assert message.state == MessageState.SENT
    assert message.sent_at
    assert kinds(message) == ["message.queued", "message.sent"]


def test_sending_twice_mails_once(postbox: Postbox) -> None:
    message = approval()
    send(message.id)
    send(message.id)
    assert len(postbox.mails) == 1
    assert kinds(message) == ["message.queued", "message.sent"]


def test_a_name_cannot_add_a_header_or_an_address(postbox: Postbox) -> None:
    message = approval(payer_name='Eve"\r\nBcc: everybody@example.org, <other@example.org>')
    send(message.id)
    (mail,) = postbox.mails
    assert [address.addr_spec for address in mail["To"].addresses] == ["coro@example.org"]
    assert mail["Bcc"] is None


@pytest.mark.parametrize("address", ["", "nobody", "a@b.example\nBcc: c@d.example", "a@b.example, c@d.example"])
def test_what_is_no_address_is_not_tried(postbox: Postbox, address: str) -> None:
    message = approval()
    Message.objects.filter(pk=message.pk).update(to_email=address)
    send(message.id)
    message.refresh_from_db()
    assert (message.state, message.reason) == (MessageState.FAILED, "mail_refused")
    assert not postbox.mails


def test_a_refused_recipient_is_told_to_staff_at_once(postbox: Postbox) -> None:
    postbox.to_recipient = "550 5.1.1 No such user"
    message = approval()
    send(message.id)
    message.refresh_from_db()
    assert (message.state, message.reason) == (MessageState.FAILED, "mail_refused")
    assert kinds(message) == ["message.queued", "message.failed"]
    assert entries(message)[-1].data["reason"] == "mail_refused"


@pytest.mark.parametrize("answers", [{"to_recipient": "451 4.7.1 Greylisted"}, {"to_data": "452 4.3.1 Mailbox full"}])
def test_a_passing_refusal_is_tried_again_later(postbox: Postbox, later: Later, answers: dict[str, str]) -> None:
    vars(postbox).update(answers)
    message = approval()
    send(message.id)
    message.refresh_from_db()
    assert (message.state, message.reason) == (MessageState.QUEUED, "mail_unreachable")
    send(message.id)
    assert due_messages() == []

    postbox.to_recipient = postbox.to_data = "250 OK"
    later(WAITS[0])
    assert due_messages() == [message.id]
    send(message.id)
    message.refresh_from_db()
    assert (message.state, message.attempts, message.reason) == (MessageState.SENT, 2, "")
    assert len(postbox.mails) == 1


def test_a_server_that_stays_away_is_given_up_with_a_reason(settings: Settings, later: Later) -> None:
    use_server(settings, free_port())
    message = approval()
    for wait in [*WAITS, timedelta(0)]:
        send(message.id)
        later(wait)
    message.refresh_from_db()
    assert (message.state, message.reason, message.attempts) == (
        MessageState.FAILED,
        "mail_unreachable",
        len(WAITS) + 1,
    )
    assert kinds(message) == ["message.queued", "message.failed"]


def test_a_message_whose_worker_died_is_sent_by_another(postbox: Postbox, later: Later) -> None:
    message = approval()
    Message.objects.filter(pk=message.pk).update(state=MessageState.SENDING, attempts=1, changed_at=clock.now())
    assert due_messages() == []
    later(INTERRUPTED_AFTER)
    assert due_messages() == []
    later(WAITS[0])
    assert due_messages() == [message.id]
    send(message.id)
    assert len(postbox.mails) == 1


class HangingServer:
    """A mail backend whose conversation takes so long that another worker takes over; then it fails."""

    meanwhile: Callable[[], None]

    def __init__(self, **_options: object) -> None:
        pass

    def send_messages(self, _mails: object) -> int:
        HangingServer.meanwhile()
        raise smtplib.SMTPServerDisconnected


def test_a_late_worker_does_not_overwrite_what_the_next_one_found(
    postbox: Postbox, settings: Settings, later: Later
) -> None:
    message = approval()

    def another_worker_takes_over() -> None:
        later(INTERRUPTED_AFTER)
        due_messages()
        later(WAITS[0])
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        send(message.id)

    HangingServer.meanwhile = another_worker_takes_over
    settings.EMAIL_BACKEND = f"{__name__}.HangingServer"
    send(message.id)
    message.refresh_from_db()
    assert (message.state, message.attempts) == (MessageState.SENT, 2)
    assert len(postbox.mails) == 1


def test_a_lost_task_is_found_and_claimed_once(later: Later) -> None:
    message = approval()
    assert due_messages() == []
    later(CLAIM)
    assert due_messages() == [message.id]
    assert due_messages() == []


@pytest.mark.parametrize("state", [state for state in RequestState if state != RequestState.AWAITING_APPROVAL])
def test_nobody_is_asked_to_approve_what_no_longer_waits(postbox: Postbox, state: RequestState) -> None:
    message = approval()
    assert message.request
    message.request.state = state
    message.request.save()
    send(message.id)
    message.refresh_from_db()
    assert (message.state, message.reason) == (MessageState.FAILED, "mail_not_needed")
    assert not postbox.mails


# Once more


def test_staff_can_have_a_mail_sent_once_more(postbox: Postbox) -> None:
    message = approval()
    send(message.id)
    message.refresh_from_db()
    again = queue_again(message, occasion="again:1", actor=Actor.staff(7))
    assert queue_again(message, occasion="again:1", actor=Actor.staff(7)) == again
    send(again.id)
    first, second = postbox.mails
    assert first["Message-ID"] != second["Message-ID"]
    assert entries(again)[0].actor == Actor.staff(7)


def test_what_is_still_on_its_way_is_not_sent_again() -> None:
    with pytest.raises(Refusal) as refusal:
        queue_again(approval(), occasion="again:1", actor=Actor.staff(7))
    assert refusal.value.code == "mail_under_way"


def test_a_request_that_no_longer_waits_is_not_sent_again(postbox: Postbox) -> None:
    message = approval()
    send(message.id)
    message.refresh_from_db()
    assert message.request
    message.request.state = RequestState.SETTLED
    with pytest.raises(Refusal) as refusal:
        queue_again(message, occasion="again:1", actor=Actor.staff(7))
    assert refusal.value.code == "mail_not_needed"
