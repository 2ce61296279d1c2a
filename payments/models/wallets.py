"""Wallet addresses as they were found at the wallets themselves."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import Dated, asset_code_field, asset_scale_field
from payments.openpayments.amounts import Asset


class WalletAddress(Dated):
    """One wallet address. `url` is what was typed, normalised; the other columns are what the wallet answered."""

    url = models.CharField(_("wallet address"), max_length=500, unique=True)
    canonical_id = models.CharField(_("id at the wallet"), max_length=500, blank=True)
    public_name = models.CharField(_("public name"), max_length=200, blank=True)
    asset_code = asset_code_field(blank=True)
    asset_scale = asset_scale_field(null=True, blank=True)
    auth_server = models.CharField(_("authorization server"), max_length=500, blank=True)
    resource_server = models.CharField(_("resource server"), max_length=500, blank=True)
    # Host and port of `url`: what a pause names.
    host = models.CharField(_("host"), max_length=255, editable=False, db_index=True)
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=64, blank=True)
    problem_params = models.JSONField(_("problem details"), default=dict, blank=True)
    # What the wallet says of itself now, where that is another wallet or currency: waits for two people (`problem`).
    found_instead = models.JSONField(default=dict, editable=False)
    # What the first of them accepted.
    accepted = models.JSONField(default=dict, editable=False)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("accepted by"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    proven_at = models.DateTimeField(_("control proven"), null=True, blank=True)

    class Meta:
        verbose_name = _("wallet address")
        verbose_name_plural = _("wallet addresses")
        ordering = ["url"]
        permissions = [("accept_walletaddress", _("Can accept that a wallet address became another wallet"))]

    def __str__(self) -> str:
        return self.url

    @property
    def is_known(self) -> bool:
        """The wallet has answered at least once."""
        return bool(self.canonical_id)

    @property
    def is_usable(self) -> bool:
        return self.is_known and not self.problem

    @property
    def asset(self) -> Asset:
        assert self.asset_scale is not None, "a wallet that has not answered yet has no currency"
        return Asset(self.asset_code, self.asset_scale)

    def save(self, *args: Any, **options: Any) -> None:
        self.host = urlsplit(self.url).netloc
        super().save(*args, **options)

    @property
    def hosts(self) -> set[str]:
        """Every host that a call about this wallet address may go to."""
        return {urlsplit(url).netloc for url in (self.url, self.auth_server, self.resource_server) if url}
