"""A webhook that came in: whose it is, whether it was taken before, and which request to look at. Nothing is believed.

What it says about money changes nothing here. It makes the engine ask the wallets now instead of at its next look.
"""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from django.db import transaction
from django_q.tasks import async_task

from ledger import clock
from ledger.api import Actor, record
from payments.actions.requests import ADVANCE_TASK
from payments.encryption import SecretUnreadable
from payments.engine.leases import wake
from payments.models import Payment, PaymentRequest, ReceivedWebhook, WebhookSender
from payments.openpayments.wirejson import UnreadableJsonError, parse_json
from payments.states import IN_FLIGHT
from payments.webhooks.signing import NotSigned, Signed, read

log = logging.getLogger(__name__)

LARGEST_BODY: Final = 16 * 1024
TYPES: Final = frozenset({"payment.completed", "payment.failed"})
NEEDED: Final = ("type", "pendingId", "offerId", "status", "timestamp")
REQUEST_ID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


class NotTaken(Exception):
    """Refused with `http_status`. `code` stays the same whatever the words."""

    def __init__(self, status: HTTPStatus, code: str, words: str) -> None:
        super().__init__(words)
        self.http_status: Final = status
        self.code: Final = code


def take(headers: Mapping[str, str], body: bytes) -> None:
    """Have the engine look at the request that a sender of ours names; once for each webhook. Raises NotTaken."""
    if len(body) > LARGEST_BODY:
        raise NotTaken(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"A body has at most {LARGEST_BODY} bytes.")
    signed = _signed(headers, body)
    sender = _sender_of(signed)
    request_id = _named_request(body)
    if not PaymentRequest.objects.filter(pk=request_id).exists():
        raise NotTaken(HTTPStatus.NOT_FOUND, "unknown_payment", "There is no payment with this pendingId.")
    with transaction.atomic():
        _row, is_new = ReceivedWebhook.objects.get_or_create(sender=sender, message_id=signed.message_id)
        if is_new:
            _look(request_id, sender, signed)
    log.info("%s from %s: request %s", "taken" if is_new else "repeated", sender.pk, request_id)


def _signed(headers: Mapping[str, str], body: bytes) -> Signed:
    try:
        return read(headers, body, clock.now())
    except NotSigned as refused:
        raise NotTaken(HTTPStatus.UNAUTHORIZED, "not_signed", str(refused)) from refused


def _sender_of(signed: Signed) -> WebhookSender:
    now = clock.now()
    for sender in WebhookSender.objects.filter(off_at=None):
        try:
            if any(signed.is_by(secret) for secret in sender.secrets(now)):
                return sender
        except SecretUnreadable:
            log.exception("the secret of sender %s can't be opened", sender.pk)
    raise NotTaken(HTTPStatus.UNAUTHORIZED, "wrong_signature", "The signature is of no sender that we know.")


def _named_request(body: bytes) -> str:
    """The id of the request that the body is about, in the form of the API document."""
    told = _read(body)
    for name in NEEDED:
        if not isinstance(told.get(name), str) or not told[name]:
            raise NotTaken(HTTPStatus.BAD_REQUEST, "missing_field", f"The field {name} is needed, as a text.")
    if told["type"] not in TYPES:
        known = ", ".join(sorted(TYPES))
        raise NotTaken(HTTPStatus.BAD_REQUEST, "unknown_type", f"A webhook of this type is not known: only {known}.")
    request_id: str = told["pendingId"]
    return request_id if REQUEST_ID.fullmatch(request_id) else ""


def _read(body: bytes) -> dict[str, Any]:
    try:
        told = parse_json(body)
    except UnreadableJsonError as error:
        raise NotTaken(HTTPStatus.BAD_REQUEST, "not_json", "The body is not JSON.") from error
    if not isinstance(told, dict):
        raise NotTaken(HTTPStatus.BAD_REQUEST, "not_json", "The body is not a JSON object.")
    return told


def _look(request_id: str, sender: WebhookSender, signed: Signed) -> None:
    """Ask now, instead of at the next look."""
    Payment.objects.filter(request=request_id, state__in=IN_FLIGHT).update(retry_at=None)
    wake(request_id)
    async_task(ADVANCE_TASK, request_id)
    subjects = {"request": request_id, "webhook_sender": sender.pk}
    actor = Actor.system("webhooks")
    record("request.nudged", actor=actor, subjects=subjects, data={"message_id": signed.message_id})
