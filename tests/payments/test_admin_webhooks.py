"""Webhooks in the admin: set up and changed in dialogs by whoever may, a secret shown once, every telling looked up."""

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from ledger import clock
from ledger.api import timeline
from payments.actions.webhook_endpoints import send_test
from payments.models import WebhookDelivery, WebhookEndpoint, WebhookSender
from payments.models.webhooks import DeliveryState, WebhookEvent
from payments.states import PaymentState, RequestState
from payments.webhooks.sending import send_next
from tests.cast import asked, paid_to_maria, person, signed_in, staff
from tests.dialogs import Answer, confirm, dialog
from tests.openpayments.wallet_server import Reply, WalletServer
from tests.payments.webhooks import PATH, endpoint, receiver

__all__ = ["receiver"]

pytestmark = pytest.mark.django_db

SEE = ("payments.view_webhookendpoint", "payments.view_webhookdelivery", "payments.view_webhooksender")
MANAGE = (*SEE, "payments.manage_webhookendpoint", "payments.manage_webhooksender", "payments.resend_webhookdelivery")


def url(row: object, name: str) -> str:
    return reverse(f"admin:payments_{type(row).__name__.lower()}_{name}", args=[row.pk])  # type: ignore[attr-defined]


def press(client: Client, path: str, told: dict[str, str]) -> Answer:
    """Confirm the dialog at `path` with what was typed into it."""
    return client.post(path, {**dialog(client, path), **told}, headers={"HX-Request": "true"})


def text(client: Client, path: str) -> str:
    return unescape(client.get(path).content.decode())


def test_an_endpoint_from_its_first_dialog_to_its_last() -> None:
    ana = person("ana", *MANAGE)
    client = signed_in(ana)
    set_up = reverse("admin:payments_webhookendpoint_add_endpoint")
    told = {"name": "Shop", "url": "https://shop.example/hooks", "kept_by": str(ana.pk), "events": "payment.failed"}
    refused = press(client, set_up, {**told, "url": "http://10.0.0.7/hooks"})
    assert "public https address" in unescape(refused.content.decode())
    answer = press(client, set_up, told)
    row = WebhookEndpoint.objects.get()
    assert answer.headers["HX-Redirect"] == url(row, "change")
    assert (row.events, row.kept_by) == ([WebhookEvent.PAYMENT_FAILED], ana)
    [secret] = row.secrets(clock.now())
    assert secret in text(client, url(row, "change"))
    assert secret not in text(client, url(row, "change")), "it is shown once"

    confirm(client, url(row, "rotate"))
    row.refresh_from_db()
    newest, before = row.secrets(clock.now())
    assert before == secret
    shown = text(client, url(row, "change"))
    assert newest in shown
    assert secret not in shown
    press(client, url(row, "change_endpoint"), {**told, "name": "Shop 2"})
    confirm(client, url(row, "switch_off"))
    row.refresh_from_db()
    assert (row.name, row.off_because) == ("Shop 2", "person")
    assert "Switched off by a person" in text(client, reverse("admin:payments_webhookendpoint_changelist"))
    confirm(client, url(row, "switch_on"))
    row.refresh_from_db()
    assert row.off_at is None
    assert [line.kind for line in timeline([("webhook", row.pk)])] == [
        "webhook.added",
        "webhook.secret_changed",
        "webhook.changed",
        "webhook.switched_off",
        "webhook.switched_on",
    ]


def test_a_test_event_is_sent_once_and_its_answer_can_be_read_and_asked_for_again(receiver: WalletServer) -> None:
    client = signed_in(person("ana2", *MANAGE))
    row = endpoint(receiver.origin + PATH)
    receiver.on("POST", PATH, Reply(b"<script>alert(1)</script> no such shop", 500))
    asks = {"seen": "None", "_form_submitted": "True"}
    for _ in range(2):
        client.post(url(row, "send_test"), asks, headers={"HX-Request": "true"})
    delivery = WebhookDelivery.objects.get()
    assert not send_next(row)
    page = client.get(url(delivery, "change")).content.decode()
    assert "<script>alert(1)" not in page
    shown = unescape(page)
    for words in ("<script>alert(1)</script> no such shop", "answered with 500", '"type": "webhook.test"'):
        assert words in shown
    receiver.on("POST", PATH, Reply())
    confirm(client, url(delivery, "send_again"))
    row.refresh_from_db()
    assert send_next(row)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 1)
    assert "1 delivered, 0 waiting, 0 given up" in text(client, url(row, "change"))


def test_a_sender_brings_its_secret_or_gets_one() -> None:
    client = signed_in(person("ana", *MANAGE))
    confirm(client, reverse("admin:payments_webhooksender_add_sender"), name="Service")
    row = WebhookSender.objects.get()
    [secret] = row.secrets(clock.now())
    assert secret in text(client, url(row, "change"))
    refused = confirm(client, url(row, "rotate"), secret="short")
    assert "no secret of Standard Webhooks" in unescape(refused.content.decode())
    confirm(client, url(row, "rotate"), secret="")
    confirm(client, url(row, "switch_off"))
    row.refresh_from_db()
    assert (len(row.secrets(clock.now())), row.off_at is None) == (2, False)


def test_the_log_of_many_takes_no_more_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    row = endpoint("https://shop.example/hooks")
    for _ in range(3):
        paid_to_maria(asked(RequestState.APPROVED), PaymentState.SENT)
    asked_for = send_test(row, by=staff()).event_id
    client = signed_in(person("aura", *SEE))
    with django_assert_max_num_queries(12):
        shown = text(client, reverse("admin:payments_webhookdelivery_changelist") + f"?q={asked_for}")
    assert "webhook.test" in shown
    assert "payment.sent" not in shown
    assert client.get(url(row, "rotate")).status_code == 403
