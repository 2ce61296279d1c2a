"""Another wallet for a member: it waits until a second person has confirmed it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from jobs.models.members import Member
from payments.models import WalletAddress
from payments.models.fields import Dated


class WalletChangeState(models.TextChoices):
    WAITING = "waiting", _("Waits for a second person")
    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Refused")
    SUPERSEDED = "superseded", _("Replaced by a later one")


WALLET_CHANGE_MOVES: dict[str, set[str]] = {
    WalletChangeState.WAITING: {WalletChangeState.CONFIRMED, WalletChangeState.REFUSED, WalletChangeState.SUPERSEDED},
    WalletChangeState.CONFIRMED: set(),
    WalletChangeState.REFUSED: set(),
    WalletChangeState.SUPERSEDED: set(),
}


class WalletChange(Dated):
    """Moved only by `jobs.wallet_changes`. Payments that were asked for keep the wallet they were asked with."""

    member = models.ForeignKey(
        Member, verbose_name=_("member"), on_delete=models.PROTECT, related_name="wallet_changes"
    )
    before = models.ForeignKey(
        WalletAddress, verbose_name=_("wallet until now"), on_delete=models.PROTECT, related_name="+"
    )
    after = models.ForeignKey(WalletAddress, verbose_name=_("new wallet"), on_delete=models.PROTECT, related_name="+")
    # None: the member asked for it on their own page.
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("proposed by"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Whose copy of the member's link it came through, of staff.
    shown_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("shown to"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField(
        _("state"), max_length=16, choices=WalletChangeState, default=WalletChangeState.WAITING, editable=False
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("decided by"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("wallet change")
        verbose_name_plural = _("wallet changes")
        ordering = ["-created_at", "-id"]
        default_permissions = ("view",)
        permissions = [("confirm_walletchange", _("Can confirm another person's change of a member's wallet"))]
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=models.Q(state="waiting"), name="one_waiting_wallet_change_per_member"
            )
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.after}"
