"""Wallet addresses as they were found at the wallets themselves."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import Dated, asset_code_field, asset_scale_field, host_field, url_field
from payments.openpayments.amounts import Asset
from payments.openpayments.parsing import LONGEST_PUBLIC_NAME

#: Which column is the address, and which its host and port.
HOSTS = (("url", "host"), ("auth_server", "auth_host"), ("resource_server", "resource_host"))


class WalletAddress(Dated):
    """One wallet address. `url` is what was typed, normalised; the other columns are what the wallet answered."""

    url = url_field(verbose_name=_("wallet address"), unique=True)
    canonical_id = url_field(verbose_name=_("id at the wallet"), blank=True)
    public_name = models.CharField(_("public name"), max_length=LONGEST_PUBLIC_NAME, blank=True)
    asset_code = asset_code_field(blank=True)
    asset_scale = asset_scale_field(null=True, blank=True)
    auth_server = url_field(verbose_name=_("authorization server"), blank=True)
    resource_server = url_field(verbose_name=_("resource server"), blank=True)
    # Host and port of `url`, which a pause names, and of the two servers: they follow their columns.
    host = host_field(verbose_name=_("host"), editable=False, db_index=True)
    auth_host = host_field(editable=False, blank=True)
    resource_host = host_field(editable=False, blank=True)
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
    # When two people accepted that it is another wallet from then on.
    became_at = models.DateTimeField(_("became another wallet"), null=True, editable=False)
    proven_at = models.DateTimeField(_("control proven"), null=True, blank=True)

    class Meta:
        verbose_name = _("wallet address")
        verbose_name_plural = _("wallet addresses")
        ordering = ["url"]
        indexes = [
            models.Index(fields=["asset_code"], name="wallet_currency"),
            models.Index(fields=["canonical_id"], name="wallet_canonical"),
            models.Index(fields=["checked_at"], condition=models.Q(problem__gt=""), name="wallet_problem"),
            # Whose host it is that was called.
            models.Index(fields=["auth_host"], name="wallet_auth_host"),
            models.Index(fields=["resource_host"], name="wallet_resource_host"),
        ]
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
        """For a new row. One that is there is changed by `keep`: a proof may have been won since it was read."""
        self._name_hosts()
        super().save(*args, **options)

    def keep(self, **columns: Any) -> None:
        """Change these columns, and no others."""
        for column, value in columns.items():
            setattr(self, column, value)
        self._name_hosts()
        super().save(update_fields={*columns, *(host for _, host in HOSTS)})

    def _name_hosts(self) -> None:
        for url, host in HOSTS:
            setattr(self, host, urlsplit(getattr(self, url)).netloc)

    @property
    def hosts(self) -> frozenset[str]:
        """Every host that a call about this wallet address may go to."""
        return frozenset(filter(None, (getattr(self, host) for _, host in HOSTS)))
