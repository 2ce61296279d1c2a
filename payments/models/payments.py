"""Payments: one receiver's share of a payment request."""

from typing import Any

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
from payments.states import ARRIVED, DEAD_PAYMENTS, DEAD_REQUESTS, PAID, UNAPPROVED_PAYMENTS, PaymentState


class Decision(models.TextChoices):
    """What a person decided about a payment that needs attention."""

    START_ANEW = "start_anew", _("Send it again")
    GIVE_UP = "give_up", _("Give up")
    OUTSIDE = "outside", _("Settled outside")


class Block(models.TextChoices):
    """What must be seen to before an approved payment is sent once more."""

    NOTHING = "", _("Nothing")
    COULD_NOT_SEND = "could_not_send", _("The payer's wallet could not send it")
    OVER_LIMIT = "over_limit", _("The payer's wallet says that it is more than was approved")
    REFUSED = "refused", _("A wallet refused it")
    WARNING = "warning", _("A warning that blocks: somebody must override it")


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
    # Since when the receiver has this wallet in place of another; null when it was their first.
    wallet_since = models.DateTimeField(_("receiver's wallet since"), null=True, editable=False)
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
    blocked_by = models.CharField(max_length=16, choices=Block, blank=True, default=Block.NOTHING, editable=False)
    # Who takes care of a payment that needs attention, and what they decided: done once nothing more can arrive.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken care of by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    # Since when more is known to have arrived than when it ended: late, or twice. A person has to see to it.
    late_at = models.DateTimeField(_("more arrived after its end"), null=True, editable=False)
    decision = models.CharField(_("decision"), max_length=16, choices=Decision, blank=True, editable=False)
    polls = models.PositiveIntegerField(_("looks since sent"), default=0, editable=False)
    retry_at = models.DateTimeField(_("next look"), null=True, editable=False)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["state", "created_at"]),
            models.Index(fields=["created_at", "id"], name="payment_newest"),
            models.Index(fields=["settled_at"], name="payment_settled"),
            # What the sweep looks for; most payments never are in them.
            models.Index(
                fields=["changed_at"],
                condition=models.Q(state__in=["needs_attention", "failed"]),
                name="payment_stopped",
            ),
            models.Index(
                fields=["request"],
                condition=models.Q(purpose="fee", held=True, released_at=None),
                name="payment_fee_waits",
            ),
            # What a wallet was sent lately.
            models.Index(fields=["receiver_wallet", "created_at"], name="payment_to_wallet"),
            # What a warning stopped after it was approved.
            models.Index(fields=["changed_at"], condition=models.Q(blocked_by="warning"), name="payment_warned"),
            # Found by how much it was.
            models.Index(fields=["value"]),
        ]
        permissions = [
            ("resolve_payment", _("Can resolve payments that need attention")),
            ("make_evidence", _("Can make a file of everything that is known of a payment or a job")),
            ("export_payment", _("Can export payments")),
        ]

    def __str__(self) -> str:
        return f"{self.receiver_name} ({self.id})"

    @cached_property
    def known(self) -> dict[str, list[Any]]:
        """What was tried for it, by the name of its relation; see `payments.models.attempts`."""
        return {}

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        self.known.clear()
        super().refresh_from_db(*args, **kwargs)

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
    def arrived(self) -> Amount:
        """Of one that is over, what its receiver has, by wallet or outside."""
        return self.amount if self.state in PAID else self.received

    @property
    def surplus(self) -> Amount:
        """What came beyond what was asked, late or twice, of one that is settled."""
        return Amount(max(0, self.received_value - self.value) if self.state in ARRIVED else 0, self.asset)

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
