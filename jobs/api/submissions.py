"""`/api/submissions`: what selected workers hand in, and whether it is accepted."""

from datetime import datetime
from typing import Annotated, Final

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from jobs import decisions
from jobs.api import work
from jobs.api.work import NUMBER, After, Limit, Number, PathNumber
from jobs.intake.submissions import SubmissionIntake
from jobs.models import Submission
from payments.api.keys import key_of
from payments.api.leading_on import leads_to
from payments.api.once import once
from payments.api.problems import PROBLEMS

READS: Final = work.reads("jobs.view_submission")
ADDS: Final = work.writes("jobs.add_submission")
CHANGES: Final = work.writes("jobs.change_submission")
NAMES: Final = {"application": "applicationId"}
GOES_ON: Final = (
    "jobs_api_submissions_show_submission",
    "jobs_api_submissions_accept_work",
    "jobs_api_submissions_reject_work",
)
router = Router(tags=["submissions"])


class SubmissionIn(Schema):
    """A text, a link, or both. Files are put somewhere else, and linked."""

    applicationId: Number  # noqa: N815 - as programs write it
    text: str = ""
    link: str = Field("", max_length=1000)


class SubmissionOut(Schema):
    """`status` is pending, accepted or rejected."""

    id: str
    applicationId: str  # noqa: N815
    text: str
    link: str
    hasFile: bool  # noqa: N815
    status: str
    createdAt: datetime  # noqa: N815


class SubmissionsPage(Schema):
    """Newest first. `next` is the `after` of the next page; null on the last."""

    submissions: list[SubmissionOut]
    next: str | None


OfApplication = Annotated[str | None, Query(None, pattern=NUMBER)]


@router.get(
    "/api/submissions",
    auth=READS,
    response={200: SubmissionsPage, **PROBLEMS},
    openapi_extra=leads_to("submission_id", "submissions/0/id", *GOES_ON),
)
def list_submissions(
    request: HttpRequest,  # noqa: ARG001
    limit: Limit,
    after: After,
    applicationId: OfApplication,  # noqa: N803
) -> SubmissionsPage:
    """All submissions, or those of one application."""
    rows = Submission.objects.filter(application=int(applicationId)) if applicationId else Submission.objects.all()
    shown, more = work.page(rows, limit, after)
    return SubmissionsPage(submissions=[_told(row) for row in shown], next=more)


@router.get("/api/submissions/{submission_id}", auth=READS, response={200: SubmissionOut, **PROBLEMS})
def show_submission(request: HttpRequest, submission_id: PathNumber) -> SubmissionOut:  # noqa: ARG001
    """One of them."""
    return _told(work.one(Submission.objects.all(), submission_id))


@router.post(
    "/api/submissions",
    auth=ADDS,
    response={200: SubmissionOut, **PROBLEMS},
    openapi_extra=leads_to("submission_id", "id", *GOES_ON),
)
@once
def hand_in(request: HttpRequest, told: SubmissionIn) -> SubmissionOut:
    """A worker who is selected hands in."""
    given = {"application": told.applicationId, "text": told.text, "link": told.link}
    return _told(work.make(request, SubmissionIntake, given, NAMES))


@router.post("/api/submissions/{submission_id}/accept", auth=CHANGES, response={200: SubmissionOut, **PROBLEMS})
@once
def accept_work(request: HttpRequest, submission_id: PathNumber) -> SubmissionOut:
    """The worker is owed the budget. What the funder approved beforehand for this work is paid now."""
    row, by = work.one(Submission.objects.all(), submission_id), key_of(request).acts_for
    return _told(work.decide(request, "submission", row, lambda: decisions.accept_submission(row.pk, by=by)))


@router.post("/api/submissions/{submission_id}/reject", auth=CHANGES, response={200: SubmissionOut, **PROBLEMS})
@once
def reject_work(request: HttpRequest, submission_id: PathNumber) -> SubmissionOut:
    """The worker may hand in again, as long as the job takes work."""
    row, by = work.one(Submission.objects.all(), submission_id), key_of(request).acts_for
    return _told(work.decide(request, "submission", row, lambda: decisions.reject_submission(row.pk, by=by)))


def _told(row: Submission) -> SubmissionOut:
    return SubmissionOut(
        id=str(row.pk),
        applicationId=str(row.application_id),
        text=row.text,
        link=row.link,
        hasFile=bool(row.file),
        status=row.status,
        createdAt=row.created_at,
    )
