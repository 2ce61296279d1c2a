"""Applications and submissions: who offered to do a job, and what they handed in."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from jobs.models.jobs import Job
from jobs.models.members import Member
from jobs.storage import submission_files
from payments.models.fields import Dated


class ApplicationStatus(models.TextChoices):
    PENDING = "pending", _("Pending")
    SELECTED = "selected", _("Selected")
    REJECTED = "rejected", _("Rejected")


class SubmissionStatus(models.TextChoices):
    PENDING = "pending", _("Pending")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")


#: A decision may be changed while the job goes on.
APPLICATION_MOVES: dict[str, set[str]] = {
    ApplicationStatus.PENDING: {ApplicationStatus.SELECTED, ApplicationStatus.REJECTED},
    ApplicationStatus.SELECTED: {ApplicationStatus.REJECTED},
    ApplicationStatus.REJECTED: {ApplicationStatus.SELECTED},
}
SUBMISSION_MOVES: dict[str, set[str]] = {
    SubmissionStatus.PENDING: {SubmissionStatus.ACCEPTED, SubmissionStatus.REJECTED},
    SubmissionStatus.ACCEPTED: {SubmissionStatus.REJECTED},
    SubmissionStatus.REJECTED: {SubmissionStatus.ACCEPTED},
}


class Application(Dated):
    """A member offers to do a job. `status` is moved only by `jobs.decisions`."""

    job = models.ForeignKey(Job, verbose_name=_("job"), on_delete=models.PROTECT, related_name="applications")
    worker = models.ForeignKey(Member, verbose_name=_("worker"), on_delete=models.PROTECT, related_name="applications")
    status = models.CharField(
        _("status"), max_length=16, choices=ApplicationStatus, default=ApplicationStatus.PENDING, editable=False
    )

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["created_at", "id"], name="application_newest")]
        default_permissions = ("add", "change", "view")
        permissions = [("import_application", _("Can import applications"))]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "worker"],
                name="one_application_per_job_and_worker",
                violation_error_code="application_exists",
                violation_error_message=_("This worker applied for this job already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.worker} · {self.job}"


class Submission(Dated):
    """Work handed in. `status` is moved only by `jobs.decisions`."""

    application = models.ForeignKey(
        Application, verbose_name=_("application"), on_delete=models.PROTECT, related_name="submissions"
    )
    text = models.TextField(_("text"), blank=True)
    link = models.URLField(_("link"), max_length=1000, blank=True)
    file = models.FileField(_("file"), upload_to="%Y/%m/", storage=submission_files, blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=SubmissionStatus, default=SubmissionStatus.PENDING, editable=False
    )

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="submission_newest"),
            models.Index(fields=["file"], condition=~models.Q(file=""), name="submission_file"),
        ]
        default_permissions = ("add", "change", "view")
        permissions = [("import_submission", _("Can import submissions"))]

    def __str__(self) -> str:
        return str(self.application)
