"""Proof that a wallet address belongs to whoever we pay there, and from which amount on it is asked for."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import clock
from payments.encryption import seal, unseal
from payments.models.fields import (
    Dated,
    Reasoned,
    SealedField,
    asset_code_field,
    asset_scale_field,
    ulid_field,
    url_field,
    value_field,
)
from payments.models.sellers import Seller, SellerKey
from payments.models.wallets import WalletAddress
from payments.states import ProofState

OVER = (ProofState.PROVEN, ProofState.ENDED)


class WalletProof(Dated, Reasoned):
    """One question to whoever has a wallet address, answered by a `subject` grant at their wallet (Open Payments)."""

    id = ulid_field(verbose_name=_("proof"))
    state = models.CharField(_("state"), max_length=16, choices=ProofState, default=ProofState.ASKED, editable=False)
    wallet = models.ForeignKey(
        WalletAddress, verbose_name=_("wallet address"), on_delete=models.PROTECT, related_name="proofs"
    )
    seller = models.ForeignKey(Seller, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="proofs")
    key = models.ForeignKey(
        SellerKey, verbose_name=_("key"), on_delete=models.PROTECT, null=True, related_name="proofs"
    )
    # Who got the link, as they were then.
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("email"))
    language = models.CharField(_("language"), max_length=8)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("requested by"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    expires_at = models.DateTimeField(_("expires"))
    # The id that was asked about, and the authorization server that is served there: the interaction hash covers it.
    subject = url_field(verbose_name=_("id at the wallet"), blank=True)
    auth_server = url_field(verbose_name=_("authorization server"), blank=True)
    # Nonce, interaction and continuation: encrypted for this row.
    sealed = SealedField()
    interaction_expires_at = models.DateTimeField(_("wallet's page expires"), null=True)
    wait_until = models.DateTimeField(_("not before"), null=True)

    class Meta:
        verbose_name = _("proof of a wallet")
        verbose_name_plural = _("proofs of wallets")
        ordering = ["-created_at", "-id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["wallet"], condition=~models.Q(state__in=["proven", "ended"]), name="one_open_proof_per_wallet"
            )
        ]

    def __str__(self) -> str:
        return str(self.wallet)

    @property
    def is_open(self) -> bool:
        """The link still acts."""
        return self.state not in OVER and self.expires_at > clock.now()

    @property
    def secrets(self) -> dict[str, str]:
        return unseal(self.pk, self.sealed)

    def sealed_with(self, **secrets: str) -> str:
        """What `sealed` becomes when `secrets` are added."""
        return seal(self.pk, {**self.secrets, **secrets})


class ProofLimit(models.Model):
    """Above this amount, in this currency, a receiver must have proven that their wallet is theirs.

    The amount is `limit` with its last `asset_scale` digits after the point, whatever the scale of a wallet.
    """

    asset_code = asset_code_field(unique=True)
    asset_scale = asset_scale_field(verbose_name=_("decimal places"))
    limit = value_field(verbose_name=_("largest payment to an unproven wallet"))

    class Meta:
        verbose_name = _("limit for unproven wallets")
        verbose_name_plural = _("limits for unproven wallets")
        ordering = ["asset_code"]

    def __str__(self) -> str:
        return str(self.asset_code)
