"""Grants: what a wallet allows us to do, with the secrets that prove it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.encryption import seal, unseal
from payments.models.fields import (
    Dated,
    Reasoned,
    SealedField,
    amount_of,
    asset_code_field,
    asset_scale_field,
    ulid_field,
    url_field,
    value_field,
)
from payments.models.requests import PaymentRequest
from payments.models.sellers import SellerKey
from payments.models.wallets import WalletAddress
from payments.openpayments.amounts import Amount
from payments.states import GrantState


class GrantKind(models.TextChoices):
    INCOMING = "incoming-payment", _("Receive")
    QUOTE = "quote", _("Quote")
    OUTGOING = "outgoing-payment", _("Pay")


#: Of which a wallet asks nobody.
ACCESS_KINDS = (GrantKind.INCOMING.value, GrantKind.QUOTE.value)


class Grant(Dated, Reasoned):
    """One grant request at one wallet, and what came of it (GNAP; Open Payments authorization server)."""

    id = ulid_field(verbose_name=_("grant"))
    kind = models.CharField(_("kind"), max_length=32, choices=GrantKind)
    state = models.CharField(_("state"), max_length=32, choices=GrantState, default=GrantState.INTENDED, editable=False)
    request = models.ForeignKey(
        PaymentRequest, verbose_name=_("payment request"), on_delete=models.PROTECT, related_name="grants"
    )
    wallet = models.ForeignKey(
        WalletAddress, verbose_name=_("wallet address"), on_delete=models.PROTECT, related_name="grants"
    )
    # The key that asked: wallets may tie the grant and its tokens to it.
    key = models.ForeignKey(
        SellerKey, verbose_name=_("key"), on_delete=models.PROTECT, null=True, related_name="grants"
    )
    # The grant-request URL as the wallet gave it then: the interaction hash covers it.
    auth_server = url_field(verbose_name=_("authorization server"))
    limit_debit = value_field(verbose_name=_("limit"), null=True)
    asset_code = asset_code_field(blank=True)
    asset_scale = asset_scale_field(null=True)
    # Of a standing budget: the limit is per period (`R6/2026-12-01T00:00:00Z/P1M`).
    interval = models.CharField(_("interval"), max_length=60, blank=True, editable=False)
    # Nonces, interaction and continuation, tokens: encrypted for this row.
    sealed = SealedField()
    interaction_expires_at = models.DateTimeField(_("wallet's page expires"), null=True)
    wait_until = models.DateTimeField(_("not before"), null=True)
    token_expires_at = models.DateTimeField(_("token expires"), null=True)
    # What the wallet says was spent under it: shown beside what we ordered, and never believed instead of that. Null
    # while nobody asked, and from wallets that don't tell.
    spent_value = value_field(verbose_name=_("spent, as the wallet says"), null=True)
    spent_checked_at = models.DateTimeField(_("spent asked at"), null=True, editable=False)
    asks_spent = models.BooleanField(default=False, editable=False)
    # Who renews the token, or uses it up, holds the grant: several requests may be paid under one.
    lease_until = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="grant_newest"),
            models.Index(
                fields=["created_at"], condition=models.Q(state__in=["refused", "lost"]), name="grant_in_vain"
            ),
            models.Index(
                fields=["key", "created_at"],
                condition=models.Q(kind__in=["incoming-payment", "quote"], state="active"),
                name="grant_shared_access",
            ),
        ]
        constraints = [
            # Two interactions of one request never wait side by side: the older one is cancelled first.
            models.UniqueConstraint(
                fields=["request"],
                condition=models.Q(
                    kind="outgoing-payment", state__in=["intended", "pending", "returned", "continuing"]
                ),
                name="one_open_interaction_per_request",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.id})"

    @property
    def secrets(self) -> dict[str, str]:
        return unseal(self.id, self.sealed)

    def sealed_with(self, **more: str) -> str:
        """What `sealed` becomes when `more` is added; an empty value removes that secret."""
        merged = {**self.secrets, **more}
        return seal(self.id, {name: value for name, value in merged.items() if value})

    @property
    def spent(self) -> Amount | None:
        """What the wallet says was spent under it, in the payer's currency."""
        return amount_of(self.spent_value, self.asset_code, self.asset_scale)

    @property
    def limit(self) -> Amount | None:
        return amount_of(self.limit_debit, self.asset_code, self.asset_scale)
