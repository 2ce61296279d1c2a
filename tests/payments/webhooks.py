"""Endpoints on loopback, and what they got, checked as their owners would: with the official library."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings
from standardwebhooks import Webhook

from ledger import clock
from payments.actions.webhook_endpoints import EndpointTerms, add_endpoint
from payments.models import WebhookEndpoint
from payments.models.webhooks import WebhookEvent
from payments.webhooks import sending
from tests.cast import staff
from tests.openpayments.wallet_server import Received, Reply, WalletServer, wallet_server

PATH = "/hooks"


@pytest.fixture
def receiver(settings: Settings) -> Iterator[WalletServer]:
    """A program that takes whatever comes, until a test tells it otherwise."""
    with wallet_server() as server:
        trust(settings, server.host)
        server.on("POST", PATH, Reply({"ok": True}))
        yield server
    sending._poster.cache_clear()


def trust(settings: Settings, *hosts: str) -> None:
    """Loopback is private: whoever runs the program must allow it."""
    settings.OPEN_PAYMENTS_TRUSTED_HOSTS = [*settings.OPEN_PAYMENTS_TRUSTED_HOSTS, *hosts]
    sending._poster.cache_clear()


def endpoint(url: str, *events: str, name: str = "Shop") -> WebhookEndpoint:
    """One that wants to hear of `events`, or of everything."""
    keeper = staff("ana")
    keeper.email = "ana@example.org"
    keeper.save(update_fields=["email"])
    return add_endpoint(EndpointTerms(name, url, events or WebhookEvent.values, keeper), by=keeper)


def verified(received: Received, secret: str) -> Any:
    """The payload, once the official library has verified it."""
    return Webhook(secret).verify(received.body, dict(received.headers))


def secret_of(row: WebhookEndpoint) -> str:
    return row.secrets(clock.now())[0]
