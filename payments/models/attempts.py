"""Attempts: every incoming payment, quote and outgoing payment we asked a wallet to create. All are kept."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import (
    Dated,
    Reasoned,
    amount_of,
    asset_code_field,
    asset_scale_field,
    ulid_field,
    url_field,
    value_field,
)
from payments.models.grants import Grant
from payments.models.payments import Payment
from payments.models.wallets import WalletAddress
from payments.openpayments.amounts import Amount
from payments.states import COUNTED_OUTGOING, AttemptState


class Attempt(Dated, Reasoned):
    """Written down before the call; `remote_id` is the wallet's URL once it has answered."""

    id = ulid_field(verbose_name=_("attempt"))
    state = models.CharField(
        _("state"), max_length=16, choices=AttemptState, default=AttemptState.INTENDED, editable=False
    )
    remote_id = url_field(verbose_name=_("id at the wallet"), blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True)

    class Meta:
        abstract = True
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="%(class)s_newest"),
            # What wallets refused, or never answered: of most rows neither.
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=["refused", "unknown", "failed"]),
                name="%(class)s_in_vain",
            ),
            models.Index(fields=["remote_id"], condition=~models.Q(remote_id=""), name="%(class)s_remote"),
        ]

    def __str__(self) -> str:
        return self.remote_id or self.id


class IncomingPayment(Attempt):
    """Where a receiver's money arrives: fixed amount, so no more than that can ever reach it.

    A `probe` has no amount (its value is 0): it only serves to ask what a payment buys, and is closed at once.
    """

    payment = models.ForeignKey(
        Payment, verbose_name=_("payment"), on_delete=models.PROTECT, null=True, related_name="incoming_payments"
    )
    wallet = models.ForeignKey(
        WalletAddress, verbose_name=_("wallet address"), on_delete=models.PROTECT, related_name="incoming_payments"
    )
    probe = models.BooleanField(_("to ask what it buys"), default=False, editable=False)
    value = value_field(verbose_name=_("amount"))
    asset_code = asset_code_field()
    asset_scale = asset_scale_field()
    received_value = value_field(verbose_name=_("received"), default=0)
    # What its wallet said, and when; see `payments.engine.evidence`, which alone writes and reads these.
    read_at = models.DateTimeField(_("read"), null=True, editable=False)
    over_at = models.DateTimeField(_("first read as over"), null=True, editable=False)
    over_value = value_field(verbose_name=_("received by then"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed for good"), null=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)

    class Meta(Attempt.Meta):
        verbose_name = _("incoming payment")
        verbose_name_plural = _("incoming payments")

    @property
    def amount(self) -> Amount | None:
        return None if self.probe else amount_of(self.value, self.asset_code, self.asset_scale)


class Quote(Attempt):
    """What the payer's wallet said it would cost; a `probe`: what it said that so much buys. Nothing pays a probe."""

    payment = models.ForeignKey(Payment, verbose_name=_("payment"), on_delete=models.PROTECT, related_name="quotes")
    incoming = models.ForeignKey(
        IncomingPayment, verbose_name=_("incoming payment"), on_delete=models.PROTECT, related_name="quotes"
    )
    probe = models.BooleanField(_("to ask what it buys"), default=False, editable=False)
    debit_value = value_field(verbose_name=_("the payer pays"), null=True)
    debit_code = asset_code_field(blank=True)
    debit_scale = asset_scale_field(null=True)
    receive_value = value_field(verbose_name=_("the receiver gets"), null=True)
    receive_code = asset_code_field(blank=True)
    receive_scale = asset_scale_field(null=True)

    class Meta(Attempt.Meta):
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")

    @property
    def debit(self) -> Amount | None:
        return amount_of(self.debit_value, self.debit_code, self.debit_scale)

    @property
    def receive(self) -> Amount | None:
        return amount_of(self.receive_value, self.receive_code, self.receive_scale)


class OutgoingPayment(Attempt):
    """The payer's side of a payment that is under way. One quote pays once, one attempt has one quote."""

    payment = models.ForeignKey(
        Payment, verbose_name=_("payment"), on_delete=models.PROTECT, related_name="outgoing_payments"
    )
    quote = models.OneToOneField(
        Quote, verbose_name=_("quote"), on_delete=models.PROTECT, related_name="outgoing_payment"
    )
    grant = models.ForeignKey(
        Grant, verbose_name=_("grant"), on_delete=models.PROTECT, related_name="outgoing_payments"
    )
    debit_value = value_field(verbose_name=_("debited"), null=True)
    sent_value = value_field(verbose_name=_("sent"), null=True)
    asset_code = asset_code_field(blank=True)
    asset_scale = asset_scale_field(null=True)

    class Meta(Attempt.Meta):
        verbose_name = _("outgoing payment")
        verbose_name_plural = _("outgoing payments")
        constraints = [
            # The rule of rules: never two live orders to pay for one payment.
            models.UniqueConstraint(
                fields=["payment"],
                condition=models.Q(state__in=["intended", "open", "unknown", "done"]),
                name="one_live_outgoing_payment",
            )
        ]


# What was tried for a payment: as a plan has read it for all payments of its request, or else as it is now.


def incoming_payments_of(payment: Payment) -> list[IncomingPayment]:
    return _known(payment, "incoming_payments")


def quotes_of(payment: Payment) -> list[Quote]:
    return _known(payment, "quotes")


def outgoing_payments_of(payment: Payment) -> list[OutgoingPayment]:
    return _known(payment, "outgoing_payments")


def _known(payment: Payment, name: str) -> list[Any]:
    read = payment.known.get(name)
    return list(getattr(payment, name).all()) if read is None else read


def counted_outgoing_payment(payment: Payment) -> OutgoingPayment | None:
    """The one order to pay that counts against what the payer approved."""
    return next((order for order in outgoing_payments_of(payment) if order.state in COUNTED_OUTGOING), None)


def latest_quote(payment: Payment) -> Quote | None:
    """The newest quote that the wallet gave for what the receiver gets."""
    answered = [quote for quote in quotes_of(payment) if quote.remote_id and not quote.probe]
    return max(answered, key=lambda quote: (quote.created_at, quote.id), default=None)


def debit_of(payment: Payment, quote: Quote) -> int:
    """What it takes from what the payer approves, in minor units of the payer's currency."""
    return payment.fixed_debit if payment.fixed_debit is not None else quote.debit_value or 0
