"""The platform's own accounts: they sign, and may receive or pay."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from ledger.compiled import Compiled
from payments.encryption import seal, unseal
from payments.models.fields import (
    Dated,
    Reasoned,
    SealedField,
    amount_of,
    asset_code_field,
    asset_scale_field,
    ulid_field,
    value_field,
)
from payments.models.wallets import WalletAddress
from payments.openpayments.amounts import Amount
from payments.openpayments.keys import Jwk, private_key_from_pem, public_jwk
from payments.openpayments.signing import Signer
from payments.states import KeyState

#: A fee is at most everything that the workers get: 10 000 basis points.
WHOLE = 10_000


class Seller(Dated):
    """An account of the platform at a wallet: the client that signs, with one of its keys."""

    id = models.CharField(
        _("id"), max_length=64, primary_key=True, validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z")]
    )
    name = models.CharField(_("name"), max_length=200, help_text=_("Payers see it: who asks for the money."))
    wallet = models.ForeignKey(
        WalletAddress, verbose_name=_("wallet address"), on_delete=models.PROTECT, related_name="sellers"
    )
    is_default = models.BooleanField(_("default"), default=False)
    may_hold_money = models.BooleanField(
        _("may receive money for jobs"),
        default=False,
        help_text=_("When on, a job can be paid into this wallet before workers are selected: the platform holds it."),
    )
    # Who of our own people approves in this seller's wallet what is paid out of it.
    approval_email = models.EmailField(
        _("approvals go to"),
        blank=True,
        help_text=_("Who approves, in this seller's own wallet, what is paid out of money that it holds."),
    )
    approval_language = models.CharField(
        _("language of approvals"), max_length=8, choices=settings.LANGUAGES, default="en"
    )
    # Nothing new is asked for with it from then on; what was asked goes on.
    retired_at = models.DateTimeField(_("retired"), null=True, editable=False)

    # What the platform takes on top of what workers get: a share of it, or an amount for each worker.
    fee_share = models.PositiveIntegerField(
        _("fee, in basis points"), default=0, validators=[MaxValueValidator(WHOLE)], editable=False
    )
    fee_value = value_field(verbose_name=_("fee for each worker"), null=True, editable=False)
    fee_code = asset_code_field(blank=True, editable=False)
    fee_scale = asset_scale_field(null=True, editable=False)

    class Meta:
        verbose_name = _("seller")
        verbose_name_plural = _("sellers")
        ordering = ["id"]
        permissions = [
            ("hold_money_seller", _("Can let a seller hold money for jobs")),
            ("rotate_seller_key", _("Can change the key of a seller")),
            ("set_fee_seller", _("Can set the platform fee")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(fee_share=0) | models.Q(fee_value=None), name="fee_is_a_share_or_an_amount"
            ),
            models.CheckConstraint(condition=models.Q(fee_share__lte=WHOLE), name="fee_is_at_most_the_whole"),
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_seller"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.id

    @cached_property
    def _keys(self) -> dict[str, SellerKey]:
        """All of them, read once: a plan with many steps signs with few keys."""
        return {key.pk: key for key in _KEYS(self.pk)}

    @property
    def fee_each(self) -> Amount | None:
        """The fixed fee for each worker, in its own currency; None when there is none."""
        return amount_of(self.fee_value, self.fee_code, self.fee_scale)

    @property
    def takes_fee(self) -> bool:
        return bool(self.fee_share or self.fee_value)

    @property
    def active_key(self) -> SellerKey:
        """The key that everything new is asked for with. Raises SellerKey.DoesNotExist when there is none."""
        for key in self._keys.values():
            if key.state == KeyState.ACTIVE:
                return key
        raise SellerKey.DoesNotExist(f"the seller {self.pk} has no active key")

    def signer(self, key_id: str | None = None) -> Signer:
        """Who signs: with the key of that row, or with the active one."""
        key = self._keys[key_id] if key_id else self.active_key
        return Signer(self.wallet.canonical_id or self.wallet.url, key.kid, private_key_from_pem(key.private_key))


class SellerKey(Dated, Reasoned):
    """One key of a seller. A wallet ties what it allows to the key that asked, so an old key ends what it began.

    `reason` is what was wrong when its wallet was last looked at. The private part is kept encrypted, never shown, and
    destroyed when the key is retired.
    """

    id = ulid_field(verbose_name=_("key"))
    seller = models.ForeignKey(Seller, verbose_name=_("seller"), on_delete=models.PROTECT, related_name="keys")
    kid = models.CharField(_("key id"), max_length=200)
    # The public part (`x` of the JWK): what people compare, also after the private part is gone.
    public = models.CharField(_("public key"), max_length=64)
    sealed = SealedField()
    state = models.CharField(_("state"), max_length=16, choices=KeyState, default=KeyState.GENERATED, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("made by"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    checked_at = models.DateTimeField(_("last looked for at the wallet"), null=True, editable=False)
    published_at = models.DateTimeField(_("seen at the wallet"), null=True, editable=False)
    # A key in use that the wallet did not list, or listed otherwise, when it was last looked at.
    missing_at = models.DateTimeField(null=True, editable=False)
    activated_at = models.DateTimeField(_("in use since"), null=True, editable=False)
    replaced_at = models.DateTimeField(_("replaced"), null=True, editable=False)
    retired_at = models.DateTimeField(_("retired"), null=True, editable=False)

    class Meta:
        verbose_name = _("seller key")
        verbose_name_plural = _("seller keys")
        ordering = ["created_at", "id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["seller", "kid"], name="one_key_per_kid_of_a_seller"),
            models.UniqueConstraint(
                fields=["seller"], condition=models.Q(state="active"), name="one_active_key_per_seller"
            ),
            models.UniqueConstraint(
                fields=["seller"],
                condition=models.Q(state__in=["generated", "published"]),
                name="one_next_key_per_seller",
            ),
        ]

    def __str__(self) -> str:
        return self.kid

    def keep(self, pem: str) -> None:
        """Keep `pem` (an Ed25519 key in PKCS#8), encrypted; raises KeyFormatError when it is not one."""
        self.public = public_jwk(private_key_from_pem(pem), self.kid).x
        self.sealed = seal(self.pk, {"private_key": pem})

    @property
    def private_key(self) -> str:
        """PEM. Raises KeyError once it was destroyed, SecretUnreadable when the encryption keys are gone."""
        return unseal(self.pk, self.sealed)["private_key"]

    @property
    def jwk(self) -> Jwk:
        """What the seller's wallet address must list in its `jwks.json`."""
        return Jwk(self.kid, self.public)


_KEYS = Compiled(lambda seller: SellerKey.objects.filter(seller=seller), str)
