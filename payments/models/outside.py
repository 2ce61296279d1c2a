"""Payments that were settled outside the wallets: what one person says, with evidence, and another confirms."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import Dated, ulid_field
from payments.models.payments import Payment


class OutsideSettlement(Dated):
    """Somebody paid the receiver by bank or in cash. Counts only once a second person has confirmed it."""

    class Means(models.TextChoices):
        BANK = "bank", _("Bank transfer")
        CASH = "cash", _("Cash")
        OTHER = "other", _("Other")

    id = ulid_field(verbose_name=_("settlement"))
    payment = models.ForeignKey(
        Payment, verbose_name=_("payment"), on_delete=models.PROTECT, related_name="outside_settlements"
    )
    way = models.CharField(_("how"), max_length=16, choices=Means)
    evidence = models.TextField(
        _("evidence"), max_length=2000, help_text=_("Bank reference, receipt number, who handed it over, when.")
    )
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("reported by"), on_delete=models.PROTECT, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("confirmed by"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    class Meta:
        verbose_name = _("outside settlement")
        verbose_name_plural = _("outside settlements")
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["payment"], condition=models.Q(withdrawn_at=None), name="one_outside_settlement_per_payment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()}: {self.payment_id}"
