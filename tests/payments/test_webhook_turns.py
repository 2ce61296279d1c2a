"""A slow endpoint has its own turns: others are served meanwhile, and it is never called twice at once."""

import socket
import threading
from datetime import timedelta

import pytest
from pytest_django import Settings

from payments.actions.webhook_endpoints import send_test
from payments.models import WebhookDelivery, WebhookEndpoint
from payments.models.webhooks import DeliveryState
from payments.webhooks import sending
from payments.worker import webhook_turns
from payments.worker.broker import Broker
from tests.cast import staff
from tests.openpayments.wallet_server import WalletServer, raw_server
from tests.payments.test_broker import queued
from tests.payments.webhooks import PATH, endpoint, receiver, trust

__all__ = ["receiver"]

pytestmark = pytest.mark.django_db


def hang(_connection: socket.socket, stop: threading.Event) -> None:
    stop.wait(120)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("ledger_that_can_be_emptied")
def test_one_that_hangs_costs_the_others_nothing(
    receiver: WalletServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that is busy with other things must not end the call that hangs, nor what holds it.
    monkeypatch.setattr(sending, "CALL_SECONDS", 120.0)
    monkeypatch.setattr(webhook_turns, "LEASE", timedelta(minutes=5))
    monkeypatch.setattr(webhook_turns, "QUIET_SECONDS", 0.3)
    with raw_server(hang) as slow:
        trust(settings, slow.host)
        hanging = endpoint(f"http://{slow.host}/hooks", name="Slow")
        well = [endpoint(receiver.origin + PATH, name=name) for name in ("One", "Two")]
        for row in (hanging, *well) * 3:
            send_test(row, by=staff("ana"))
        assert webhook_turns.is_due()
        delivered = WebhookDelivery.objects.filter(state=DeliveryState.DELIVERED)
        for _turn in range(50):
            webhook_turns.work()
            if delivered.count() == 6:
                break
        assert sorted(delivered.values_list("endpoint__name", flat=True)) == ["One"] * 3 + ["Two"] * 3
        webhook_turns.work()
        assert not webhook_turns.is_due()
        assert slow.connections == 1
    # Its server is gone: the call ends.
    webhook_turns._threads().shutdown(wait=True)
    webhook_turns._threads.cache_clear()
    hanging.refresh_from_db()
    assert (hanging.failures, webhook_turns._running) == (1, {})
    assert WebhookDelivery.objects.filter(state=DeliveryState.WAITING, attempts=1).count() == 1


def test_a_worker_is_called_for_what_is_due_and_left_alone_otherwise() -> None:
    queue = Broker()
    row = endpoint("https://shop.example/hooks")
    queue.look()
    assert queued() == []
    send_test(row, by=staff("ana"))
    queue.look()
    assert queued() == ["payments.tasks.deliver_webhooks"]
    for held in ({"off_at": row.created_at}, {"off_at": None, "lease_until": row.created_at.replace(year=2999)}):
        WebhookEndpoint.objects.update(**held)
        assert not webhook_turns.is_due()


def test_whoever_lost_an_endpoint_or_read_it_before_it_was_changed_tells_it_nothing_more() -> None:
    row = endpoint("https://shop.example/hooks")
    other = WebhookEndpoint.objects.get()
    assert webhook_turns._hold(row)
    assert webhook_turns._hold(row), "its holder keeps it"
    assert not webhook_turns._hold(other)
    WebhookEndpoint.objects.update(changed_at=row.created_at.replace(year=2999))
    assert not webhook_turns._hold(row)
