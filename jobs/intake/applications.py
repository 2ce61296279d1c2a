"""Applications: a member offers to do a job, once."""

from collections.abc import Mapping
from typing import Any

from jobs import decisions, lifecycle
from jobs.intake.rows import IntakeForm
from jobs.models import Application, JobStatus
from jobs.reasons import JobRefusal


class ApplicationIntake(IntakeForm[Application]):
    """It is never changed, only decided on."""

    subject = "application"

    class Meta:
        model = Application
        fields = ["job", "worker"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        job = cleaned.get("job")
        if job and self.is_new:
            status = lifecycle.lock_job(job.pk).status
            if status not in decisions.SELECTABLE:
                self.refuse("job", JobRefusal("job_not_now", status=str(JobStatus(status).label)))
        return cleaned

    def subjects(self) -> Mapping[str, str]:
        return {"job": str(self.instance.job_id), "member": str(self.instance.worker_id)}

    def names(self) -> Mapping[str, str]:
        return {"worker": self.instance.worker.name}
