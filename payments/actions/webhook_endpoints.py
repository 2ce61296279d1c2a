"""What administrators do with webhooks: who is told of what, who may nudge us; each is an entry in the ledger.

A secret is given out once, by whoever made it; afterwards it is only used.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from ledger import clock
from ledger.api import Actor, record
from payments.models import Marketplace, ReceivedWebhook, WebhookDelivery, WebhookEndpoint, WebhookSender
from payments.models.webhooks import DELIVERY_MOVES, DeliveryState, OffBecause, WebhookEvent
from payments.moving import swap
from payments.openpayments.urls import UrlError, check_url
from payments.presentation.reasons import Refusal
from payments.webhooks import switching
from payments.webhooks.events import write_test
from payments.webhooks.sending import tell as tell_delivery
from payments.webhooks.signing import is_secret, new_secret

#: How long what was delivered, or taken, can still be looked at.
KEPT_DELIVERIES: Final = timedelta(days=90)
KEPT_RECEIVED: Final = timedelta(days=30)
FORGET_AT_ONCE: Final = 1000


@dataclass(frozen=True)
class EndpointTerms:
    """What a person says of an endpoint."""

    name: str
    url: str
    events: Collection[str]
    kept_by: User


def checked_url(url: str) -> str:
    """`url` without spaces around it. Raises Refusal when we would never call it; where it leads is seen when we do."""
    url = url.strip()
    try:
        check_url(url, frozenset(settings.OPEN_PAYMENTS_TRUSTED_HOSTS))
    except UrlError as error:
        raise Refusal("webhook_unsafe") from error
    return url


def add_endpoint(terms: EndpointTerms, *, by: User, marketplace: Marketplace | None = None) -> WebhookEndpoint:
    """A new endpoint, told of what happens from now on; of another marketplace's, of its own alone. Raises Refusal."""
    row = WebhookEndpoint(
        name=terms.name, url=checked_url(terms.url), events=_known(terms.events), kept_by=terms.kept_by
    )
    row.marketplace = marketplace
    row.keep_secret(new_secret())
    with transaction.atomic():
        row.save(force_insert=True)
        switching.tell(row, "added", _actor(by))
    return row


def change_endpoint(row: WebhookEndpoint, terms: EndpointTerms, *, by: User) -> None:
    """From now on it is called so, lies there, wants that. Raises Refusal."""
    row.name, row.url, row.events, row.kept_by = terms.name, checked_url(terms.url), _known(terms.events), terms.kept_by
    row.changed_at = clock.now()
    with transaction.atomic():
        row.save(update_fields=["name", "url", "events", "kept_by", "changed_at"])
        switching.tell(row, "changed", _actor(by))


def rotate_endpoint(row: WebhookEndpoint, *, by: User) -> None:
    """A new secret; for a day everything is signed with the one before, too."""
    _take(row, new_secret())
    switching.tell(row, "secret_changed", _actor(by))


def stop_endpoint(row: WebhookEndpoint, *, by: User) -> None:
    if not switching.switch_off(row, OffBecause.PERSON, actor=_actor(by)):
        raise Refusal("webhook_off")


def resume_endpoint(row: WebhookEndpoint, *, by: User) -> None:
    if not switching.switch_on(row, actor=_actor(by)):
        raise Refusal("webhook_on")


def send_test(row: WebhookEndpoint, *, by: User) -> WebhookDelivery:
    """A test event, sent within seconds. Raises Refusal while the endpoint is switched off."""
    if row.off_at:
        raise Refusal("webhook_off")
    with transaction.atomic():
        delivery = write_test(row)
        tell_delivery(delivery, "test_asked", _actor(by))
    return delivery


def send_again(delivery: WebhookDelivery, *, by: User) -> None:
    """The same event once more, with all its tries, or its next try now. Raises Refusal, and Moved."""
    if delivery.endpoint.off_at:
        raise Refusal("webhook_off")
    swap(delivery, DeliveryState.WAITING, DELIVERY_MOVES, attempts=0, next_attempt_at=clock.now())
    WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(retry_at=None)
    tell_delivery(delivery, "asked_again", _actor(by))


# Who may nudge us


def add_sender(name: str, secret: str, *, by: User) -> WebhookSender:
    """A new sender, with the `secret` that its program made, or a new one. Raises Refusal when it can't be one."""
    row = WebhookSender(name=name)
    row.keep_secret(_secret(secret))
    with transaction.atomic():
        row.save(force_insert=True)
        _tell_sender(row, "added", by)
    return row


def rotate_sender(row: WebhookSender, secret: str, *, by: User) -> None:
    """Another secret; for a day what is signed with the one before is taken, too. Raises Refusal."""
    _take(row, _secret(secret))
    _tell_sender(row, "secret_changed", by)


def switch_sender(row: WebhookSender, *, on: bool, by: User) -> None:
    """Whether what it sends is taken. Raises Refusal where nothing changes."""
    if on == (row.off_at is None):
        raise Refusal("webhook_on" if on else "webhook_off")
    row.off_at, row.changed_at = (None if on else clock.now()), clock.now()
    row.save(update_fields=["off_at", "changed_at"])
    _tell_sender(row, "switched_on" if on else "switched_off", by)


def forget_old() -> None:
    """What was delivered, given up or taken long ago is deleted: the ledger has what became of it."""
    now = clock.now()
    over = WebhookDelivery.objects.exclude(state=DeliveryState.WAITING)
    for rows in (
        over.filter(created_at__lt=now - KEPT_DELIVERIES),
        ReceivedWebhook.objects.filter(received_at__lt=now - KEPT_RECEIVED),
    ):
        while found := list(rows.values_list("pk", flat=True)[:FORGET_AT_ONCE]):
            rows.filter(pk__in=found).delete()


def _take(row: WebhookEndpoint | WebhookSender, secret: str) -> None:
    now = clock.now()
    row.take_secret(secret, now)
    row.changed_at = now
    row.save(update_fields=["sealed", "overlap_until", "changed_at"])


def _secret(given: str) -> str:
    given = given.strip()
    if given and not is_secret(given):
        raise Refusal("webhook_secret")
    return given or new_secret()


def _known(events: Collection[str]) -> list[str]:
    """In the order of the list."""
    return [event.value for event in WebhookEvent if event in events]


def _actor(by: User) -> Actor:
    return Actor.staff(by.pk)


def _tell_sender(row: WebhookSender, what: str, by: User) -> None:
    record(f"webhook_sender.{what}", actor=_actor(by), subjects={"webhook_sender": row.pk}, data={})
