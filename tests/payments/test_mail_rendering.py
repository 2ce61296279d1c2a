"""What mails say: amounts, what for, until when, a link that works, in the reader's language."""

import re

import pytest
from django.contrib.auth.models import User

from ledger import clock
from payments import links
from payments.mail import notices
from payments.mail.rendering import Rendered, render
from payments.models import Message, OutsideSettlement, Payment, PaymentRequest
from payments.models.messages import Template
from payments.states import PaymentState, RequestState
from tests.cast import TITLE, asked, asked_proof, paid_to_maria, settled, standing_budget

pytestmark = pytest.mark.django_db

ASKING = [Template.APPROVAL, Template.APPROVAL_AGAIN]


def mail(
    template: Template, request: PaymentRequest, payment: Payment | None = None, language: str = "en", name: str = "Ana"
) -> Rendered:
    message = Message(
        template=template,
        to_name=name,
        to_email="ana@example.org",
        language=language,
        request=None if template in notices.SUBJECTS else request,
        payment=payment,
        proof=asked_proof() if template == Template.PROOF else None,
        details={
            "before": "https://wallet.example/ana",
            "after": "https://wallet.example/ana-2",
            "way": "cash",
            "paid_on": "2026-10-31",
        },
        occasion="a test",
    )
    return render(message)


def both(rendered: Rendered) -> list[str]:
    """Text and HTML as people read them: no-break spaces are spaces, tags and entities are gone."""
    html = re.sub(r"<[^>]+>", " ", rendered.html)
    return [re.sub(r"\s+", " ", part.replace("&#x27;", "'")) for part in (rendered.text, html)]


@pytest.mark.parametrize("template", ASKING)
def test_an_approval_mail_says_who_asks_what_for_how_much_to_whom_and_until_when(template: Template) -> None:
    request = asked()
    paid_to_maria(request)
    for words in both(mail(template, request)):
        assert "Radio Comunitaria" in words
        assert TITLE in words
        assert "PO-2026-118" in words
        assert "María Hernández receives" in words
        assert "1,250.00 MXN" in words
        assert "Fee of the wallets, at most" in words
        assert "12.50 MXN" in words
        assert "You pay at most" in words
        assert "1,262.50 MXN" in words
        assert "(Mexico City)" in words
        assert "wallet.example" in words
        assert request.id in words


def test_between_currencies_the_mail_names_the_rate_instead_of_a_fee() -> None:
    request = asked(ceiling_debit=7350, asset_code="USD")
    paid_to_maria(request)
    for words in both(mail(Template.APPROVAL, request)):
        assert "73.50 USD" in words
        assert "1 USD = 17.006803 MXN" in words
        assert "Fee" not in words


@pytest.mark.parametrize("template", [Template.APPROVAL, Template.RECEIPT, Template.FAILED])
def test_the_link_in_the_mail_opens_the_request(template: Template) -> None:
    payment = settled()
    rendered = mail(template, payment.request)
    in_text = re.search(r"/approve/(\S+)", rendered.text)
    in_html = re.search(r'href="[^"]*/approve/([^"]+)"', rendered.html)
    assert in_text
    assert in_html
    assert links.read_token(in_text[1]) == links.read_token(in_html[1]) == (payment.request_id, 1, None)


def test_the_receiver_gets_no_approval_link() -> None:
    payment = settled()
    rendered = mail(Template.PAID, payment.request, payment)
    assert "/approve/" not in rendered.text + rendered.html + rendered.short


def test_the_second_request_says_why() -> None:
    request = asked(reason="approval_lost")
    paid_to_maria(request)
    for words in both(mail(Template.APPROVAL_AGAIN, request)):
        assert "approval was cancelled. Nothing was charged through it." in words


def test_an_amount_that_grew_is_the_one_to_approve() -> None:
    request = asked(reason="amount_grew", proposed_debit=128000)
    paid_to_maria(request)
    for words in both(mail(Template.APPROVAL_AGAIN, request)):
        assert "1,280.00 MXN" in words
        assert "30.00 MXN" in words
        assert "1,262.50 MXN" not in words


def test_a_receipt_says_what_was_charged_and_what_arrived() -> None:
    payment = settled()
    rendered = mail(Template.RECEIPT, payment.request)
    assert rendered.subject == f"Receipt: {TITLE}"
    for words in both(rendered):
        assert "You were charged" in words
        assert "1,260.00 MXN" in words
        assert "María Hernández received" in words
        assert "1,250.00 MXN" in words
        assert "10.00 MXN" in words
        assert payment.request_id in words


def test_the_receiver_is_told_amount_job_wallet_and_payment() -> None:
    payment = settled()
    rendered = mail(Template.PAID, payment.request, payment)
    assert rendered.subject == f"You were paid 1,250.00 MXN: {TITLE}"
    for words in both(rendered):
        assert "1,250.00 MXN" in words
        assert "https://bank.example/maria" in words
        assert payment.id in words
    assert rendered.short.replace("\N{NO-BREAK SPACE}", " ") == (
        f"Ana, you were paid 1,250.00 MXN for “{TITLE}”. It is in your wallet. Payment {payment.id}."
    )


def test_a_failure_that_cost_nothing_says_so() -> None:
    request = asked(RequestState.FAILED, reason="payment_failed")
    paid_to_maria(request, PaymentState.FAILED, reason="payment_failed")
    for words in both(mail(Template.FAILED, request)):
        assert "The payer's wallet could not send the money" in words
        assert "You were not charged." in words


def test_a_cancelled_request_is_called_off() -> None:
    request = asked(RequestState.CANCELLED)
    paid_to_maria(request, PaymentState.CANCELLED)
    for words in both(mail(Template.CANCELLED, request)):
        assert "Radio Comunitaria cancelled this payment." in words


@pytest.mark.parametrize("template", Template.values)
@pytest.mark.parametrize("language", ["en", "es", "nah"])
def test_every_mail_can_be_written_in_every_language(template: Template, language: str) -> None:
    payment = settled()
    standing_budget(payment.request)
    rendered = mail(template, payment.request, payment, language)
    shown = {"es": "es"}.get(language, "en")
    assert f'<html lang="{shown}">' in rendered.html
    assert rendered.subject
    assert rendered.text
    assert "{{" not in rendered.text + rendered.html
    assert "{%" not in rendered.text + rendered.html


def test_what_people_typed_stays_text() -> None:
    request = asked(title="<script>alert(1)</script> & more", payer_name="<b>Ana</b>")
    paid_to_maria(request, receiver_name="<img src=x>")
    rendered = mail(Template.APPROVAL, request, name="<b>Ana</b>")
    assert "<script>" not in rendered.html
    assert "<b>Ana" not in rendered.html
    assert "<img src=x" not in rendered.html
    assert "<script>alert(1)</script> & more" in rendered.text
    assert "&amp;" not in rendered.text


def test_a_title_with_line_breaks_stays_one_subject_line() -> None:
    request = asked(title="Job\r\nBcc: everybody@example.org\x07\N{LINE SEPARATOR}x" + "y" * 150)
    paid_to_maria(request)
    subject = mail(Template.APPROVAL, request).subject
    assert subject.isprintable()
    assert len(subject) <= 150


def test_no_text_mail_has_more_than_one_empty_line_in_a_row() -> None:
    payment = settled()
    standing_budget(payment.request)
    for template in Template.values:
        text = mail(Template(template), payment.request, payment).text
        assert "\n\n\n" not in text, text


def outside(received: int = 0) -> Payment:
    """Settled outside on the word of two people, after `received` minor units had arrived in the wallet."""
    now = clock.now()
    request = asked(RequestState.SETTLED_OUTSIDE, reason="settled_outside")
    payment = paid_to_maria(request, PaymentState.SETTLED_OUTSIDE, received_value=received)
    people = {name: User.objects.create_user(name) for name in ("ana", "luis")}
    OutsideSettlement.objects.create(
        payment=payment,
        way="cash",
        evidence="receipt 7",
        claimed_by=people["ana"],
        confirmed_by=people["luis"],
        confirmed_at=now,
    )
    return payment


def test_who_was_paid_outside_is_asked_whether_it_is_so() -> None:
    payment = outside(received=50000)
    rendered = mail(Template.PAID, payment.request, payment)
    assert rendered.subject == f"Were you paid 750.00 MXN outside your wallet? {TITLE}"
    for words in both(rendered):
        assert "Radio Comunitaria records that you were paid for your work outside your wallet" in words
        assert "750.00 MXN" in words
        assert "Cash" in words
        assert "Did you not get this money? Answer this email" in words
        assert "It is in your wallet" not in words
        assert "receipt 7" not in words
    assert "Not so? Tell us." in rendered.short


def test_the_payers_mail_about_what_was_settled_outside_is_no_receipt() -> None:
    payment = outside()
    rendered = mail(Template.RECEIPT, payment.request)
    assert rendered.subject == f"Settled outside the wallets: {TITLE}"
    for words in both(rendered):
        assert "not all of it came through the wallets" in words
        assert "The money has arrived" not in words
        assert "receipt" not in words
        assert "Paid from" not in words


def test_who_may_have_been_charged_is_not_told_otherwise() -> None:
    request = asked(RequestState.FAILED, reason="given_up")
    paid_to_maria(request, PaymentState.FAILED, through=PaymentState.NEEDS_ATTENTION, reason="given_up")
    for words in both(mail(Template.FAILED, request)):
        assert "You were not charged" not in words
        assert "If your wallet shows a charge for it, answer this email." in words
