"""How wallets' hosts have behaved lately, so that one that is down waits its turn and holds nobody up."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import host_field


class WalletHost(models.Model):
    """One host that failed. After several failures in a row, workers leave it alone until `closed_until`."""

    host = host_field(verbose_name=_("host"), primary_key=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    closed_until = models.DateTimeField(_("left alone until"), null=True)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("wallet host")
        verbose_name_plural = _("wallet hosts")
        ordering = ["host"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.host
