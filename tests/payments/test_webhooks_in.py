"""Another program's webhook makes us look, once, if it is signed and from now; nothing that it says is believed."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django_q.models import OrmQ
from standardwebhooks import Webhook

from ledger import clock
from ledger.api import timeline
from payments.actions.incoming_webhooks import LARGEST_BODY
from payments.actions.webhook_endpoints import add_sender, rotate_sender, switch_sender
from payments.models import Payment, PaymentRequest, ReceivedWebhook, WebhookSender
from payments.presentation.reasons import Refusal
from payments.states import PaymentState, RequestState
from payments.webhooks.signing import new_secret
from tests.cast import asked, paid_to_maria, staff

pytestmark = pytest.mark.django_db

URL = "/api/webhooks/payments"


@pytest.fixture
def sender() -> WebhookSender:
    return add_sender("Payments service", "", by=staff("ana"))


def secret_of(sender: WebhookSender) -> str:
    return sender.secrets(clock.now())[0]


def told(request: PaymentRequest, **changed: Any) -> dict[str, Any]:
    """The body of the API document."""
    body = {
        "type": "payment.completed",
        "pendingId": request.pk,
        "offerId": "123",
        "status": "paid",
        "outgoingPaymentId": "https://wallet.example/outgoing-payments/1",
        "timestamp": "2025-11-09T08:36:51.000Z",
    }
    return {name: value for name, value in {**body, **changed}.items() if value is not None}


def sent(secret: str, body: Any, message_id: str = "msg_1", ago: timedelta = timedelta(0), **headers: str) -> Any:
    """The answer to `body`, signed by the official library as of `ago`."""
    text = body if isinstance(body, str) else json.dumps(body)
    at = clock.now() - ago
    signed = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, text),
    }
    return posted(text, {**signed, **headers})


def posted(text: str, headers: Mapping[str, str]) -> Any:
    # Nothing of a browser's: no cookie, and no token against forgeries.
    client = Client(enforce_csrf_checks=True)
    return client.post(URL, text.encode(), content_type="application/json", headers={**headers})


def tasks() -> list[tuple[str, tuple[Any, ...]]]:
    return [(row.task["func"], row.task["args"]) for row in OrmQ.objects.all()]


def test_it_makes_us_look_once_and_changes_nothing(sender: WebhookSender) -> None:
    request = asked(RequestState.APPROVED)
    payment = paid_to_maria(request, PaymentState.SENT)
    later = clock.now() + timedelta(hours=1)
    PaymentRequest.objects.update(next_attempt_at=later)
    Payment.objects.update(retry_at=later)
    OrmQ.objects.all().delete()
    for _ in range(2):
        answer = sent(secret_of(sender), told(request))
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert tasks() == [("payments.tasks.advance_request", (request.pk,))]
    payment.refresh_from_db()
    request.refresh_from_db()
    assert (payment.state, request.state) == (PaymentState.SENT, RequestState.APPROVED)
    assert payment.retry_at is None
    assert request.next_attempt_at
    assert request.next_attempt_at <= clock.now()
    kinds = [line.kind for line in timeline([("webhook_sender", sender.pk)])]
    assert kinds == ["webhook_sender.added", "request.nudged"]
    assert sent(secret_of(sender), told(request), message_id="msg_2").status_code == 200
    assert len(tasks()) == ReceivedWebhook.objects.count() == 2


def test_what_is_unsigned_forged_old_or_from_the_future_is_refused(sender: WebhookSender) -> None:
    request = asked(RequestState.APPROVED)
    OrmQ.objects.all().delete()
    secret, body = secret_of(sender), told(request)
    good = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(clock.now().timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", clock.now(), json.dumps(body)),
    }
    refused = [
        *(posted(json.dumps(body), {name: value for name, value in good.items() if name != left}) for left in good),
        posted(json.dumps({**body, "pendingId": "0" * 26}), good),
        posted(json.dumps(body), {**good, "webhook-id": "msg_2"}),
        posted(json.dumps(body), {**good, "webhook-timestamp": "soon"}),
        posted(json.dumps(body), {**good, "webhook-timestamp": "9" * 40}),
        posted(json.dumps(body), {**good, "webhook-signature": "v1,é v1a,AAAA"}),
        posted(json.dumps(body), {**good, "webhook-signature": "v2," + good["webhook-signature"].partition(",")[2]}),
        sent(new_secret(), body),
        sent(secret, body, ago=timedelta(minutes=6)),
        sent(secret, body, ago=-timedelta(minutes=6)),
        sent(secret, body, message_id="m" * 201),
    ]
    assert {answer.status_code for answer in refused} == {401}
    assert {answer.json()["details"]["code"] for answer in refused} == {"not_signed", "wrong_signature"}
    assert (tasks(), ReceivedWebhook.objects.count()) == ([], 0)
    among_others = {**good, "webhook-signature": f"v1,AAAA {good['webhook-signature']}"}
    assert posted(json.dumps(body), among_others).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"type": "payment.invented"}, 400, "unknown_type"),
        ({"type": None}, 400, "missing_field"),
        ({"pendingId": 7}, 400, "missing_field"),
        ({"offerId": ""}, 400, "missing_field"),
        ({"pendingId": "0" * 26}, 404, "unknown_payment"),
        ({"pendingId": "'; DROP TABLE"}, 404, "unknown_payment"),
        ({"pendingId": "\0"}, 400, "not_json"),
        ("{", 400, "not_json"),
        ("[]", 400, "not_json"),
        ('{"a":' * 100 + "1" + "}" * 100, 400, "not_json"),
        (" " * (LARGEST_BODY + 1), 413, "too_large"),
    ],
)
def test_what_can_not_be_used_is_refused_as_the_document_says(
    sender: WebhookSender, changed: Any, status: int, code: str
) -> None:
    body = changed if isinstance(changed, str) else told(asked(), **changed)
    answer = sent(secret_of(sender), body)
    assert (answer.status_code, answer.json()["details"]["code"]) == (status, code)
    assert answer.json()["error"]
    assert not ReceivedWebhook.objects.exists()


def test_each_sender_has_secrets_of_its_own_and_can_be_switched_off(sender: WebhookSender) -> None:
    request, ana = asked(), staff("ana")
    given = new_secret()
    other = add_sender("Shop", given, by=ana)
    assert secret_of(other) == given
    before = secret_of(sender)
    with transaction.atomic():
        rotate_sender(sender, "", by=ana)
    for number, secret in enumerate((before, secret_of(sender), given)):
        assert sent(secret, told(request), message_id=f"msg_{number}").status_code == 200
    with transaction.atomic():
        switch_sender(sender, on=False, by=ana)
    assert sent(before, told(request), message_id="msg_3").status_code == 401
    assert sent(given, told(request), message_id="msg_3").status_code == 200
    for secret in ("whsec_short", "secret", f"{given}é"):
        with pytest.raises(Refusal):
            add_sender("Shop", secret, by=ana)
    assert Client().get(URL).status_code == 405
