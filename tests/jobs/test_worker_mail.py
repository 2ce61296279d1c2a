"""What workers are told, in their language: selected, late or failed and why; never twice, never what is over."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from jobs import decisions, links
from jobs.funding import fund
from jobs.models import Application, ApplicationStatus, JobStatus, Member
from jobs.tasks import sweep, sync_request
from jobs.worker_mail import messages_to
from ledger.api import Actor, timeline
from payments.mail.fitting import LONGEST_SHORT
from payments.mail.queue import is_pointless, queue_again
from payments.mail.rendering import render
from payments.mail.sending import send
from payments.models import Message, Payment, PaymentRequest, Seller
from payments.models.messages import MessageState, Template
from payments.states import PaymentState
from tests import cast, progress
from tests.cast import person, signed_in
from tests.payments.smtp import Postbox

pytestmark = pytest.mark.django_db


def selected(maria: Member, rosa: User, title: str = "Stories in Nahuatl") -> Application:
    job = cast.job(JobStatus.RECRUITING, title=title)
    return decisions.select(cast.applied(job, maria, ApplicationStatus.PENDING).pk, by=rosa)


def stopped(maria: Member, rosa: User, seller: Seller, state: PaymentState, reason: str, **columns: object) -> Payment:
    """Maria's payment, approved by its funder, in `state` for `reason`."""
    job = cast.job(JobStatus.SUBMITTING)
    request = fund(job, [cast.applied(job, maria)], seller, by=rosa, form_id="1")
    progress.approve(request)
    PaymentRequest.objects.filter(pk=request.pk).update(**columns)
    payment = request.payments.get()
    progress.bring(payment, state, reason=reason)
    return payment


def test_who_is_selected_is_told_what_for_and_how_much(maria: Member, rosa: User) -> None:
    application = selected(maria, rosa)
    message = Message.objects.get()
    assert (message.template, message.to_email, message.language) == (Template.SELECTED, maria.email, "en")
    rendered = render(message)
    assert rendered.subject == "You were selected: Stories in Nahuatl"
    for text in (rendered.text, rendered.html):
        assert "Stories in Nahuatl" in text
        assert "PO-7" in text
        assert "1,250.00\xa0MXN" in text
        assert links.worker_url(maria) in text
    told = [row.kind for row in timeline([("application", str(application.pk))])]
    assert told == ["application.selected", "message.queued"]


def test_the_message_says_what_was_true_when_it_was_decided(maria: Member, rosa: User) -> None:
    application = selected(maria, rosa)
    application.job.title = "Another title"
    application.job.budget_value = 1
    application.job.save()
    assert "Stories in Nahuatl" in render(Message.objects.get()).text
    assert "1,250.00\xa0MXN" in render(Message.objects.get()).text


def test_who_is_not_selected_is_not_told_that_they_are(maria: Member, rosa: User) -> None:
    job = cast.job(workers_wanted=1)
    cast.applied(job, cast.member("Pedro"))
    application = cast.applied(job, maria, ApplicationStatus.PENDING)
    with pytest.raises(Exception, match="wants 1 workers"):
        decisions.select(application.pk, by=rosa)
    decisions.reject(application.pk, by=rosa)
    assert not Message.objects.exists()


def test_who_was_selected_and_is_let_go_is_told(maria: Member, rosa: User) -> None:
    application = selected(maria, rosa)
    decisions.reject(application.pk, by=rosa)
    mail = render(Message.objects.get(template=Template.LET_GO))
    assert mail.subject == "No longer selected: Stories in Nahuatl"
    assert "PO-7" in mail.text
    assert "you are no longer selected for “Stories in Nahuatl”" in mail.short
    decisions.select(application.pk, by=rosa)
    decisions.reject(application.pk, by=rosa)
    assert Message.objects.filter(template=Template.LET_GO).count() == 2
    assert messages_to(application).count() == 4


def test_a_message_about_no_request_is_sent_again_and_shown_in_the_outbox(
    maria: Member, rosa: User, postbox: Postbox
) -> None:
    selected(maria, rosa)
    message = Message.objects.get()
    send(message.pk)
    message.refresh_from_db()
    assert message.state == MessageState.SENT
    again = queue_again(message, occasion="again", actor=Actor.staff(rosa.pk))
    assert render(again).text == render(message).text
    assert [mail["Subject"] for mail in postbox.mails] == ["You were selected: Stories in Nahuatl"]
    may_ask = signed_in(person("ana", "payments.view_message", "payments.request_paymentrequest"))
    onlooker = signed_in(person("eva", "payments.view_message"))
    for client, sees_link in ((may_ask, True), (onlooker, False)):
        page = client.get(reverse("admin:payments_message_change", args=[message.pk]))
        frame = client.get(reverse("admin:payments_message_preview", args=[message.pk]))
        assert page.status_code == frame.status_code == 200
        marked = links.worker_url(maria, int(client.session["_auth_user_id"]))
        assert (marked in frame.content.decode()) == sees_link
        assert (marked in page.content.decode()) == sees_link
        assert links.worker_url(maria) not in frame.content.decode() + page.content.decode()
    assert "Stories in Nahuatl" in may_ask.get(reverse("admin:payments_message_changelist")).content.decode()
    found = may_ask.get(reverse("admin:payments_message_changelist"), {"q": "Nahuatl"}).content.decode()
    assert "Maria Lopez" in found


@pytest.mark.parametrize(
    ("state", "reason", "template", "why"),
    [
        (PaymentState.NEEDS_ATTENTION, "not_settled", Template.LATE, "your wallet does not report it as arrived yet"),
        (PaymentState.FAILED, "payment_failed", Template.NOT_PAID, "The payer's wallet could not send the money."),
        (PaymentState.FAILED, "something_new", Template.NOT_PAID, "Something went wrong between the wallets."),
    ],
)
def test_who_waits_for_money_is_told_why_it_is_not_there(  # noqa: PLR0917 - parameters and people
    state: PaymentState, reason: str, template: Template, why: str, maria: Member, rosa: User, seller: Seller
) -> None:
    payment = stopped(maria, rosa, seller, state, reason)
    for _again in range(2):
        sync_request(payment.request_id)
        sweep()
    message = Message.objects.get()
    assert (message.template, message.to_email) == (template, maria.email)
    rendered = render(message)
    assert why in rendered.text
    assert "1,250.00\xa0MXN" in rendered.text
    assert why in rendered.short


def test_nobody_hears_of_a_payment_that_was_never_approved(maria: Member, rosa: User, seller: Seller) -> None:
    payment = stopped(maria, rosa, seller, PaymentState.FAILED, "payment_failed")
    PaymentRequest.objects.update(approved_at=None)
    sync_request(payment.request_id)
    assert not Message.objects.exists()


def test_a_trouble_that_is_over_is_not_told_any_more(
    maria: Member, rosa: User, seller: Seller, postbox: Postbox
) -> None:
    payment = stopped(maria, rosa, seller, PaymentState.NEEDS_ATTENTION, "not_settled")
    sync_request(payment.request_id)
    message = Message.objects.get()
    assert not is_pointless(message)
    progress.bring(payment, PaymentState.SETTLED)
    send(message.pk)
    message.refresh_from_db()
    assert (message.state, message.reason) == (MessageState.FAILED, "mail_not_needed")
    assert not postbox.mails


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("template", [Template.SELECTED, Template.PAID, Template.LATE, Template.NOT_PAID])
def test_every_message_to_a_worker_has_a_text_of_three_hundred_characters_at_most(
    language: str, template: Template, rosa: User, seller: Seller
) -> None:
    worker = cast.member("M" * 200, language=language)
    state = {Template.LATE: PaymentState.NEEDS_ATTENTION}.get(template, PaymentState.FAILED)
    payment = stopped(worker, rosa, seller, state, "not_settled")
    title = "A very long title " * 11
    PaymentRequest.objects.update(title=title)
    payment.request.refresh_from_db()
    request = None if template == Template.SELECTED else payment.request
    details = {"title": title, "amount": {"value": "125000", "assetCode": "MXN", "assetScale": 2}}
    message = Message(
        template=template,
        to_name=worker.name,
        to_email=worker.email,
        language=language,
        request=request,
        payment=payment if request else None,
        details={} if request else details,
    )
    short = render(message).short
    assert 0 < len(short) <= LONGEST_SHORT
    assert "1,250.00\xa0MXN" in short
    assert (payment.pk in short) == (request is not None)


def test_staff_copy_the_short_text_from_the_application_and_the_payment(
    maria: Member, rosa: User, seller: Seller
) -> None:
    application = selected(maria, rosa)
    request = fund(application.job, [application], seller, by=rosa, form_id="1")
    progress.approve(request)
    progress.bring(request.payments.get(), PaymentState.NEEDS_ATTENTION, reason="not_settled")
    sync_request(request.pk)
    client = signed_in(person("ana", "jobs.view_application", "payments.view_payment", "payments.view_message"))
    page = client.get(reverse("admin:jobs_application_change", args=[application.pk])).content.decode()
    assert "you were selected for “Stories in Nahuatl”" in page
    assert "is late." in page
    payment = request.payments.get()
    page = client.get(reverse("admin:payments_payment_change", args=[payment.pk])).content.decode()
    assert "is late." in page
