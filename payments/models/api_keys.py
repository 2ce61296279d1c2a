"""Who asks through the API: keys, the marketplaces they belong to, what they asked for, and what they were answered."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import clock
from payments.models.fields import Dated, ulid_field, url_field
from payments.models.requests import PaymentRequest
from payments.models.sellers import Seller

#: Of an `Idempotency-Key`, in characters.
LONGEST_IDEMPOTENCY_KEY = 255


class ApiScope(models.TextChoices):
    """What a key may be used for. It never may more than the person it acts for."""

    READ_PAYMENTS = "payments:read", _("Look at payments")
    ASK = "payments:write", _("Ask payers for money")
    READ_SELLERS = "sellers:read", _("Look at sellers")
    CHANGE_SELLERS = "sellers:write", _("Register and change sellers")
    READ_WORK = "work:read", _("Look at members, jobs and work")
    WRITE_WORK = "work:write", _("Bring members, jobs and work, and decide on them")


class Marketplace(Dated):
    """Another marketplace that asks through the API. Its keys see what they asked for, and nothing else."""

    id = ulid_field(verbose_name=_("marketplace"))
    name = models.CharField(_("name"), max_length=200, unique=True)
    seller = models.ForeignKey(
        Seller,
        verbose_name=_("seller"),
        on_delete=models.PROTECT,
        related_name="marketplaces",
        help_text=_("The account of ours that asks for its money. It can choose no other one."),
    )
    # Where a payer can be led back to: of an address its origin and the beginning of its path.
    return_addresses = models.JSONField(_("return addresses"), default=list, editable=False)

    class Meta:
        verbose_name = _("marketplace")
        verbose_name_plural = _("marketplaces")
        ordering = ["name", "id"]
        default_permissions = ("add", "view")

    def __str__(self) -> str:
        return self.name


class ApiKey(Dated):
    """One key of a program. Its secret is kept nowhere: `digest` only tells it again, `id` is the part that is shown.

    What it asks for counts as asked for by the person it acts for: the one who made it, and who alone saw it.
    """

    id = ulid_field(verbose_name=_("key"))
    name = models.CharField(_("name"), max_length=200)
    # The first key of this row of rotations: what was answered to one is kept for the next.
    family = models.CharField(max_length=26, editable=False)
    marketplace = models.ForeignKey(
        Marketplace, verbose_name=_("marketplace"), on_delete=models.PROTECT, null=True, related_name="keys"
    )
    acts_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("acts for"), on_delete=models.PROTECT, related_name="+"
    )
    scopes = models.JSONField(_("may be used to"), default=list)
    digest = models.CharField(max_length=64, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at", "-id"]
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return self.name

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > clock.now())


class ApiAsk(models.Model):
    """With which key a payment request was asked for; of one that staff asked for there is none."""

    request = models.OneToOneField(PaymentRequest, on_delete=models.PROTECT, primary_key=True, related_name="api_ask")
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="asked")
    # Where its payer is led back to, while the marketplace's list still has it.
    return_url = url_field(blank=True, default="")
    # When a warning last kept it from being sent: only staff can answer that.
    stopped_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.request_id)


class ApiAnswer(models.Model):
    """The first answer to an `Idempotency-Key`, which every repetition gets; without a status it is being answered."""

    family = models.CharField(max_length=26)
    name = models.CharField(max_length=LONGEST_IDEMPOTENCY_KEY)
    # Of the path and the body: the same key with something else is a mistake of the program that asks.
    asked = models.CharField(max_length=64)
    begun_at = models.DateTimeField(default=clock.now, db_index=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["family", "name"], name="one_answer_to_an_idempotency_key")]

    def __str__(self) -> str:
        return self.name
