"""What a warning that blocks means when nobody is there: nothing is ordered, and a person sees why."""

import pytest
from django.urls import reverse

from ledger.api import timeline
from payments.actions import attention, requests
from payments.actions.set_risk_levels import remove_risk_level, set_risk_level
from payments.engine.advance import advance
from payments.invariants import violations
from payments.models import PaymentRequest, RiskLevel, RiskSetting
from payments.models.payments import Block
from payments.presentation.reasons import Refusal, sentence
from payments.risk.answers import RiskAnswer
from payments.risk.warnings import unsent_of, warnings_of
from payments.states import PaymentState, RequestState
from tests.cast import person, signed_in, staff
from tests.dialogs import confirm
from tests.driver import SECONDS, Stage

SEE = ("payments.view_payment", "payments.view_paymentrequest")
OVERRIDE = "payments.override_risk"


def stopped(stage: Stage) -> PaymentRequest:
    """Approved by its payer; then the level was raised."""
    request = stage.approved()
    set_risk_level("first_payment", RiskLevel.BLOCK, staff("admin"))
    advance(request.pk, SECONDS)
    return PaymentRequest.objects.get(pk=request.pk)


def ordered(stage: Stage) -> int:
    return len(stage.sandbox.requests("create-outgoing-payment"))


def test_what_was_approved_is_not_ordered_and_waits_where_people_look(stage: Stage) -> None:
    request = stopped(stage)
    payment = stage.payment(request)
    assert (payment.state, payment.blocked_by, ordered(stage)) == (PaymentState.APPROVED, Block.WARNING, 0)
    assert "Nothing was ever paid to the wallet of María" in sentence(payment.reason, payment.reason_params)
    advance(request.pk, SECONDS)
    kinds = [row.kind for row in timeline([("payment", payment.pk)])]
    assert kinds.count("payment.warning_stopped") == 1, "it is said once"
    client = signed_in(person("eva", *SEE))
    queue = client.get(reverse("admin:to_do"), {"tab": "warned"}).content.decode()
    assert reverse("admin:payments_payment_change", args=[payment.pk]) in queue
    assert not violations()


def test_somebody_who_may_sends_it_on_and_says_why(stage: Stage) -> None:
    request = stopped(stage)
    payment = stage.payment(request)
    url = reverse("admin:payments_payment_override_warning", args=[payment.pk])
    assert signed_in(person("eva", *SEE, "payments.resolve_payment")).get(url).status_code == 403
    client = signed_in(person("ana", *SEE, OVERRIDE))
    assert url in client.get(reverse("admin:payments_payment_change", args=[payment.pk])).content.decode()
    confirm(client, url, looked_at="on", override_reason="We spoke on the phone.")
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert not violations()
    with pytest.raises(Refusal, match="No warning stops this payment"):
        attention.override_warning(payment.pk, by=staff("ana"), answer=RiskAnswer())


def test_it_goes_on_by_itself_once_it_no_longer_blocks(stage: Stage) -> None:
    request = stopped(stage)
    remove_risk_level(RiskSetting.objects.get(), staff("admin"))
    stage.later(601)
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.SETTLED
    assert stage.payment(request).reason == ""
    assert not violations()


def test_what_was_overridden_when_it_was_sent_is_not_stopped_again(stage: Stage) -> None:
    set_risk_level("first_payment", RiskLevel.BLOCK, staff("admin"))
    request = stage.quoted()
    looked_at = frozenset(each.key for each in warnings_of(unsent_of(request.pk)))
    requests.send(request.pk, by=person("ana", OVERRIDE), answer=RiskAnswer(looked_at, "We spoke on the phone."))
    stage.approve(request)
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
