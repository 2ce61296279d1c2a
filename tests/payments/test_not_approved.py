"""Who asked hears that the payer declined, and why, or that nobody approved it in time."""

import pytest

from payments.actions import approvals
from payments.engine.planning.approval import expire
from payments.mail.rendering import render
from payments.models import Message, PaymentRequest
from payments.models.messages import Template
from payments.states import PaymentState, RequestState
from tests import cast
from tests.cast import asked, paid_to_maria, person
from tests.payments.pages import page

pytestmark = pytest.mark.django_db


def told(request: PaymentRequest) -> list[Message]:
    return list(Message.objects.filter(template=Template.NOT_APPROVED, details__subjects__request=request.pk))


def test_who_asked_is_told_that_it_was_declined_with_the_payers_words_or_that_it_expired() -> None:
    rosa = cast.staff("rosa")
    rosa.email = "rosa@example.org"
    rosa.save(update_fields=["email"])
    declined = asked(requested_by=rosa)
    paid_to_maria(declined)
    approvals.decline(declined.pk, "We paid <b>twice</b>")
    (message,) = told(declined)
    assert message.to_email == rosa.email
    mail = render(message)
    assert "The payer declined. “We paid <b>twice</b>”" in mail.text
    assert page(declined) in mail.text
    assert "Coro de Oaxaca" in mail.text
    assert "<b>twice" not in mail.html
    expired = asked(requested_by=rosa)
    paid_to_maria(expired)
    expire(expired)
    (message,) = told(expired)
    assert "Nobody approved it in time, and the link no longer works." in render(message).text
    assert "can be asked for again" in render(message).text
    # A part of it was ordered: the rest is what ended.
    partly = asked(requested_by=rosa)
    paid_to_maria(partly, PaymentState.SENT)
    paid_to_maria(partly)
    expire(partly)
    (message,) = told(partly)
    assert "the rest was not approved in time" in render(message).text
    # Whoever asked and can't be told: somebody who may ask again is.
    rosa.is_active = False
    rosa.save(update_fields=["is_active"])
    ana = person("ana", "payments.request_paymentrequest")
    ana.email = "ana@example.org"
    ana.save(update_fields=["email"])
    left = asked(requested_by=rosa)
    approvals.decline(left.pk, "")
    (message,) = told(left)
    assert (message.to_email, left.state) == (ana.email, RequestState.AWAITING_APPROVAL)
    assert "The payer declined.\n" in render(message).text
