"""`/api/applications`: who offers to do a job, and whether they are selected."""

from datetime import datetime
from typing import Annotated, Final

from django.http import HttpRequest
from ninja import Query, Router, Schema

from jobs import decisions
from jobs.api import work
from jobs.api.work import NUMBER, After, Limit, Number, PathNumber
from jobs.intake.applications import ApplicationIntake
from jobs.models import Application
from payments.api.keys import key_of
from payments.api.leading_on import leads_to
from payments.api.once import once
from payments.api.problems import PROBLEMS

READS: Final = work.reads("jobs.view_application")
ADDS: Final = work.writes("jobs.add_application")
CHANGES: Final = work.writes("jobs.change_application")
NAMES: Final = {"job": "jobId", "worker": "workerId"}
GOES_ON: Final = (
    "jobs_api_applications_show_application",
    "jobs_api_applications_select_worker",
    "jobs_api_applications_reject_worker",
)
router = Router(tags=["applications"])


class ApplicationIn(Schema):
    """A member applies for a job once."""

    jobId: Number  # noqa: N815 - as programs write it
    workerId: Number  # noqa: N815


class ApplicationOut(Schema):
    """`status` is pending, selected or rejected."""

    id: str
    jobId: str  # noqa: N815
    workerId: str  # noqa: N815
    status: str
    createdAt: datetime  # noqa: N815


class ApplicationsPage(Schema):
    """Newest first. `next` is the `after` of the next page; null on the last."""

    applications: list[ApplicationOut]
    next: str | None


OfJob = Annotated[str | None, Query(None, pattern=NUMBER)]


@router.get(
    "/api/applications",
    auth=READS,
    response={200: ApplicationsPage, **PROBLEMS},
    openapi_extra=leads_to("application_id", "applications/0/id", *GOES_ON),
)
def list_applications(request: HttpRequest, limit: Limit, after: After, jobId: OfJob) -> ApplicationsPage:  # noqa: ARG001, N803
    """All applications, or those for one job."""
    rows = Application.objects.filter(job=int(jobId)) if jobId else Application.objects.all()
    shown, more = work.page(rows, limit, after)
    return ApplicationsPage(applications=[_told(row) for row in shown], next=more)


@router.get("/api/applications/{application_id}", auth=READS, response={200: ApplicationOut, **PROBLEMS})
def show_application(request: HttpRequest, application_id: PathNumber) -> ApplicationOut:  # noqa: ARG001
    """One of them."""
    return _told(work.one(Application.objects.all(), application_id))


@router.post(
    "/api/applications",
    auth=ADDS,
    response={200: ApplicationOut, **PROBLEMS},
    openapi_extra=leads_to("application_id", "id", *GOES_ON),
)
@once
def apply_for(request: HttpRequest, told: ApplicationIn) -> ApplicationOut:
    """A member applies for a job that is published."""
    given = {"job": told.jobId, "worker": told.workerId}
    return _told(work.make(request, ApplicationIntake, given, NAMES))


@router.post("/api/applications/{application_id}/select", auth=CHANGES, response={200: ApplicationOut, **PROBLEMS})
@once
def select_worker(request: HttpRequest, application_id: PathNumber) -> ApplicationOut:
    """They are to do the job; they are told by email, as from the back office."""
    row, by = work.one(Application.objects.all(), application_id), key_of(request).acts_for
    return _told(work.decide(request, "application", row, lambda: decisions.select(row.pk, by=by)))


@router.post("/api/applications/{application_id}/reject", auth=CHANGES, response={200: ApplicationOut, **PROBLEMS})
@once
def reject_worker(request: HttpRequest, application_id: PathNumber) -> ApplicationOut:
    """They are not, or no longer. A payment that waits for their work is called off."""
    row, by = work.one(Application.objects.all(), application_id), key_of(request).acts_for
    return _told(work.decide(request, "application", row, lambda: decisions.reject(row.pk, by=by)))


def _told(row: Application) -> ApplicationOut:
    return ApplicationOut(
        id=str(row.pk), jobId=str(row.job_id), workerId=str(row.worker_id), status=row.status, createdAt=row.created_at
    )
