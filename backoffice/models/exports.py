"""Files that lists were exported to, and lists that are exported regularly."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import clock
from payments.identifiers import LENGTH
from payments.models.fields import Dated, Reasoned, ulid_field

#: The longest address of a list, in characters: what the browser of somebody who filters it sends.
LONGEST_QUERY = 4000


class ExportState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Being made")
    DONE = "done", _("Ready")
    FAILED = "failed", _("Failed")


EXPORT_MOVES: dict[str, set[str]] = {
    # Failed at once: whoever asked for it may no longer export.
    ExportState.QUEUED: {ExportState.RUNNING, ExportState.FAILED},
    # To itself: whoever was at it died, and it is begun anew.
    ExportState.RUNNING: {ExportState.RUNNING, ExportState.DONE, ExportState.FAILED},
    ExportState.DONE: set(),
    ExportState.FAILED: set(),
}


class FileFormat(models.TextChoices):
    XLSX = "xlsx", _("Excel (XLSX)")
    CSV = "csv", _("CSV")


class Often(models.TextChoices):
    DAILY = "daily", _("Every day: the day before")
    WEEKLY = "weekly", _("Every Monday: the week before")
    MONTHLY = "monthly", _("On the first of each month: the month before")


class Exported(Dated, Reasoned):
    """Which rows of which list, for whom, as what."""

    # As `payments.payment`: the model whose list it is.
    model = models.CharField(_("list"), max_length=64, editable=False)
    # The address of the list as the person had it: its filters, search and order, without its page.
    query = models.CharField(max_length=LONGEST_QUERY, blank=True, editable=False)
    format = models.CharField(_("format"), max_length=8, choices=FileFormat)
    language = models.CharField(_("language"), max_length=8, editable=False)

    class Meta:
        abstract = True


class RegularExport(Exported):
    """A list that is exported every day, week or month; those who get it are told by mail."""

    id = ulid_field(verbose_name=_("regular export"))
    often = models.CharField(_("how often"), max_length=8, choices=Often)
    # By which of the list's filters for days it takes those that are over; empty where it has none: then all of it.
    days = models.CharField(max_length=32, blank=True, editable=False)
    # As whom it is made: with their permissions.
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("set up by"), on_delete=models.PROTECT, related_name="+"
    )
    receivers = models.ManyToManyField(settings.AUTH_USER_MODEL, verbose_name=_("who gets it"), related_name="+")
    next_at = models.DateTimeField(_("next"), db_index=True)
    errors = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, editable=False)

    class Meta:
        verbose_name = _("regular export")
        verbose_name_plural = _("regular exports")
        ordering = ["-created_at", "-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.id)


class Export(Exported):
    """One file, made once. What is in it is the list at one moment, `as_of`."""

    id = ulid_field(verbose_name=_("export"))
    state = models.CharField(_("state"), max_length=16, choices=ExportState, default=ExportState.QUEUED, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked for by"), on_delete=models.PROTECT, related_name="+"
    )
    regular = models.ForeignKey(
        RegularExport, verbose_name=_("regular export"), on_delete=models.PROTECT, null=True, related_name="exports"
    )
    # Of the form that asked for it: pressed twice, it is one export.
    form_id = models.CharField(max_length=40, unique=True, null=True, editable=False)  # noqa: DJ001 - unique, or none
    # How often it was begun; whoever began an earlier time writes nothing any more.
    attempt = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    rows_expected = models.PositiveBigIntegerField(_("rows expected"), default=0, editable=False)
    rows = models.PositiveBigIntegerField(_("rows"), default=0, editable=False)
    as_of = models.DateTimeField(_("as of"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    expires_at = models.DateTimeField(_("can be downloaded until"), null=True, db_index=True, editable=False)
    # Of the file: its name in the private folder, its bytes, their SHA-256 in hexadecimal.
    file = models.CharField(max_length=LENGTH + 16, blank=True, editable=False)
    size = models.PositiveBigIntegerField(_("bytes"), default=0, editable=False)
    digest = models.CharField(_("SHA-256"), max_length=64, blank=True, editable=False)
    # Control totals: of each column with amounts, what it comes to in each currency.
    totals = models.JSONField(_("control totals"), default=list, editable=False)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-created_at", "-id"]
        default_permissions = ()
        indexes = [models.Index(fields=["state", "lease_until"])]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_over(self) -> bool:
        """Its file is no longer given out."""
        return self.expires_at is not None and self.expires_at <= clock.now()

    @property
    def percent(self) -> int:
        """How much of it is made; never all of it before it is done."""
        if self.state == ExportState.DONE:
            return 100
        return min(99, self.rows * 100 // self.rows_expected) if self.rows_expected else 0
