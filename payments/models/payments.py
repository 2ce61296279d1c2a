"""Payments: one receiver's share of a payment request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from payments.models.fields import (
    Dated,
    Reasoned,
    amount_of,
    asset_code_field,
    asset_scale_field,
    ulid_field,
    value_field,
)
from payments.models.grants import Grant
from payments.models.requests import PaymentRequest
from payments.models.wallets import WalletAddress
from payments.openpayments.amounts import Amount, Asset
from payments.states import COUNTED_OUTGOING, DEAD_PAYMENTS, DEAD_REQUESTS, PAID, UNAPPROVED_PAYMENTS, PaymentState

if TYPE_CHECKING:
    from payments.models.attempts import IncomingPayment, OutgoingPayment, Quote


class Decision(models.TextChoices):
    """What a person decided about a payment that needs attention."""

    START_ANEW = "start_anew", _("Send it again")
    GIVE_UP = "give_up", _("Give up")
    OUTSIDE = "outside", _("Settled outside")


class Purpose(models.TextChoices):
    """What a payment is for."""

    WORK = "work", _("Work")
    FEE = "fee", _("Platform fee")
    ESCROW = "escrow", _("Held for the workers of a job")
    REFUND = "refund", _("Refund")


class Payment(Dated, Reasoned):
    """One receiver, what they get, and how far it has come.

    Usually an exact amount to receive. With `fixed_debit` the payer pays exactly that, fee included, and the receiver
    gets what it buys: `value` is then 0 until a wallet has said how much that is, and may change until it is ordered.
    """

    id = ulid_field(verbose_name=_("payment"))
    request = models.ForeignKey(
        PaymentRequest, verbose_name=_("payment request"), on_delete=models.PROTECT, related_name="payments"
    )
    state = models.CharField(_("state"), max_length=32, choices=PaymentState, default=PaymentState.NEW, editable=False)
    # The approval this payment is sent under. Its own link: a draw on a budget uses another request's grant.
    grant = models.ForeignKey(
        Grant, verbose_name=_("approval"), on_delete=models.PROTECT, null=True, related_name="payments"
    )
    receiver_wallet = models.ForeignKey(
        WalletAddress, verbose_name=_("receiver's wallet"), on_delete=models.PROTECT, related_name="payments"
    )
    receiver_name = models.CharField(_("receiver"), max_length=200)
    receiver_email = models.EmailField(_("receiver's email"), blank=True)
    receiver_language = models.CharField(_("receiver's language"), max_length=8, default="en")
    # Who they are to whoever asked, in that room's words; opaque here.
    receiver_key = models.CharField(max_length=40, blank=True, db_index=True, editable=False)
    value = value_field(verbose_name=_("amount to receive"))
    asset_code = asset_code_field()
    asset_scale = asset_scale_field()
    fixed_debit = value_field(verbose_name=_("the payer pays exactly"), null=True, editable=False)
    debit_code = asset_code_field(blank=True, editable=False)
    debit_scale = asset_scale_field(null=True, editable=False)
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose, default=Purpose.WORK, editable=False)
    # Of a fee: its share of what the workers get, in basis points; 0 when it is a fixed amount.
    fee_share = models.PositiveIntegerField(_("share"), default=0, editable=False)
    received_value = value_field(verbose_name=_("received"), default=0)
    # Approved now, sent when the work is accepted: until it is released nothing is ordered for it.
    held = models.BooleanField(_("paid when the work is accepted"), default=False, editable=False)
    released_at = models.DateTimeField(_("released"), null=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True)
    settled_at = models.DateTimeField(_("settled"), null=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    # Who takes care of a payment that needs attention, and what they decided: done once nothing more can arrive.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken care of by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    decision = models.CharField(_("decision"), max_length=16, choices=Decision, blank=True, editable=False)
    polls = models.PositiveIntegerField(_("looks since sent"), default=0, editable=False)
    retry_at = models.DateTimeField(_("next look"), null=True, editable=False)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["state", "created_at"])]
        permissions = [("resolve_payment", _("Can resolve payments that need attention"))]

    def __str__(self) -> str:
        return f"{self.receiver_name} ({self.id})"

    @property
    def asset(self) -> Asset:
        return Asset(self.asset_code, self.asset_scale)

    @property
    def amount(self) -> Amount:
        return Amount(self.value, self.asset)

    @property
    def is_fee(self) -> bool:
        return self.purpose == Purpose.FEE

    @property
    def is_refund(self) -> bool:
        return self.purpose == Purpose.REFUND

    @property
    def is_escrow(self) -> bool:
        """Whoever receives it holds it for others."""
        return self.purpose == Purpose.ESCROW

    @property
    def received(self) -> Amount:
        return Amount(self.received_value, self.asset)

    @property
    def pays(self) -> Amount | None:
        """What the payer pays for it, fee included, or less by rounding; None where the receiver's amount is fixed."""
        return amount_of(self.fixed_debit, self.debit_code, self.debit_scale)

    @property
    def worth(self) -> Amount:
        """What it takes from where it is paid: what the payer fixed, or what the receiver gets."""
        return self.pays or self.amount

    @property
    def worth_received(self) -> Amount:
        """What of its worth has arrived by wallet: the same share of what the payer fixed, rounded up."""
        if self.pays is None:
            return self.received
        share = min(self.received_value, self.value)
        return Amount(-(-self.pays.value * share // self.value) if share else 0, self.pays.asset)

    @property
    def worth_arrived(self) -> Amount:
        """What of its worth counts as paid once it is over: all of it, or the part that came before it failed."""
        return self.worth if self.state in PAID else self.worth_received

    def needs(self, quote: Quote) -> int:
        """What it takes from what the payer approves, in minor units of the payer's currency."""
        return self.fixed_debit if self.fixed_debit is not None else quote.debit_value or 0

    @property
    def waits_for_release(self) -> bool:
        """Nothing may be ordered for it yet, whatever the payer approved."""
        return self.held and self.released_at is None

    @property
    def is_dead(self) -> bool:
        """It ended without all of its money, or was never approved and can't be any more. Reads the request."""
        return self.state in DEAD_PAYMENTS or (
            self.state in UNAPPROVED_PAYMENTS and self.request.state in DEAD_REQUESTS
        )

    @property
    def is_over(self) -> bool:
        """Nothing more can arrive by it. Reads the request."""
        return self.state in PAID or self.is_dead

    @property
    def fell_out(self) -> bool:
        """It failed before the payer was asked, so that they never heard of it. Reads the request."""
        asked_at = self.request.sent_at
        return self.state == PaymentState.FAILED and (asked_at is None or self.changed_at <= asked_at)

    # What was tried for it, as it was when this object first asked, or as a plan has read it for all its payments.

    @cached_property
    def known_incoming_payments(self) -> list[IncomingPayment]:
        return list(self.incoming_payments.all())

    @cached_property
    def known_quotes(self) -> list[Quote]:
        return list(self.quotes.all())

    @cached_property
    def known_outgoing_payments(self) -> list[OutgoingPayment]:
        return list(self.outgoing_payments.all())

    @property
    def counted_outgoing_payment(self) -> OutgoingPayment | None:
        """The one order to pay that counts against what the payer approved. Reads `known_outgoing_payments`."""
        return next((outgoing for outgoing in self.known_outgoing_payments if outgoing.state in COUNTED_OUTGOING), None)

    @property
    def latest_quote(self) -> Quote | None:
        """The newest quote that the wallet gave for what the receiver gets. Reads `known_quotes`."""
        answered = [quote for quote in self.known_quotes if quote.remote_id and not quote.probe]
        return max(answered, key=lambda quote: (quote.created_at, quote.id), default=None)
