"""Other programs are told what happened: written with it, signed, tried for three days, in order, at nobody's cost."""

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from ledger import clock
from ledger.api import timeline
from payments.actions import refunds, webhook_endpoints
from payments.actions.webhook_endpoints import KEPT_DELIVERIES, forget_old, send_again
from payments.models import Message, WebhookDelivery, WebhookEndpoint
from payments.models.messages import Template
from payments.models.webhooks import OVERLAP, DeliveryState, OffBecause, WebhookEvent
from payments.presentation.reasons import Refusal
from payments.states import PaymentState, RequestState
from payments.webhooks import sending
from payments.webhooks.events import tell_endpoints
from payments.webhooks.sending import LONGEST_PAUSE_SECONDS, PATIENCE, WAITS, due, send_next
from tests.cast import asked, paid_to_maria, settled, staff
from tests.openpayments.wallet_server import Reply, WalletServer
from tests.payments.test_mail_sending import Later, later
from tests.payments.test_refunds import pay
from tests.payments.webhooks import PATH, endpoint, receiver, secret_of, verified
from tests.progress import bring, settle

__all__ = ["later", "receiver"]

pytestmark = pytest.mark.django_db

W = DeliveryState


def send_all(row: WebhookEndpoint) -> int:
    """Everything that is due now; how much of it was taken."""
    taken = 0
    while send_next(row):
        taken += 1
    row.refresh_from_db()
    return taken


def types(server: WalletServer) -> list[str]:
    return [one.json["type"] for one in server.received]


def test_the_official_library_takes_what_is_sent_and_knows_no_person_by_it(receiver: WalletServer) -> None:
    row = endpoint(receiver.origin + PATH)
    payment = settled()
    assert send_all(row) == 4
    told = {payload["type"]: payload for payload in (verified(one, secret_of(row)) for one in receiver.received)}
    assert set(told) == {"request.approved", "request.settled", "payment.sent", "payment.completed"}
    assert told["payment.completed"]["data"] == {
        "pendingId": payment.request_id,
        "status": "paid",
        "state": "settled",
        "paymentId": payment.pk,
        "purpose": "work",
        "amount": {"value": "125000", "assetCode": "MXN", "assetScale": 2},
        "received": {"value": "125000", "assetCode": "MXN", "assetScale": 2},
        "outgoingPaymentId": payment.outgoing_payments.get().remote_id,
    }
    assert told["payment.sent"]["data"]["status"] == "pending"
    everything = " ".join(one.body.decode() for one in receiver.received)
    for personal in ("María", "maria@", "Coro", "coro@", "Cuentos", "PO-2026"):
        assert personal not in everything
    [last] = [one for one in receiver.received if one.json["type"] == "payment.completed"]
    delivery = WebhookDelivery.objects.get(event_id=last.header("webhook-id"))
    assert (delivery.state, delivery.status, delivery.answer) == (W.DELIVERED, 200, '{"ok": true}')
    assert "webhook_delivery.delivered" in [line.kind for line in timeline([("payment", payment.pk)])]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_of(row)).verify(last.body.replace(b"125000", b"925000"), dict(last.headers))


def test_an_event_is_written_with_what_happened_for_those_who_want_it_and_never_before() -> None:
    first, second = (endpoint("https://shop.example/hooks", WebhookEvent.REQUEST_DECLINED) for _ in range(2))
    endpoint("https://shop.example/other", WebhookEvent.PAYMENT_SENT)
    request = asked()
    with transaction.atomic():
        bring(request, RequestState.DECLINED)
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()
    with transaction.atomic():
        bring(request, RequestState.DECLINED)
    written = WebhookDelivery.objects.all()
    assert {one.endpoint for one in written} == {first, second}
    assert {one.event_id for one in written} == {written[0].event_id}
    assert json.loads(written[0].body)["data"]["status"] == "failed"


def test_where_nobody_listens_an_event_costs_one_look_and_no_row() -> None:
    request = asked(RequestState.APPROVED)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        tell_endpoints(request)
    assert len(queries) == 1
    request.state = RequestState.QUOTED
    with CaptureQueriesContext(connection) as queries:
        tell_endpoints(request)
    assert len(queries) == 0
    assert not WebhookDelivery.objects.exists()


def test_money_that_goes_back_is_never_told_as_a_payment() -> None:
    rosa = staff()
    of = pay(rosa)
    endpoint("https://shop.example/hooks")
    request = refunds.refund(of.pk, of.amount, by=rosa, form_id="back")
    settle(request)
    back = request.payments.get()
    told = [json.loads(one.body) for one in WebhookDelivery.objects.filter(about=back.pk)]
    assert [(one["type"], one["data"]["refundOf"]) for one in told] == [("refund.settled", of.pk)]


def test_what_is_not_taken_is_tried_for_three_days_then_given_up_and_can_be_sent_again(
    receiver: WalletServer, later: Later
) -> None:
    row = endpoint(receiver.origin + PATH, WebhookEvent.PAYMENT_SENT)
    receiver.on("POST", PATH, Reply(b"x" * 2000, 503))
    paid_to_maria(asked(RequestState.APPROVED), PaymentState.SENT)
    delivery = WebhookDelivery.objects.get()
    waits = []
    for _ in range(len(WAITS) + 1):
        assert not send_next(row)
        row.refresh_from_db()
        delivery.refresh_from_db()
        if delivery.next_attempt_at:
            waits.append(delivery.next_attempt_at - clock.now())
            assert not send_next(row), "it is not tried before its time"
            later(waits[-1])
    assert all(wait * 0.8 - timedelta(seconds=2) < took <= wait * 1.2 for wait, took in zip(WAITS, waits, strict=True))
    assert sum(WAITS, timedelta()) > timedelta(days=2.9)
    assert (delivery.state, delivery.attempts, delivery.status) == (W.FAILED, len(WAITS) + 1, 503)
    assert delivery.answer == "x" * 500
    assert len({one.header("webhook-id") for one in receiver.received}) == 1
    assert len({one.header("webhook-timestamp") for one in receiver.received}) == len(WAITS) + 1
    assert row.off_at is None
    assert row.retry_at
    assert row.retry_at - clock.now() <= timedelta(seconds=LONGEST_PAUSE_SECONDS * 1.2)

    receiver.on("POST", PATH, Reply(status=204))
    with transaction.atomic():
        send_again(delivery, by=staff("ana"))
    assert send_all(row) == 1
    assert WebhookEndpoint.objects.filter(failures=0, failing_since=None, retry_at=None).exists()
    kinds = [line.kind for line in timeline([("webhook_delivery", str(delivery.pk))])]
    assert kinds == ["webhook_delivery.failed", "webhook_delivery.asked_again", "webhook_delivery.delivered"]
    later(KEPT_DELIVERIES + timedelta(days=1))
    forget_old()
    assert not WebhookDelivery.objects.exists()


def test_of_one_payment_everything_comes_in_order_and_nothing_else_waits_for_it(
    receiver: WalletServer, later: Later
) -> None:
    row = endpoint(receiver.origin + PATH, WebhookEvent.PAYMENT_SENT, WebhookEvent.PAYMENT_COMPLETED)
    receiver.on("POST", PATH, Reply(status=500))
    first = paid_to_maria(asked(RequestState.APPROVED), PaymentState.SENT)
    assert not send_next(row)
    receiver.on("POST", PATH, Reply())
    bring(first, PaymentState.SETTLED, received_value=first.value)
    other = paid_to_maria(asked(RequestState.APPROVED), PaymentState.SENT)
    assert [one.about for one in due(clock.now())] == [other.pk]
    assert send_all(row) == 1
    later(WAITS[0] * 1.3)
    assert send_all(row) == 2
    assert [(one.json["type"], one.json["data"]["paymentId"]) for one in receiver.received[1:]] == [
        ("payment.sent", other.pk),
        ("payment.sent", first.pk),
        ("payment.completed", first.pk),
    ]


def test_an_endpoint_that_is_gone_or_takes_nothing_for_days_is_switched_off_and_its_keeper_told(
    receiver: WalletServer, later: Later
) -> None:
    row = endpoint(receiver.origin + PATH, WebhookEvent.REQUEST_EXPIRED)
    receiver.on("POST", PATH, Reply(status=410))
    asked(RequestState.EXPIRED)
    assert not send_next(row)
    row.refresh_from_db()
    assert (row.off_because, WebhookDelivery.objects.get().state) == (OffBecause.GONE, W.FAILED)
    mail = Message.objects.get(template=Template.WEBHOOK_OFF)
    assert (mail.to_email, mail.details["because"]) == ("ana@example.org", "gone")
    asked(RequestState.EXPIRED)
    assert WebhookDelivery.objects.count() == 1, "it is told nothing more"
    with pytest.raises(Refusal):
        send_again(WebhookDelivery.objects.get(), by=staff("ana"))

    with transaction.atomic():
        webhook_endpoints.resume_endpoint(row, by=staff("ana"))
    receiver.on("POST", PATH, Reply(status=404))
    asked(RequestState.EXPIRED)
    row.refresh_from_db()
    assert not send_next(row)
    later(PATIENCE + timedelta(minutes=1))
    row.refresh_from_db()
    assert not send_next(row)
    row.refresh_from_db()
    assert row.off_because == OffBecause.FAILING
    assert WebhookDelivery.objects.filter(state=W.WAITING).count() == 1, "what waits is sent when it is on again"
    assert Message.objects.filter(template=Template.WEBHOOK_OFF).count() == 2


def test_for_a_day_after_a_rotation_both_secrets_count(receiver: WalletServer, later: Later) -> None:
    row = endpoint(receiver.origin + PATH)
    before = secret_of(row)
    with transaction.atomic():
        webhook_endpoints.rotate_endpoint(row, by=staff("ana"))
    after = secret_of(row)
    assert before != after
    webhook_endpoints.send_test(row, by=staff("ana"))
    assert send_all(row) == 1
    assert verified(receiver.received[0], before) == verified(receiver.received[0], after)
    later(OVERLAP)
    webhook_endpoints.send_test(row, by=staff("ana"))
    assert send_all(row) == 1
    signatures = receiver.received[1].header("webhook-signature")
    assert signatures
    assert " " not in signatures
    assert after not in row.sealed
    assert before not in row.sealed


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Reply(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}), "webhook_refused"),
        (Reply(b"y" * 3_000_000, 500), "webhook_refused"),
        (Reply(status=500, headers={"X-Long": "z" * 300_000}), "webhook_too_large"),
    ],
)
def test_a_hostile_answer_is_an_answer_and_no_more(receiver: WalletServer, answer: Reply, reason: str) -> None:
    row = endpoint(receiver.origin + PATH)
    receiver.on("POST", PATH, answer)
    delivery = webhook_endpoints.send_test(row, by=staff("ana"))
    assert not send_next(row)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason, len(receiver.received)) == (W.WAITING, reason, 1)
    assert len(delivery.answer) <= 500


def test_nothing_is_sent_into_a_private_network_by_itself(settings: Settings, receiver: WalletServer) -> None:
    for url in ("http://shop.example/hooks", "https://10.0.0.7/hooks", "https://user@shop.example/", "shop.example"):
        with pytest.raises(Refusal):
            endpoint(url)
    row = endpoint(receiver.origin + PATH)
    webhook_endpoints.send_test(row, by=staff("ana"))
    settings.OPEN_PAYMENTS_TRUSTED_HOSTS = []
    sending._poster.cache_clear()
    assert not send_next(row)
    WebhookEndpoint.objects.update(url=f"https://localhost:{receiver.port}{PATH}", retry_at=None)
    row.refresh_from_db()
    webhook_endpoints.send_test(row, by=staff("ana"))
    assert not send_next(row)
    reasons = WebhookDelivery.objects.order_by("pk").values_list("reason", flat=True)
    assert (list(reasons), receiver.received) == (["webhook_unsafe", "webhook_private"], [])
