"""What is looked at before money is sent: how strictly each check counts, and who let a payment pass one."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import Dated
from payments.models.payments import Payment

LONGEST_CHECK = 32  # characters
LONGEST_REASON = 500  # characters


class RiskLevel(models.TextChoices):
    """What follows from a warning, from least to most strict."""

    OFF = "off", _("Off: it is not looked at")
    SHOWN = "shown", _("Shown: it is said, and nothing else")
    TICK = "tick", _("Tick: whoever sends money must say that they have looked at it")
    BLOCK = "block", _("Block: only who may override it goes on, with a reason")


class RiskSetting(models.Model):
    """How strictly one check counts; one without a row counts as its declaration says (see `payments.risk.checks`)."""

    check_name = models.CharField(_("warning"), max_length=LONGEST_CHECK, unique=True)
    level = models.CharField(_("level"), max_length=8, choices=RiskLevel, default=RiskLevel.SHOWN)

    class Meta:
        verbose_name = _("warning before money is sent")
        verbose_name_plural = _("warnings before money is sent")
        ordering = ["check_name"]

    def __str__(self) -> str:
        return f"{self.check_name}: {self.level}"


class RiskOverride(Dated):
    """Somebody let a payment pass a warning that blocks. It counts for this payment and this check, for ever."""

    payment = models.ForeignKey(
        Payment, verbose_name=_("payment"), on_delete=models.PROTECT, related_name="risk_overrides"
    )
    check_name = models.CharField(_("warning"), max_length=LONGEST_CHECK)
    reason = models.CharField(_("why"), max_length=LONGEST_REASON)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("override of a warning")
        verbose_name_plural = _("overrides of warnings")
        default_permissions = ()
        permissions = [("override_risk", _("Can send a payment past a warning that blocks, with a reason"))]
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["payment", "check_name"], name="one_override_per_payment_and_check")
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.check_name}"
