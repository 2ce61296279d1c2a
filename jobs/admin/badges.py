"""States as coloured words, the same in every list and on every page."""

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jobs.deadlines import overdue_since
from jobs.job_payments import money_status
from jobs.models import Application, ApplicationStatus, Job, JobStatus, Submission, SubmissionStatus

JOB_LABELS = {
    JobStatus.DRAFT: "default",
    JobStatus.RECRUITING: "info",
    JobStatus.SELECTING: "info",
    JobStatus.SUBMITTING: "primary",
    JobStatus.REVIEWING: "primary",
    JobStatus.COMPLETE: "success",
    JobStatus.EXPIRED: "warning",
    JobStatus.CANCELED: "warning",
}
APPLICATION_LABELS = {
    ApplicationStatus.PENDING: "info",
    ApplicationStatus.SELECTED: "success",
    ApplicationStatus.REJECTED: "default",
}
SUBMISSION_LABELS = {
    SubmissionStatus.PENDING: "info",
    SubmissionStatus.ACCEPTED: "success",
    SubmissionStatus.REJECTED: "warning",
}


def badge(text: str, colour: str) -> SafeString:
    """`text`, escaped, in one of the label colours."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


def job_badge(job: Job) -> SafeString:
    status = JobStatus(job.status)
    shown = badge(str(status.label), JOB_LABELS[status])
    if overdue_since(job):
        return format_html("{} {}", shown, badge(str(_("Overdue")), "danger"))
    return shown


def application_badge(application: Application) -> SafeString:
    status = ApplicationStatus(application.status)
    return badge(str(status.label), APPLICATION_LABELS[status])


def submission_badge(submission: Submission) -> SafeString:
    status = SubmissionStatus(submission.status)
    return badge(str(status.label), SUBMISSION_LABELS[status])


def money_badge(application: Application) -> SafeString:
    """Reads the application's payouts and their payments: prefetch them for lists."""
    status = money_status(application)
    return badge(str(status.label), status.tone)
