"""Payment requests: one ask to one payer."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import (
    Dated,
    Reasoned,
    amount_of,
    asset_code_field,
    asset_scale_field,
    ulid_field,
    value_field,
)
from payments.models.sellers import Seller
from payments.models.titles import LONGEST_TITLE, shown_title
from payments.models.wallets import WalletAddress
from payments.openpayments.amounts import Amount
from payments.states import OPEN_REQUESTS, RequestState

#: How long a payer has, from the day the link was sent.
APPROVAL_LIFETIME = timedelta(days=14)
#: So many crashes in a row, and people are told.
STUCK = 3


class RemainingEnd(models.TextChoices):
    """Why what was not sent yet will not be, while something that was sent is still seen to its end."""

    DECLINED = "declined", _("Declined by the payer")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")


class PaymentRequest(Dated, Reasoned):
    """One ask to one payer to approve; its id is what everybody quotes when they speak of it."""

    id = ulid_field(verbose_name=_("request id"))
    state = models.CharField(
        _("state"), max_length=32, choices=RequestState, default=RequestState.QUOTING, editable=False
    )
    # As the payer was written to; of what the program made it, where it did: see `payments.models.titles`.
    title = models.CharField(_("title"), max_length=LONGEST_TITLE)
    title_made_of = models.JSONField(default=dict, blank=True, editable=False)
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    # Where in the back office it was asked for: a path that whoever asked hands down.
    origin_path = models.CharField(max_length=300, blank=True, editable=False)
    seller = models.ForeignKey(Seller, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="requests")
    payer_wallet = models.ForeignKey(
        WalletAddress, verbose_name=_("payer's wallet"), on_delete=models.PROTECT, related_name="requests"
    )
    # As the payer was when asked: a later change of the member does not rewrite what happened.
    payer_name = models.CharField(_("payer"), max_length=200)
    payer_email = models.EmailField(_("payer's email"))
    payer_language = models.CharField(_("payer's language"), max_length=8, default="en")
    # Of an organisation: legal_name, tax_id, address, approver. And name, email, language of who also gets receipts.
    payer_details = models.JSONField(_("payer's details"), default=dict, blank=True, editable=False)
    payer_accounts = models.JSONField(_("payer's accounts contact"), default=dict, blank=True, editable=False)
    # Who they are to whoever asked, in that room's words; opaque here.
    payer_key = models.CharField(max_length=40, blank=True, db_index=True, editable=False)

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="requested_payments",
    )
    authorised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("authorised by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="authorised_payments",
    )
    # Whose copy of the approval link was used to ask for the wallet's page: whoever comes back from it may be them.
    link_shown_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("whose copy of the link was used"),
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
    # The most that the second person agreed to; null while nobody had to. What grows above it is asked of them again.
    authorised_debit = value_field(verbose_name=_("authorised"), null=True, editable=False)
    # A second person must authorise it, whatever the amount.
    two_people = models.BooleanField(_("always by two people"), default=False, editable=False)
    # Why it waits, or last waited, for a second person: see `payments.authorisation.Because`.
    second_person_because = models.JSONField(default=list, editable=False)
    # The most the payer will be charged, fee included: what they were shown.
    ceiling_debit = value_field(verbose_name=_("the payer pays at most"), null=True)
    # A fresh quote above the ceiling, waiting for the payer to accept it.
    proposed_debit = value_field(verbose_name=_("new amount, not accepted yet"), null=True)
    # Of the ceiling: ordered under earlier approvals when the payer was last asked. They are asked for the rest.
    committed_debit = value_field(verbose_name=_("ordered before the payer was asked again"), default=0)
    # Set while the remaining amount is no longer asked for, and what was sent is still under way.
    remaining_end = models.CharField(max_length=16, choices=RemainingEnd, blank=True, editable=False)
    asset_code = asset_code_field(blank=True)
    asset_scale = asset_scale_field(null=True)

    # Paid from this standing budget instead of by an approval of its own, once it is authorised where that is needed.
    budget = models.ForeignKey(
        "payments.StandingBudget",
        verbose_name=_("paid from"),
        on_delete=models.PROTECT,
        null=True,
        related_name="drawn_requests",
        editable=False,
    )

    link_version = models.PositiveIntegerField(_("version of the link"), default=1)
    expires_at = models.DateTimeField(_("expires"))
    sent_at = models.DateTimeField(_("sent to the payer"), null=True)
    # The payer pressed "approve" and waits for their wallet's page.
    payer_asked_at = models.DateTimeField(_("payer asked for their wallet"), null=True)
    approved_at = models.DateTimeField(_("approved at"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    form_id = models.CharField(max_length=40, unique=True, null=True, editable=False)  # noqa: DJ001 - unique, or none

    lease_fence = models.PositiveBigIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    next_attempt_at = models.DateTimeField(_("next look"), null=True, db_index=True, editable=False)
    # Somebody changed the row while the engine held it: look again before letting go.
    needs_replan = models.BooleanField(default=False, editable=False)
    # How often in a row the program failed at it, and on what: the name of the exception, nothing of its words.
    crashes = models.PositiveIntegerField(_("crashes in a row"), default=0, db_index=True, editable=False)
    crash = models.CharField(_("crashed on"), max_length=100, blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("payment request")
        verbose_name_plural = _("payment requests")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["state", "created_at"]),
            models.Index(fields=["created_at", "id"], name="request_newest"),
            models.Index(fields=["finished_at"], name="request_finished"),
            # What one person sent in a day.
            models.Index(fields=["requested_by", "sent_at"]),
            # What a payer paid lately.
            models.Index(fields=["payer_wallet", "created_at"], name="request_of_payer"),
            # Found by what the payer calls it.
            models.Index(fields=["reference"]),
            # The few that wait for one payer, who is reminded of all at once.
            models.Index(
                fields=["payer_email", "sent_at"],
                condition=models.Q(state=RequestState.AWAITING_APPROVAL),
                name="request_at_payer",
            ),
        ]
        permissions = [
            ("request_paymentrequest", _("Can ask payers for money")),
            ("authorise_paymentrequest", _("Can authorise another person's payment request")),
            ("export_paymentrequest", _("Can export payment requests")),
        ]

    @property
    def is_stuck(self) -> bool:
        """The program failed at it again and again: nothing of it moves until that is mended."""
        return self.crashes >= STUCK

    def __str__(self) -> str:
        return f"{self.shown_title} ({self.id})"

    @property
    def shown_title(self) -> str:
        """In the language of whoever reads."""
        return shown_title(self.title, self.title_made_of)

    @property
    def ceiling(self) -> Amount | None:
        return amount_of(self.ceiling_debit, self.asset_code, self.asset_scale)

    @property
    def proposed(self) -> Amount | None:
        return amount_of(self.proposed_debit, self.asset_code, self.asset_scale)

    @property
    def committed(self) -> Amount | None:
        """Ordered under earlier approvals when the payer was last asked; None when nothing was."""
        return amount_of(self.committed_debit or None, self.asset_code, self.asset_scale)

    @property
    def most_debit(self) -> int | None:
        """Minor units: the most that the payer pays in all, once they have accepted what it has grown to."""
        most: int | None = self.ceiling_debit if self.proposed_debit is None else self.proposed_debit
        return most

    @property
    def shown(self) -> int | None:
        """Minor units: the most that the payer pays from now on, as their page shows it. No more is ordered."""
        return None if self.most_debit is None else self.most_debit - self.committed_debit

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_REQUESTS
