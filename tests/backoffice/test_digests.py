"""Who works here gets a summary of what waits on mornings that they choose: their queues, once, never an empty one."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import transaction
from django.urls import reverse
from pytest_django import Settings

from backoffice.digests.contents import digest_of
from backoffice.digests.sending import send_due
from backoffice.models.digests import DigestSetting
from backoffice.to_do import marks
from backoffice.to_do.tabs import TABS
from ledger import clock, days
from ledger.api import Actor, record, timeline
from payments.actions import approvals, guarded, mail_stops
from payments.actions.set_rules import PLAIN
from payments.mail.sending import send
from payments.models import Colleague, MailStop, Message, Payment, PaymentRequest, Proposal
from payments.models.messages import MessageState, Template
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.dates import age
from payments.states import PaymentState, RequestState
from tests import cast
from tests.cast import asked, paid_to_maria, person, signed_in
from tests.payments.smtp import Postbox, postbox

__all__ = ["postbox"]

pytestmark = pytest.mark.django_db

#: A Friday.
MORNING = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo("America/Mexico_City"))
SEE_MONEY = ("payments.view_payment", "payments.view_paymentrequest")


class Hands:
    """The clock of the test, which stands still."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.to(MORNING)

    def to(self, moment: datetime) -> None:
        self.file.write_text(f"={moment.timestamp()}", encoding="ascii")


@pytest.fixture(autouse=True)
def hands(settings: Settings, tmp_path: Path) -> Hands:
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    return Hands(tmp_path / "clock")


def colleague(name: str, *permissions: str, **chosen: object) -> User:
    user = person(name, *permissions)
    user.email = f"{name}@tequio.example"
    user.save(update_fields=["email"])
    if chosen:
        DigestSetting.objects.create(user=user, **chosen)
    return user


def stopped_payment() -> Payment:
    return paid_to_maria(asked(RequestState.APPROVED), PaymentState.NEEDS_ATTENTION)


def digests() -> list[Message]:
    return list(Message.objects.filter(template=Template.DIGEST).order_by("to_email"))


def test_it_says_how_much_waits_since_when_and_what_changed(postbox: Postbox, hands: Hands) -> None:
    hands.to(MORNING - timedelta(days=3))
    first = stopped_payment()
    hands.to(MORNING - timedelta(hours=5))
    stopped_payment()
    approvals.decline(asked().pk, "")
    hands.to(MORNING)
    colleague("ana", *SEE_MONEY)
    send_due()
    (message,) = digests()
    send(message.pk)
    (sent,) = postbox.mails
    assert sent["To"].addresses[0].addr_spec == "ana@tequio.example"
    assert "To do: 2 things wait for you" in sent["Subject"]
    for words in parts(sent):
        assert "Needs attention: 2" in words.replace("<strong>", "").replace("</a>", "")
        assert f"Longest, for 3 days: {first.request.title}" in words
        assert "2 payment requests were made." in words
        assert "1 payment request ended: Declined by the payer." in words
        assert "/admin/to-do/?tab=attention" in words
        assert reverse("admin:digest") in words
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_it_says_what_became_of_jobs_members_and_payments_that_its_reader_may_see() -> None:
    for kind in ("job.created", "job.created", "job.complete", "member.created", "payment.settled"):
        with transaction.atomic():
            record(kind, actor=Actor("system", "test"), subjects={"job": "1"}, data={})
    everything = person("eva", "jobs.view_job", "jobs.view_member", "payments.view_payment")
    since, now = MORNING - timedelta(days=1), MORNING
    assert digest_of(everything, since, now).changes == [
        "2 jobs were added.",
        "1 job was completed.",
        "1 member was added.",
        "1 payment arrived.",
    ]
    assert digest_of(person("ivo", "jobs.view_member"), since, now).changes == ["1 member was added."]
    assert digest_of(everything, now, now + timedelta(days=1)).changes == []


def parts(sent: EmailMessage) -> list[str]:
    return [" ".join(part.get_content().split()) for part in sent.iter_parts()]


def test_each_gets_only_the_queues_that_they_may_see() -> None:
    stopped_payment()
    colleague("ana", *SEE_MONEY)
    colleague("ben", "jobs.view_job")
    send_due()
    assert [message.to_email for message in digests()] == ["ana@tequio.example"]


def test_when_there_is_nothing_nothing_is_sent_and_it_is_looked_once() -> None:
    ana = colleague("ana", *SEE_MONEY)
    send_due()
    assert not digests()
    stopped_payment()
    send_due()
    assert not digests()  # this morning was looked at
    assert DigestSetting.objects.get(user=ana).last_on == MORNING.date()


def test_once_a_morning_however_often_it_is_looked_and_whatever_dies(hands: Hands) -> None:
    stopped_payment()
    colleague("ana", *SEE_MONEY)
    with transaction.atomic():
        send_due()
        transaction.set_rollback(True)
    assert not digests()
    for _look in range(3):
        send_due()
    assert len(digests()) == 1
    hands.to(MORNING + timedelta(hours=1))
    send_due()
    assert len(digests()) == 1
    hands.to(MORNING + timedelta(days=1))
    send_due()
    assert len(digests()) == 2


def test_it_comes_at_the_hour_and_in_the_zone_that_each_chose(hands: Hands) -> None:
    stopped_payment()
    colleague("ana", *SEE_MONEY, hour=10)
    colleague("ben", *SEE_MONEY, time_zone="Europe/Madrid")  # where it is four in the afternoon
    colleague("eva", *SEE_MONEY, often="weekly")
    colleague("ivo", *SEE_MONEY, often="never")
    send_due()
    assert not digests()
    hands.to(MORNING + timedelta(hours=1))
    send_due()
    assert [message.to_name for message in digests()] == ["ana"]
    hands.to(MORNING + timedelta(hours=15))  # seven in Madrid
    send_due()
    assert [message.to_name for message in digests()] == ["ana", "ben"]
    hands.to(MORNING + timedelta(days=3))  # Monday
    send_due()
    assert "eva" in [message.to_name for message in digests()]
    assert "ivo" not in [message.to_name for message in digests()]


def test_it_speaks_the_language_that_each_works_in() -> None:
    stopped_payment()
    ana = colleague("ana", *SEE_MONEY)
    Colleague.objects.create(user=ana, language="es")
    send_due()
    (message,) = digests()
    assert message.language == "es"
    assert message.details["queues"][0]["title"] == "Requiere atención"


def test_whoever_left_or_has_no_address_or_bounces_or_stopped_it_gets_none() -> None:
    stopped_payment()
    left = colleague("ana", *SEE_MONEY)
    left.is_active = False
    left.save(update_fields=["is_active"])
    person("ben", *SEE_MONEY)
    bounces = colleague("eva", *SEE_MONEY)
    mail_stops.mark_bounced(bounces.email, "550", by=left, about={})
    stopped = colleague("ivo", *SEE_MONEY)
    MailStop.objects.create(email=stopped.email, kind="no_digests")
    send_due()
    assert not digests()


def test_people_choose_for_themselves_and_may_begin_again_after_the_mails_own_link() -> None:
    ana = colleague("ana", *SEE_MONEY)
    MailStop.objects.create(email=ana.email, kind="no_digests")
    client, page = signed_in(ana), reverse("admin:digest")
    assert 'value="never" selected' in client.get(page).content.decode()
    refused = client.post(page, {"often": "weekly", "hour": "3", "time_zone": "Mars/Olympus"}).content.decode()
    assert "No such time zone" in refused
    assert not DigestSetting.objects.exists()
    client.post(page, {"often": "weekly", "hour": "8", "time_zone": "America/Tijuana"})
    kept = DigestSetting.objects.get(user=ana)
    assert (kept.often, kept.hour, kept.time_zone) == ("weekly", 8, "America/Tijuana")
    assert not MailStop.objects.filter(lifted_at=None).exists()
    assert [row.kind for row in timeline([("user", str(ana.pk))])][-2:] == ["mail_stop.lifted", "digest.chosen"]


def test_a_digest_leaves_with_the_rest_of_the_mail_and_says_so_in_the_ledger() -> None:
    stopped_payment()
    ana = colleague("ana", *SEE_MONEY)
    send_due()
    (message,) = digests()
    send(message.pk)
    message.refresh_from_db()
    assert (message.state, len(mail.outbox)) == (MessageState.SENT, 1)
    kinds = [row.kind for row in timeline([("user", str(ana.pk))])]
    assert kinds == ["message.queued", "message.sent"]
    assert PaymentRequest.objects.exists()
    assert cast.staff("ana") == ana
    assert clock.now() == MORNING


def test_what_is_put_off_is_not_told_as_the_oldest(hands: Hands) -> None:
    first = stopped_payment()
    hands.to(MORNING + timedelta(hours=1))
    second = stopped_payment()
    Payment.objects.filter(pk=second.pk).update(receiver_name="Second")
    PaymentRequest.objects.filter(pk=second.request_id).update(title="Second")
    ana = colleague("ana", *SEE_MONEY, "payments.resolve_payment")
    (attention,) = [tab for tab in TABS if tab.code == "attention"]
    marks.put_off(attention.taken_as[0], [str(first.pk)], days.today() + timedelta(days=2), by=ana)
    (queue,) = [one for one in digest_of(ana, MORNING, clock.now()).queues if "tab=attention" in one["link"]]
    assert (queue["count"], queue["oldest"]) == ("1", "Second")


def test_of_what_waits_for_a_second_person_too_only_what_is_not_put_off_is_the_oldest(hands: Hands) -> None:
    proposer = colleague("luis")
    eva = colleague("eva", "payments.view_paymentrequest", "payments.view_proposal", "payments.change_secondpersonrule")
    for code, moment in (("XAA", MORNING - timedelta(days=3)), ("XBB", MORNING - timedelta(days=1))):
        hands.to(moment)
        guarded.propose_rule(Amount(500_00, Asset(code, 2)), PLAIN, by=proposer)
    hands.to(MORNING)
    first, second = Proposal.objects.order_by("created_at")
    (tab,) = [one for one in TABS if one.code == "second"]
    (kind,) = [one for one in tab.kinds if one.subject == "proposal"]
    marks.put_off(kind, [str(first.pk)], days.today() + timedelta(days=2), by=eva)
    (queue,) = [one for one in digest_of(eva, MORNING, clock.now()).queues if "tab=second" in one["link"]]
    assert (queue["count"], queue["age"]) == ("1", age(second.created_at))
    assert age(first.created_at) != age(second.created_at)
