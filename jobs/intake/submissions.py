"""Submissions: what a selected worker hands in. It may be changed until somebody decides on it."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.forms import Field
from django.utils.translation import gettext_lazy as _

from jobs import lifecycle
from jobs.derive_status import sync_job
from jobs.intake.rows import IntakeForm
from jobs.models import Application, ApplicationStatus, JobStatus, Submission
from jobs.reasons import JobRefusal

LARGEST_FILE = 25 * 1024 * 1024  # bytes
CONTENT = ("text", "link", "file")


def _field(column: "models.Field[Any, Any]", **options: Any) -> Field | None:
    if isinstance(column, models.URLField):
        options["assume_scheme"] = "https"
    return column.formfield(**options)


class SubmissionIntake(IntakeForm[Submission]):
    subject = "submission"

    class Meta:
        model = Submission
        fields = ["application", *CONTENT]
        formfield_callback = _field

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if set(CONTENT) & set(self.fields) and not any(cleaned.get(name) for name in CONTENT):
            words = _("Add a text, a link or a file: there is nothing to review yet.")
            raise ValidationError(words, code="nothing_handed_in")
        application = cleaned.get("application")
        if application and self.is_new:
            self._check_application(application)
        return cleaned

    def clean_file(self) -> Any:
        file = self.cleaned_data.get("file")
        # Not of one that was kept before: it may be lost.
        if isinstance(file, UploadedFile) and (file.size or 0) > LARGEST_FILE:
            raise ValidationError(_("The file is larger than 25 MB. Put it somewhere else, and add its link."))
        return file

    def _check_application(self, application: Application) -> None:
        status = lifecycle.lock_job(application.job_id).status
        if application.status != ApplicationStatus.SELECTED:
            self.refuse("application", JobRefusal("worker_not_selected", name=application.worker.name))
        elif status in lifecycle.OVER or status == JobStatus.DRAFT:
            self.refuse("application", JobRefusal("job_not_now", status=str(JobStatus(status).label)))

    def keep(self, *, by: User) -> Submission:
        submission = super().keep(by=by)
        sync_job(submission.application.job_id)
        return submission

    def subjects(self) -> Mapping[str, str]:
        application = self.instance.application
        return {
            "job": str(application.job_id),
            "application": str(application.pk),
            "member": str(application.worker_id),
        }

    def names(self) -> Mapping[str, str]:
        return {"worker": self.instance.application.worker.name}
