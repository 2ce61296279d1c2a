"""Webhooks: who is told of what, every telling, who may nudge us, and what they sent.

Nothing here moves money, and no row says anything about money that others could not read from us.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import clock
from payments.encryption import seal, unseal
from payments.identifiers import LENGTH, new_ulid
from payments.models.api_keys import Marketplace
from payments.models.fields import Dated, Reasoned, SealedField, ulid_field, url_field
from payments.models.requests import PaymentRequest

#: After a rotation both secrets count for this long, so that the other side can change theirs meanwhile.
OVERLAP: Final = timedelta(hours=24)
LONGEST_ANSWER: Final = 500
LONGEST_MESSAGE_ID: Final = 200


class WebhookEvent(models.TextChoices):
    """What others can be told. The value is the event's `type` on the wire."""

    PAYMENT_SENT = "payment.sent", _("Payment: sent")
    PAYMENT_COMPLETED = "payment.completed", _("Payment: settled")
    PAYMENT_SETTLED_OUTSIDE = "payment.settled_outside", _("Payment: settled outside the wallets")
    PAYMENT_FAILED = "payment.failed", _("Payment: failed")
    PAYMENT_CANCELLED = "payment.cancelled", _("Payment: cancelled")
    PAYMENT_NEEDS_ATTENTION = "payment.needs_attention", _("Payment: needs attention")
    REFUND_SETTLED = "refund.settled", _("Refund: settled")
    REFUND_FAILED = "refund.failed", _("Refund: failed")
    REQUEST_APPROVED = "request.approved", _("Payment request: approved")
    REQUEST_DECLINED = "request.declined", _("Payment request: declined")
    REQUEST_EXPIRED = "request.expired", _("Payment request: expired")
    REQUEST_CANCELLED = "request.cancelled", _("Payment request: cancelled")
    REQUEST_SETTLED = "request.settled", _("Payment request: settled")
    REQUEST_SETTLED_IN_PART = "request.settled_in_part", _("Payment request: settled in part")
    REQUEST_FAILED = "request.failed", _("Payment request: failed")


#: Sent by a person's press, to whichever endpoint they press it for.
TEST_EVENT: Final = "webhook.test"


class OffBecause(models.TextChoices):
    """Why an endpoint is told nothing any more."""

    PERSON = "person", _("Switched off by a person")
    GONE = "gone", _("It answered 410: it wants no more")
    FAILING = "failing", _("It took nothing for days")


class WithSecret(models.Model):
    """A secret that both sides know, kept encrypted; after a rotation the one before counts for a while, too."""

    sealed = SealedField()
    # Until when the secret before counts.
    overlap_until = models.DateTimeField(_("earlier secret counts until"), null=True, editable=False)

    class Meta:
        abstract = True

    def keep_secret(self, secret: str) -> None:
        """Let `secret` be the only one. For a row that is about to be written."""
        self.sealed, self.overlap_until = seal(self.pk, {"secret": secret}), None

    def take_secret(self, secret: str, now: datetime) -> None:
        """Let `secret` count from now on, and the one before for `OVERLAP`. For a row that is about to be written."""
        self.sealed = seal(self.pk, {"secret": secret, "before": self.secrets(now)[0]})
        self.overlap_until = now + OVERLAP

    def secrets(self, now: datetime) -> list[str]:
        """Those that count, the newest first. Raises SecretUnreadable when the encryption keys are gone."""
        kept = unseal(self.pk, self.sealed)
        before = [kept["before"]] if self.overlap_until and self.overlap_until > now and "before" in kept else []
        return [kept["secret"], *before]


class WebhookEndpoint(Dated, WithSecret):
    """An address of another program that is told of events, by webhooks that it can check with its secret."""

    id = ulid_field(verbose_name=_("endpoint"))
    name = models.CharField(_("name"), max_length=100)
    url = url_field(verbose_name=_("address"))
    events = models.JSONField(_("events"), default=list)
    # Who is written to when it is switched off by the program.
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kept by"), on_delete=models.PROTECT, related_name="+"
    )
    # Whose it is: of another marketplace it hears only of what that one's keys asked for; without one, of everything.
    marketplace = models.ForeignKey(
        Marketplace, verbose_name=_("marketplace"), on_delete=models.PROTECT, null=True, related_name="endpoints"
    )
    off_at = models.DateTimeField(_("switched off"), null=True, editable=False)
    off_because = models.CharField(_("why"), max_length=16, choices=OffBecause, blank=True, editable=False)
    # Tries in a row that it did not take, since when, and before when it is left alone.
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    failing_since = models.DateTimeField(_("takes nothing since"), null=True, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    # One worker at a time tells it anything.
    lease_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ["created_at", "id"]
        default_permissions = ("view",)
        permissions = [("manage_webhookendpoint", _("Can set up webhooks"))]

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Given up")


DELIVERY_MOVES: dict[str, set[str]] = {
    # To itself: a try begins, or was in vain.
    DeliveryState.WAITING: {DeliveryState.WAITING, DeliveryState.DELIVERED, DeliveryState.FAILED},
    # Somebody has it sent once more.
    DeliveryState.DELIVERED: {DeliveryState.WAITING},
    DeliveryState.FAILED: {DeliveryState.WAITING},
}


class WebhookDelivery(Dated, Reasoned):
    """One event on its way to one endpoint: the bytes that are sent, and what came of the latest try.

    Rows about one thing get their numbers one after the other, in the transactions of its events: so the number, unlike
    a ULID or a clock, says which was first.
    """

    endpoint = models.ForeignKey(
        WebhookEndpoint, verbose_name=_("endpoint"), on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    # `webhook-id`: the same at every endpoint and every try.
    event_id = models.CharField(_("event"), max_length=LENGTH, default=new_ulid, db_index=True, editable=False)
    type = models.CharField(_("type"), max_length=40)
    # The payment or the request: what is told of it comes in order.
    about = models.CharField(_("about"), max_length=LENGTH, db_index=True)
    request = models.ForeignKey(
        PaymentRequest,
        verbose_name=_("payment request"),
        on_delete=models.PROTECT,
        null=True,
        related_name="webhook_deliveries",
    )
    body = models.TextField(_("body"))
    state = models.CharField(
        _("state"), max_length=16, choices=DeliveryState, default=DeliveryState.WAITING, editable=False
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=clock.now, null=True, editable=False)
    tried_at = models.DateTimeField(_("latest attempt"), null=True, editable=False)
    took_ms = models.PositiveIntegerField(_("took (milliseconds)"), null=True, editable=False)
    status = models.PositiveSmallIntegerField(_("status of the answer"), null=True, editable=False)
    answer = models.CharField(_("answer"), max_length=LONGEST_ANSWER, blank=True, editable=False)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("resend_webhookdelivery", _("Can send a webhook once more"))]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="one_delivery_per_event_and_endpoint")
        ]
        indexes = [
            models.Index(fields=["endpoint", "created_at"]),
            models.Index(fields=["state", "created_at"]),
            models.Index(
                fields=["endpoint", "next_attempt_at"], condition=models.Q(state="waiting"), name="webhooks_waiting"
            ),
            models.Index(fields=["endpoint", "about"], condition=models.Q(state="waiting"), name="webhooks_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class WebhookSender(Dated, WithSecret):
    """Another program that may tell us that something happened. We look for ourselves, and believe nothing."""

    id = ulid_field(verbose_name=_("sender"))
    name = models.CharField(_("name"), max_length=100)
    off_at = models.DateTimeField(_("switched off"), null=True, editable=False)

    class Meta:
        verbose_name = _("webhook sender")
        verbose_name_plural = _("webhook senders")
        ordering = ["created_at", "id"]
        default_permissions = ("view",)
        permissions = [("manage_webhooksender", _("Can let programs send us webhooks"))]

    def __str__(self) -> str:
        return self.name


class ReceivedWebhook(models.Model):
    """A webhook that was taken, so that the same one, sent again, does nothing. Kept for as long as senders repeat."""

    sender = models.ForeignKey(WebhookSender, on_delete=models.PROTECT, related_name="received")
    message_id = models.CharField(max_length=LONGEST_MESSAGE_ID)
    received_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["sender", "message_id"], name="each_webhook_taken_once")]

    def __str__(self) -> str:
        return self.message_id
