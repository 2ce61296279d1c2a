"""What payers and staff read of a split: who was left out, the rest that is asked for, and who waits for their work."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ledger import clock
from payments import links
from payments.mail.queue import queue_message
from payments.mail.rendering import render
from payments.models import Payment, PaymentRequest
from payments.models.attempts import counted_outgoing_payment
from payments.models.messages import Template
from payments.presentation.cost_summary import cost_summary_of
from payments.presentation.reasons import sentence
from payments.states import AttemptState, PaymentState, RequestState
from tests.cast import asked, paid_to_maria, person, signed_in
from tests.payments.pages import page, words
from tests.progress import bring

pytestmark = pytest.mark.django_db
READ = ("payments.view_paymentrequest", "payments.view_payment")


def read(request: PaymentRequest) -> str:
    answer = Client().get(links.approval_url(request), {"lang": "en"})
    assert answer.status_code == 200
    return words(answer)


def for_staff(request: PaymentRequest) -> str:
    return words(signed_in(person(f"ana-{request.pk}", *READ)).get(page(request)))


def another(request: PaymentRequest, state: PaymentState, **columns: Any) -> Payment:
    return paid_to_maria(request, state, **{"receiver_name": "Luz Ortiz", **columns})


def asked_for_the_rest() -> PaymentRequest:
    """María has her 1,250.00 (1,260.00 charged); Luz's 1,250.00 is asked for again, at most 2,525.00 in all."""
    request = asked(ceiling_debit=252500, committed_debit=126000, reason="approval_ended", approved_at=clock.now())
    paid_to_maria(request, PaymentState.SETTLED)
    another(request, PaymentState.QUOTED)
    return request


def ended_in_part(reason: str, **params: str) -> PaymentRequest:
    request = asked_for_the_rest()
    bring(request.payments.get(state=PaymentState.QUOTED), PaymentState.CANCELLED)
    bring(request, RequestState.SETTLED_IN_PART, reason=reason, reason_params=params)
    return request


def mail(template: Template, request: PaymentRequest) -> str:
    message = queue_message(template, request=request, occasion="test")
    assert message
    message.language = "en"
    rendered = render(message)
    assert rendered.html
    return f"{rendered.subject}\n{rendered.text}".replace("\xa0", " ")


def test_the_page_asks_for_the_rest_alone() -> None:
    text = read(asked_for_the_rest())
    assert (
        "1,260.00 MXN of at most 2,525.00 MXN is already paid or on its way. You approve at most 1,265.00 MXN now."
        in text
    )
    assert "You approve at most now 1,265.00 MXN" in text
    assert "María Hernández received" in text
    assert "Luz Ortiz receives" in text


def test_its_button_accepts_the_rest() -> None:
    request = asked_for_the_rest()
    answer = Client().get(links.approval_url(request)).content.decode()
    assert 'name="accepted" value="126500"' in answer


def test_its_mail_says_the_same() -> None:
    text = mail(Template.APPROVAL_AGAIN, asked_for_the_rest())
    assert (
        "1,260.00 MXN of at most 2,525.00 MXN is already paid or on its way. You approve at most 1,265.00 MXN now."
        in text
    )


def test_staff_see_what_was_ordered_before() -> None:
    assert "1,260.00 MXN of it was ordered before; the payer is asked for the rest, at most 1,265.00 MXN." in for_staff(
        asked_for_the_rest()
    )


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("rest_declined", "the payer declined the rest. Not now"),
        ("rest_expired", "the rest was not approved in time."),
        ("rest_cancelled", "the rest was cancelled."),
        ("some_failed", "Not every payment of this request arrived."),
    ],
)
def test_what_ended_in_part_says_so_to_everybody(reason: str, why: str) -> None:
    request = ended_in_part(reason, words="Not now")
    text = read(request)
    assert "Settled in part" in text
    assert why in text
    assert "You paid 1,260.00 MXN" in text
    assert "did not work" not in text
    assert "Settled in part" in for_staff(request)


def test_the_payer_gets_a_receipt_for_the_part() -> None:
    text = mail(Template.RECEIPT, ended_in_part("rest_declined", words="Not now"))
    assert text.startswith("Receipt for a part:")
    assert "This is the receipt for what was paid." in text
    assert "1,260.00 MXN" in text
    assert "has arrived. Thank you" not in text


def test_who_fell_out_is_shown_to_staff_and_not_to_the_payer() -> None:
    request = asked(RequestState.QUOTED)
    paid_to_maria(request)
    problem = {"code": "wallet_not_found", "params": {"wallet": "https://bank.example/luz"}}
    params = {"name": "Luz Ortiz", "problem": problem}
    another(request, PaymentState.FAILED, reason="receiver_wallet", reason_params=params)
    text = for_staff(request)
    assert "Left out: the payer is not asked for them" in text
    assert "The wallet of Luz Ortiz cannot be used: https://bank.example/luz does not exist" in text
    assert "Fee of the wallets, at most 12.50 MXN" in text
    bring(request, RequestState.AWAITING_APPROVAL)
    assert "Luz" not in read(request)


def held(request: PaymentRequest, state: PaymentState) -> Payment:
    return paid_to_maria(request, state, held=True)


def test_a_held_payment_is_told_before_the_approval() -> None:
    request = asked()
    held(request, PaymentState.QUOTED)
    promise = (
        "You approve now; each person is paid when their work is accepted. "
        "The money is not set aside and stays in your account until then."
    )
    text = read(request)
    assert promise in text
    assert "when the work is accepted" in text
    assert promise in " ".join(mail(Template.APPROVAL, request).split())


def test_a_held_payment_that_is_approved_waits_for_work() -> None:
    request = asked(RequestState.APPROVED)
    held(request, PaymentState.APPROVED)
    assert "Approved, not set aside" in read(request)
    assert "Waiting for the work to be accepted." in read(request)
    text = for_staff(request)
    assert "Approved, not set aside. Waiting for the work to be accepted." in text
    assert "Whose turn? Staff" in text


def test_orders_that_failed_are_in_no_total() -> None:
    request = asked_for_the_rest()
    maria = request.payments.get(state=PaymentState.SETTLED)
    order = maria.outgoing_payments.get()
    assert counted_outgoing_payment(maria) == order
    order.state, order.sent_value = AttemptState.FAILED, 0
    order.save()
    assert counted_outgoing_payment(Payment.objects.get(pk=maria.pk)) is None
    assert cost_summary_of(request).charged is None


UNTRUE = ("othing was charged", "ou were not charged")
CHARGED = "You were charged 1,260.00 MXN before. That part stays as it is."


@pytest.mark.parametrize("hint", ["", "rejected", "invalid"])
@pytest.mark.parametrize("proposed", [None, 300000])
def test_who_is_asked_for_the_rest_is_not_told_that_nothing_was_charged(hint: str, proposed: int | None) -> None:
    request = asked_for_the_rest()
    PaymentRequest.objects.filter(pk=request.pk).update(proposed_debit=proposed, reason="")
    text = words(Client().get(links.approval_url(request), {"lang": "en", "hint": hint}))
    assert "is already paid or on its way" in text
    assert not [claim for claim in UNTRUE if claim in text]


@pytest.mark.parametrize("reason", ["approval_refused", "approval_lost", "key_withdrawn"])
def test_why_they_are_asked_again_speaks_of_that_approval_alone(reason: str) -> None:
    assert "othing was charged through it." in sentence(reason, {})


def test_time_that_runs_out_for_the_rest_takes_back_nothing_that_was_charged() -> None:
    request = asked_for_the_rest()
    PaymentRequest.objects.filter(pk=request.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    text = read(request)
    assert "This request has expired" in text
    assert CHARGED in text
    assert not [claim for claim in UNTRUE if claim in text]


def failed_after_a_part() -> PaymentRequest:
    """Of María's 1,260.00 her payer's wallet had sent 5.00 when it failed; after that the payer was asked for Luz."""
    request = asked()
    order = paid_to_maria(request, PaymentState.SENT).outgoing_payments.get()
    maria = request.payments.get()
    bring(maria, PaymentState.FAILED, reason="payment_failed")
    order.refresh_from_db()
    order.state, order.sent_value = AttemptState.FAILED, 500
    order.save()
    another(request, PaymentState.QUOTED)
    PaymentRequest.objects.filter(pk=request.pk).update(sent_at=clock.now() + timedelta(seconds=1))
    request.refresh_from_db()
    return request


@pytest.mark.parametrize("end", [RequestState.DECLINED, RequestState.EXPIRED])
def test_what_a_failed_order_took_is_told_when_the_others_are_not_approved(end: RequestState) -> None:
    request = failed_after_a_part()
    bring(request.payments.get(state=PaymentState.QUOTED), PaymentState.CANCELLED)
    bring(request, end)
    text = read(request)
    assert "You were charged 5.00 MXN before. That part stays as it is." in text
    assert not [claim for claim in UNTRUE if claim in text]


@pytest.mark.parametrize("template", [Template.EXPIRED, Template.CANCELLED])
def test_the_mails_of_an_end_say_what_was_charged(template: Template) -> None:
    for make, charged in ((failed_after_a_part, "5.00 MXN"), (asked_for_the_rest, "1,260.00 MXN")):
        request = make()
        message = queue_message(template, request=request, occasion=f"{template} {charged}")
        assert message
        message.language = "en"
        mail = render(message)
        for text in (mail.text, mail.html):
            told = text.replace("\xa0", " ")
            assert f"You were charged {charged} before. That part stays as it is." in told
            assert not [claim for claim in UNTRUE if claim in told]


def test_where_nothing_was_charged_that_is_said() -> None:
    request = asked()
    paid_to_maria(request)
    assert "You were not charged." in mail(Template.EXPIRED, request)
    PaymentRequest.objects.filter(pk=request.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    assert "Nothing was charged." in read(request)
