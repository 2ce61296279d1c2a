"""Work that was paid outside the wallets and never asked for in one: one person says so, another confirms it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payments.models.fields import Dated, asset_code_field, asset_scale_field, ulid_field, value_field
from payments.models.outside import OutsideSettlement
from payments.models.sellers import Seller
from payments.openpayments.amounts import Amount, Asset


class OutsidePaymentState(models.TextChoices):
    WAITING = "waiting", _("Waits for a second person")
    CONFIRMED = "confirmed", _("Confirmed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OUTSIDE_PAYMENT_MOVES: dict[str, set[str]] = {
    OutsidePaymentState.WAITING: {OutsidePaymentState.CONFIRMED, OutsidePaymentState.WITHDRAWN},
    OutsidePaymentState.CONFIRMED: set(),
    OutsidePaymentState.WITHDRAWN: set(),
}


class OutsidePayment(Dated):
    """Counts, in the books and as paid, once it is confirmed. Moved only by `payments.actions.outside_payments`.

    An `OutsideSettlement` is another thing: it settles a payment that was asked for in a wallet.
    """

    id = ulid_field(verbose_name=_("outside payment"))
    state = models.CharField(
        _("state"), max_length=16, choices=OutsidePaymentState, default=OutsidePaymentState.WAITING, editable=False
    )
    # For whose books: whoever would have asked for it.
    seller = models.ForeignKey(
        Seller, verbose_name=_("seller"), on_delete=models.PROTECT, related_name="outside_payments"
    )
    title = models.CharField(_("title"), max_length=200)
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    # Opaque here: what the room above calls them.
    payer_key = models.CharField(max_length=80, editable=False, db_index=True)
    payer_name = models.CharField(_("payer"), max_length=200)
    receiver_key = models.CharField(max_length=80, editable=False, db_index=True)
    receiver_name = models.CharField(_("receiver"), max_length=200)
    # The payer holds money for this work: see `ledger.models.Movement.holds`.
    from_held = models.BooleanField(_("from the money that was held"), default=False, editable=False)
    value = value_field(verbose_name=_("amount"))
    asset_code = asset_code_field()
    asset_scale = asset_scale_field()
    # In the same units, when it was confirmed.
    owed_value = value_field(verbose_name=_("owed then"), null=True, editable=False)
    paid_on = models.DateField(_("paid on"))
    way = models.CharField(_("how"), max_length=16, choices=OutsideSettlement.Means)
    evidence = models.TextField(_("evidence"), max_length=2000)
    form_id = models.CharField(max_length=40, unique=True, editable=False)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("reported by"), on_delete=models.PROTECT, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("decided by"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("outside payment")
        verbose_name_plural = _("outside payments")
        ordering = ["-created_at", "-id"]
        default_permissions = ("view",)
        permissions = [
            ("report_outsidepayment", _("Can report what was paid outside the wallets")),
            ("confirm_outsidepayment", _("Can confirm what another person reported as paid outside the wallets")),
            ("export_outsidepayment", _("Can export outside payments")),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="outside_payment_waiting")]
        constraints = [
            models.CheckConstraint(condition=Q(value__gt=0), name="something_was_paid_outside"),
            models.CheckConstraint(
                condition=~Q(state="confirmed")
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("claimed_by")) & Q(owed_value__gte=F("value"))),
                name="paid_outside_says_a_second_person_and_was_owed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()}: {self.receiver_name}"

    @property
    def amount(self) -> Amount:
        return Amount(self.value, Asset(self.asset_code, self.asset_scale))

    @property
    def counts(self) -> bool:
        """Two people say so."""
        return self.state == OutsidePaymentState.CONFIRMED

    @property
    def waits(self) -> bool:
        return self.state == OutsidePaymentState.WAITING

    @property
    def stands(self) -> bool:
        """It counts, or may yet."""
        return self.counts or self.waits
