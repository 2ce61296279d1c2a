"""Jobs: what is to be done, for whom, and what each worker gets for it."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from jobs.models.members import Member
from payments.models import Seller
from payments.models.fields import Dated, asset_code_field, asset_scale_field, value_field
from payments.openpayments.amounts import Amount, Asset

MOST_WORKERS = 1000


class JobStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    RECRUITING = "recruiting", _("Recruiting")
    SELECTING = "selecting", _("Selecting")
    SUBMITTING = "submitting", _("Submitting")
    REVIEWING = "reviewing", _("Reviewing")
    COMPLETE = "complete", _("Complete")
    EXPIRED = "expired", _("Expired")
    CANCELED = "canceled", _("Canceled")


class Deliverable(models.TextChoices):
    TEXT = "text", _("Text")
    AUDIO = "audio", _("Audio")
    VIDEO = "video", _("Video")
    IMAGE = "image", _("Image")
    OTHER = "other", _("Other")


class AmountSide(models.TextChoices):
    """Whose side of the payment the budget is exact on. Between currencies only one side can be."""

    RECEIVE = "receive", _("Each worker gets exactly the budget")
    DEBIT = "debit", _("The funder pays exactly the budget for each worker")


class Job(Dated):
    """One piece of work. The budget is for each worker; `status` is moved only by `jobs.lifecycle`."""

    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    reference = models.CharField(
        _("reference"), max_length=200, blank=True, help_text=_("Purchase order, grant code … The funder sees it.")
    )
    target_language = models.CharField(
        _("target language"), max_length=100, blank=True, help_text=_("For example: Nahuatl of the Huasteca.")
    )
    deliverable_types = models.JSONField(_("deliverables"), default=list, blank=True)
    funder = models.ForeignKey(Member, verbose_name=_("funder"), on_delete=models.PROTECT, related_name="funded_jobs")
    seller = models.ForeignKey(
        Seller,
        verbose_name=_("seller"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="jobs",
        help_text=_("The account of ours that asks for the money. Empty: the default seller."),
    )
    budget_value = value_field(verbose_name=_("budget per worker"))
    budget_code = asset_code_field()
    budget_scale = asset_scale_field()
    amount_side = models.CharField(
        _("what is exact"),
        max_length=8,
        choices=AmountSide,
        default=AmountSide.RECEIVE,
        help_text=_(
            "If each worker gets exactly the budget, their wallets must be in its currency. If the funder pays exactly "
            "the budget, it is in the currency of the funder's wallet, the wallets' fees are taken from it, and each "
            "worker gets what the rest buys in the currency of their own wallet."
        ),
    )
    workers_wanted = models.PositiveIntegerField(
        _("workers wanted"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_WORKERS)]
    )
    recruit_deadline = models.DateTimeField(_("apply until"), null=True, blank=True)
    submit_deadline = models.DateTimeField(_("hand in until"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=JobStatus, default=JobStatus.DRAFT, editable=False, db_index=True
    )
    is_funded = models.BooleanField(
        _("funded"), default=False, editable=False, help_text=_("On once the money for this job has arrived.")
    )

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="job_newest"),
            models.Index(fields=["budget_code"], name="job_currency"),
            # By it a file knows a job.
            models.Index(fields=["reference"], name="job_reference"),
            # What the sweep looks at.
            models.Index(
                fields=["id"],
                condition=~models.Q(status__in=["complete", "expired", "canceled"]),
                name="job_unfinished",
            ),
        ]
        default_permissions = ("add", "change", "view")
        permissions = [("export_job", _("Can export jobs")), ("import_job", _("Can import jobs"))]

    def __str__(self) -> str:
        return self.title

    @property
    def budget(self) -> Amount:
        """What each worker gets; or, on the side of the funder, what is paid for each."""
        return Amount(self.budget_value, Asset(self.budget_code, self.budget_scale))
