"""Handing deliveries to their endpoints: one at a time to each, tried again for three days, at last given up.

Each try is three parts: it is written down, the endpoint is called without a database, what came of it is written down.
A delivery that was taken just before its worker died goes out twice, with the same `webhook-id`.
"""

import random
import time
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from ledger import clock
from ledger.api import Actor, record
from ledger.content import Json
from payments.encryption import SecretUnreadable
from payments.models import WebhookDelivery, WebhookEndpoint
from payments.models.webhooks import DELIVERY_MOVES, DeliveryState, OffBecause
from payments.moving import Moved, swap
from payments.openpayments.network import Deadline
from payments.openpayments.posting import PostAnswer, Poster, PostFailed
from payments.webhooks.signing import headers_of
from payments.webhooks.switching import switch_off

ACTOR: Final = Actor.system("webhooks")
#: For everything about one call: the name, the connection, what is sent, the status that comes back.
CALL_SECONDS: Final = 15.0
#: A try that was begun is not begun again before that.
CLAIM: Final = timedelta(minutes=1)
#: How long to wait after the first, second … failure, about three days in all. One try more than there are waits.
WAITS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=20),
)
#: Of each wait, so much more or less, so that what failed together is not tried together.
JITTER: Final = 0.2
#: An endpoint that took nothing is left alone for so long, and twice as long after each further try.
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 600.0
#: An endpoint that took nothing for longer than this is switched off at its next failure.
PATIENCE: Final = timedelta(days=4)

REFUSED: Final = "webhook_refused"
GONE: Final = "webhook_gone"
UNREADABLE: Final = "webhook_secret_unreadable"


@cache
def _poster() -> Poster:
    """Made on first use, so that no connection crosses a fork."""
    return Poster(frozenset(settings.OPEN_PAYMENTS_TRUSTED_HOSTS), settings.OPEN_PAYMENTS_CA_BUNDLE or None)


def due(now: datetime) -> QuerySet[WebhookDelivery]:
    """Deliveries whose time has come, and before which nothing about the same thing waits for the same endpoint."""
    waiting = WebhookDelivery.objects.filter(state=DeliveryState.WAITING).order_by()
    earlier = waiting.filter(endpoint=OuterRef("endpoint"), about=OuterRef("about"), pk__lt=OuterRef("pk"))
    return waiting.filter(~Exists(earlier), next_attempt_at__lte=now)


def send_next(endpoint: WebhookEndpoint) -> bool:
    """Try the delivery that has waited longest for `endpoint`, outside a transaction.

    Whether the endpoint took it, so that it may be given the next one at once; False when nothing is due. Whoever calls
    holds the endpoint's lease.
    """
    delivery = due(clock.now()).filter(endpoint=endpoint).order_by("next_attempt_at", "pk").first()
    if delivery is None or not _begin(delivery):
        return False
    began = time.monotonic()
    came = _call(endpoint, delivery)
    told: dict[str, Any] = {"took_ms": int((time.monotonic() - began) * 1000), "status": None, "answer": ""}
    if isinstance(came, PostAnswer):
        told |= {"status": came.status, "answer": came.text}
    with transaction.atomic():
        if isinstance(came, PostAnswer) and came.is_taken:
            _note_taken(endpoint, delivery, told)
            return True
        _note_failure(endpoint, delivery, came, told)
        return False


def _begin(delivery: WebhookDelivery) -> bool:
    """Write down that it is tried now. Should this process die, it is due again by itself."""
    now = clock.now()
    with transaction.atomic():
        return _move(
            delivery, DeliveryState.WAITING, attempts=delivery.attempts + 1, tried_at=now, next_attempt_at=now + CLAIM
        )


def _call(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> PostAnswer | str:
    """What the endpoint answered, or the reason why there is no answer. No database."""
    body, now = delivery.body.encode(), clock.now()
    try:
        signed = headers_of(delivery.event_id, now, body, endpoint.secrets(now))
        headers = {"Content-Type": "application/json", **signed}
        return _poster().post(endpoint.url, body, headers, Deadline.after(CALL_SECONDS))
    except SecretUnreadable:
        return UNREADABLE
    except PostFailed as failed:
        return f"webhook_{failed.why}"


def _note_taken(endpoint: WebhookEndpoint, delivery: WebhookDelivery, told: dict[str, Any]) -> None:
    if _move(delivery, DeliveryState.DELIVERED, next_attempt_at=None, reason="", reason_params={}, **told):
        tell(delivery, DeliveryState.DELIVERED)
    if endpoint.failures or endpoint.failing_since:
        well: dict[str, Any] = {"failures": 0, "failing_since": None, "retry_at": None}
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**well)
        endpoint.failures, endpoint.failing_since = 0, None


def _note_failure(
    endpoint: WebhookEndpoint, delivery: WebhookDelivery, came: PostAnswer | str, told: dict[str, Any]
) -> None:
    """Try it again later, or give it up; leave the endpoint alone for a while, or for good."""
    is_gone = isinstance(came, PostAnswer) and came.status == HTTPStatus.GONE
    if isinstance(came, PostAnswer):
        told["reason"] = GONE if is_gone else REFUSED
        told["reason_params"] = {"status": str(came.status)}
        at_least = came.retry_after
    else:
        told["reason"], told["reason_params"], at_least = came, {}, timedelta()
    now = clock.now()
    if is_gone or delivery.attempts > len(WAITS):
        if _move(delivery, DeliveryState.FAILED, next_attempt_at=None, **told):
            tell(delivery, DeliveryState.FAILED)
    else:
        wait = max(_spread(WAITS[delivery.attempts - 1]), at_least)
        _move(delivery, DeliveryState.WAITING, next_attempt_at=now + wait, **told)
    since = endpoint.failing_since or now
    pause = timedelta(seconds=min(FIRST_PAUSE_SECONDS * 2 ** min(endpoint.failures, 20), LONGEST_PAUSE_SECONDS))
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        failures=F("failures") + 1, failing_since=since, retry_at=now + max(_spread(pause), at_least)
    )
    if is_gone:
        switch_off(endpoint, OffBecause.GONE, actor=ACTOR)
    elif now - since > PATIENCE:
        switch_off(endpoint, OffBecause.FAILING, actor=ACTOR)


def _spread(wait: timedelta) -> timedelta:
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret


def _move(delivery: WebhookDelivery, state: DeliveryState, **columns: Any) -> bool:
    """False when somebody else has moved it, or a later try than was read has begun."""
    try:
        swap(delivery, state, DELIVERY_MOVES, unchanged=("attempts",), **columns)
    except Moved:
        return False
    return True


def tell(delivery: WebhookDelivery, what: str, actor: Actor = ACTOR) -> None:
    """The ledger entry of what became of `delivery`."""
    subjects = {"webhook_delivery": str(delivery.pk), "webhook": delivery.endpoint_id}
    if delivery.request_id:
        subjects["request"] = delivery.request_id
        if delivery.about != delivery.request_id:
            subjects["payment"] = delivery.about
    data: dict[str, Json] = {"event": delivery.type, "event_id": delivery.event_id, "attempts": delivery.attempts}
    if delivery.status is not None:
        data["status"] = delivery.status
    record(f"webhook_delivery.{what}", actor=actor, subjects=subjects, data=data)
