"""Payers who have not answered are reminded: by day, in one mail, of what they can still approve, once of each kind."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from jobs.models import Organisation
from ledger import clock
from ledger.api import timeline
from payments.actions.pausing import pause
from payments.engine.planning.approval import expire
from payments.mail.reminders import remind
from payments.mail.rendering import render
from payments.mail.sending import due_messages, send
from payments.models import Message, PaymentRequest, Reminder
from payments.models.messages import MessageState, Template
from payments.models.pauses import PauseScope
from payments.presentation.timeline_text import describe
from payments.states import GrantState, RequestState
from tests import cast
from tests.cast import asked, interaction, paid_to_maria
from tests.payments.smtp import Postbox

pytestmark = pytest.mark.django_db

#: Ten in the morning in Mexico City, where the books are.
MORNING = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("America/Mexico_City"))
MoveTo = Callable[[datetime], None]


@pytest.fixture
def move_to(settings: Settings, tmp_path: Path) -> MoveTo:
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")

    def move(moment: datetime) -> None:
        (tmp_path / "clock").write_text(f"={moment.timestamp()}", encoding="ascii")

    move(MORNING)
    return move


@pytest.fixture(autouse=True)
def at_ten(move_to: MoveTo) -> None:
    move_to(MORNING)


def sent_days_ago(days: float, **columns: Any) -> PaymentRequest:
    """A request whose payer has had its link for so many days, and has it until two weeks are over."""
    sent = clock.now() - timedelta(days=days)
    request = asked(sent_at=sent, expires_at=sent + timedelta(days=14), **columns)
    PaymentRequest.objects.filter(pk=request.pk).update(sent_at=sent)
    paid_to_maria(request)
    return request


def written() -> list[Message]:
    return list(Message.objects.filter(template__in=(Template.REMINDER, Template.LAST_DAY)).order_by("created_at"))


def test_one_mail_names_all_that_waits_for_a_payer_with_links(postbox: Postbox) -> None:
    old, young = sent_days_ago(3), sent_days_ago(0.5, title="Songs of the coast")
    other = sent_days_ago(4, payer_email="sol@example.org", payer_name="Sol")
    remind()
    to_choir, to_sol = sorted(written(), key=lambda message: message.to_email)
    assert (to_choir.details["requests"], to_sol.details["requests"]) == ([old.pk, young.pk], [other.pk])
    send(to_choir.pk)
    (mail,) = postbox.mails
    assert mail["Subject"] == "A reminder: 2 payments wait for you"
    assert mail["To"].addresses[0].addr_spec == "coro@example.org"
    for part in mail.iter_parts():
        words = part.get_content()
        assert "Songs of the coast" in words
        assert words.count("Radio Comunitaria") >= 2
        assert "1,262.50" in words
        assert "/approve/" in words
    said = timeline([("request", old.pk)])[-1]
    assert describe(said).text == "The payer is reminded by email that it waits for them."


def test_of_each_kind_once_however_often_it_is_looked(move_to: MoveTo) -> None:
    request = sent_days_ago(2.9)
    remind()
    assert not written()
    for days, mails in ((0.2, 1), (1, 1), (4.2, 2), (5, 2), (10.3, 3), (10.9, 3)):
        move_to(MORNING + timedelta(days=days))
        remind()
        remind()
        assert len(written()) == mails, days
    assert [message.template for message in written()] == [Template.REMINDER, Template.REMINDER, Template.LAST_DAY]
    assert request.reminders.count() == 3
    move_to(MORNING + timedelta(days=11.2))
    remind()
    assert len(written()) == 3


def test_what_dies_before_it_is_written_down_is_done_once_afterwards() -> None:
    sent_days_ago(3)
    with transaction.atomic():
        remind()
        transaction.set_rollback(True)
    assert not written()
    assert not Reminder.objects.exists()
    remind()
    assert len(written()) == 1


def test_what_is_due_soon_is_told_with_what_is_due_now(move_to: MoveTo) -> None:
    sent_days_ago(3)
    sent_days_ago(1.5, title="Songs")
    remind()
    move_to(MORNING + timedelta(days=2))
    remind()
    assert len(written()) == 1


def test_nobody_is_reminded_where_the_setting_says_so_but_on_the_last_day(settings: Settings) -> None:
    settings.REMINDER_DAYS = ()
    sent_days_ago(8)
    ending = sent_days_ago(13.5, payer_email="sol@example.org")
    remind()
    (message,) = written()
    assert (message.template, message.details["requests"]) == (Template.LAST_DAY, [ending.pk])


def test_the_last_day_is_told_in_the_payers_language(postbox: Postbox) -> None:
    sent_days_ago(13.5, payer_language="es")
    remind()
    (message,) = written()
    assert (message.template, message.language) == (Template.LAST_DAY, "es")
    send(message.pk)
    assert len(postbox.mails) == 1


# By day


def funder(zone: str) -> str:
    sol = cast.member("Sol Foundation", kind="organisation")
    Organisation.objects.create(member=sol, time_zone=zone)
    return sol.key


def test_never_at_night_where_the_payer_is(move_to: MoveTo) -> None:
    sent_days_ago(3, payer_key=funder("Asia/Tokyo"))
    remind()
    assert not written()  # one in the morning of the next day
    move_to(datetime(2026, 11, 21, 8, 1, tzinfo=ZoneInfo("Asia/Tokyo")))
    remind()
    assert len(written()) == 1


def test_without_a_zone_the_night_is_that_of_the_books(move_to: MoveTo) -> None:
    sent_days_ago(3, payer_key=funder(""))
    move_to(MORNING + timedelta(hours=12))
    remind()
    assert not written()
    move_to(MORNING + timedelta(hours=22))
    remind()
    assert len(written()) == 1


def test_a_worker_that_comes_late_waits_for_the_morning(postbox: Postbox, move_to: MoveTo) -> None:
    sent_days_ago(3)
    remind()
    (message,) = written()
    move_to(MORNING + timedelta(hours=13))
    send(message.pk)
    message.refresh_from_db()
    assert (message.state, message.attempts, postbox.mails) == (MessageState.QUEUED, 0, [])
    assert due_messages() == []
    move_to(MORNING + timedelta(hours=22))
    assert due_messages() == [message.pk]
    send(message.pk)
    assert len(postbox.mails) == 1


# It looks again


def paused(_request: PaymentRequest) -> None:
    pause(PauseScope.ALL, "", "We look at something", cast.staff())


def at_the_wallet(request: PaymentRequest) -> None:
    interaction(request)


def back_from_the_wallet(request: PaymentRequest) -> None:
    interaction(request, GrantState.RETURNED)


def pressing(request: PaymentRequest) -> None:
    PaymentRequest.objects.filter(pk=request.pk).update(payer_asked_at=clock.now())


def unusable_wallet(request: PaymentRequest) -> None:
    request.payer_wallet.problem = "wallet_changed"
    request.payer_wallet.save(update_fields=["problem"])


def cancelled(request: PaymentRequest) -> None:
    PaymentRequest.objects.filter(pk=request.pk).update(state=RequestState.CANCELLED)


NOT_NOW = [paused, at_the_wallet, back_from_the_wallet, pressing, unusable_wallet, cancelled]


@pytest.mark.parametrize("happens", NOT_NOW)
def test_nobody_is_reminded_of_what_they_cannot_approve_now(happens: Callable[[PaymentRequest], None]) -> None:
    happens(sent_days_ago(3))
    remind()
    assert not written()
    assert not Reminder.objects.exists()


@pytest.mark.parametrize("happens", NOT_NOW)
def test_what_happened_since_it_was_written_is_seen_before_it_is_sent(
    postbox: Postbox, happens: Callable[[PaymentRequest], None]
) -> None:
    request = sent_days_ago(3)
    remind()
    happens(request)
    (message,) = written()
    send(message.pk)
    message.refresh_from_db()
    assert (message.state, message.reason, postbox.mails) == (MessageState.FAILED, "mail_not_needed", [])


def test_of_several_only_those_that_still_wait_are_sent(postbox: Postbox) -> None:
    cancelled_since, waits = sent_days_ago(4), sent_days_ago(3, title="Songs of the coast")
    remind()
    cancelled(cancelled_since)
    (message,) = written()
    send(message.pk)
    (mail,) = postbox.mails
    text = mail.get_body(("plain",))
    assert text
    words = text.get_content()
    assert waits.title in words
    assert cancelled_since.title not in words


# Afterwards


def test_the_payer_is_told_that_it_expired_if_they_had_the_link(postbox: Postbox, move_to: MoveTo) -> None:
    request = sent_days_ago(14)
    expire(request)
    message = Message.objects.get(template=Template.EXPIRED)
    assert message.request == request
    move_to(MORNING + timedelta(hours=13))
    send(message.pk)
    assert not postbox.mails  # it can wait for the morning
    move_to(MORNING + timedelta(hours=22))
    send(message.pk)
    (mail,) = postbox.mails
    assert render(message).subject == f"Not approved in time: {request.title}"
    for part in mail.iter_parts():
        assert "You were not charged." in part.get_content()
    unsent = asked(RequestState.QUOTED)
    expire(unsent)
    assert Message.objects.filter(template=Template.EXPIRED).count() == 1


def test_a_turn_asks_as_often_for_many_requests_as_for_one() -> None:
    def asks() -> int:
        with CaptureQueriesContext(transaction.get_connection()) as queries:
            remind()
        return len([one for one in queries if one["sql"].startswith("SELECT")])

    sent_days_ago(3)
    one = asks()
    for _number in range(4):
        sent_days_ago(3.1)
    Reminder.objects.all().delete()
    Message.objects.all().delete()
    # Each that is reminded of has its own entry in the ledger, which holds its row against what it said before.
    assert asks() <= one + 4
