"""How many calls to wallets there were, for whoever watches the machinery."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import host_field


class HostCalls(models.Model):
    """What calls of one kind to one host came to, of all processes, since the installation began.

    Only added to (`payments.call_counts`). `host` is `other` for all that are not told of by name.
    """

    class Kind(models.TextChoices):
        """What was called, by the noun of Open Payments."""

        WALLET_ADDRESS = "wallet_address"
        GRANT = "grant"
        INCOMING_PAYMENT = "incoming_payment"
        QUOTE = "quote"
        OUTGOING_PAYMENT = "outgoing_payment"

    class CallOutcome(models.TextChoices):
        OK = "ok"
        REFUSED = "refused"
        FAILED = "failed"
        UNANSWERED = "unanswered"
        NOT_SENT = "not_sent"
        UNSAFE = "unsafe"

    host = host_field(verbose_name=_("host"))
    kind = models.CharField(_("what was called"), max_length=24, choices=Kind)
    outcome = models.CharField(_("outcome"), max_length=16, choices=CallOutcome)
    calls = models.BigIntegerField(_("calls"), default=0)
    seconds = models.FloatField(_("seconds"), default=0)  # of all of them together
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("calls to a wallet host")
        verbose_name_plural = _("calls to wallet hosts")
        ordering = ["host", "kind", "outcome"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["host", "kind", "outcome"], name="host_calls_once")]

    def __str__(self) -> str:
        return f"{self.host} {self.kind} {self.outcome}"
