"""`/api/jobs`: what is to be done. The same things that are paid under `/offers/…`."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime, BeforeValidator, WithJsonSchema

from jobs import decisions, lifecycle, parse_amounts
from jobs.api import work
from jobs.api.changes import CHANGE_PROBLEMS, Change, Changeable, IfMatch, leads_to_change, tagged
from jobs.api.work import After, Limit, Number, PathNumber
from jobs.intake.jobs import JobIntake
from jobs.models import Job, JobStatus
from jobs.models.jobs import MOST_WORKERS
from payments.api.keys import key_of
from payments.api.leading_on import leads_to
from payments.api.once import once
from payments.api.problems import PROBLEMS

READS: Final = work.reads("jobs.view_job")
ADDS: Final = work.writes("jobs.add_job")
CHANGES: Final = work.writes("jobs.change_job")
NAMES: Final = {
    "target_language": "targetLanguage",
    "deliverable_types": "deliverables",
    "funder": "funderId",
    "seller": "sellerId",
    "budget_text": "budget",
    "currency": "assetCode",
    "amount_side": "amountSide",
    "workers_wanted": "workersWanted",
    "recruit_deadline": "recruitDeadline",
    "submit_deadline": "submitDeadline",
    "expires_at": "expiresAt",
}
#: What every calendar can say in every time zone. The document says so by a pattern: it knows no order of moments.
When = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC)),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": "^2[01][0-9]{2}-(0[1-9]|1[0-2])-"}),
]
GOES_ON: Final = ("jobs_api_jobs_show_job", "jobs_api_jobs_publish_job")


def _whole(given: object) -> object:
    """To JSON 1.0 is the integer 1, and true is none."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


Deliverable = Literal["text", "audio", "video", "image", "other"]
Budget = Annotated[str, Field(pattern=r"^[0-9]{1,19}(\.[0-9]{1,9})?$")]
Workers = Annotated[int, Field(strict=True, ge=1, le=MOST_WORKERS), BeforeValidator(_whole)]
router = Router(tags=["jobs"])


class JobIn(Schema):
    """`budget` is for each worker, in major units. Without `assetCode` or `sellerId`: what is usual for the funder."""

    title: str = Field(min_length=1, max_length=200)
    description: str = ""
    reference: str = Field("", max_length=200)
    targetLanguage: str = Field("", max_length=100)  # noqa: N815 - as programs write it
    deliverables: list[Deliverable] = Field(default=[], max_length=5)
    funderId: Number  # noqa: N815
    sellerId: str | None = Field(None, max_length=64)  # noqa: N815
    budget: Budget
    assetCode: str | None = Field(None, min_length=1, max_length=20)  # noqa: N815
    amountSide: Literal["receive", "debit"] = "receive"  # noqa: N815
    workersWanted: Workers = 1  # noqa: N815
    recruitDeadline: When | None = None  # noqa: N815
    submitDeadline: When | None = None  # noqa: N815
    expiresAt: When | None = None  # noqa: N815


class JobChange(Change):
    """Null takes a deadline away. Funder, currency and budget are fixed while, and once, money moves for it."""

    title: str = Field(default_factory=str, min_length=1, max_length=200)
    description: str = Field(default_factory=str)
    reference: str = Field(default_factory=str, max_length=200)
    targetLanguage: str = Field(default_factory=str, max_length=100)  # noqa: N815
    deliverables: list[Deliverable] = Field(default_factory=list, max_length=5)
    funderId: Number = Field(default_factory=str)  # noqa: N815
    sellerId: str | None = Field(default_factory=lambda: None, max_length=64)  # noqa: N815
    budget: Budget = Field(default_factory=str)
    assetCode: str = Field(default_factory=str, min_length=1, max_length=20)  # noqa: N815
    amountSide: Literal["receive", "debit"] = Field(default_factory=lambda: "receive")  # noqa: N815
    workersWanted: Workers = Field(default_factory=int)  # noqa: N815
    recruitDeadline: When | None = Field(default_factory=lambda: None)  # noqa: N815
    submitDeadline: When | None = Field(default_factory=lambda: None)  # noqa: N815
    expiresAt: When | None = Field(default_factory=lambda: None)  # noqa: N815


class JobOut(Schema):
    """`status` is derived from work and money; `isFunded` is true once the money for it has arrived."""

    id: str
    title: str
    description: str
    reference: str
    targetLanguage: str  # noqa: N815
    deliverables: list[str]
    funderId: str  # noqa: N815
    sellerId: str | None  # noqa: N815
    budget: str
    assetCode: str  # noqa: N815
    amountSide: str  # noqa: N815
    workersWanted: int  # noqa: N815
    recruitDeadline: datetime | None  # noqa: N815
    submitDeadline: datetime | None  # noqa: N815
    expiresAt: datetime | None  # noqa: N815
    status: str
    isFunded: bool  # noqa: N815


class JobsPage(Schema):
    """Newest first. `next` is the `after` of the next page; null on the last."""

    jobs: list[JobOut]
    next: str | None


Status = Annotated[JobStatus | None, Query(None)]
Reference = Annotated[str | None, Query(None, max_length=200)]


@router.get(
    "/api/jobs",
    auth=READS,
    response={200: JobsPage, **PROBLEMS},
    openapi_extra=leads_to("job_id", "jobs/0/id", *GOES_ON),
)
def list_jobs(request: HttpRequest, limit: Limit, after: After, status: Status, reference: Reference) -> JobsPage:  # noqa: ARG001
    """All jobs; or those in a status, or of a reference."""
    rows = Job.objects.all()
    if status:
        rows = rows.filter(status=status)
    if reference:
        rows = rows.filter(reference=reference.replace("\0", ""))
    shown, more = work.page(rows, limit, after)
    return JobsPage(jobs=[_told(row) for row in shown], next=more)


@router.get(
    "/api/jobs/{job_id}",
    auth=READS,
    response={200: JobOut, **PROBLEMS},
    openapi_extra=leads_to_change("job_id", "jobs_api_jobs_change_job"),
)
def show_job(request: HttpRequest, response: HttpResponse, job_id: PathNumber) -> JobOut:  # noqa: ARG001
    """One of them."""
    return tagged(response, _told(work.one(Job.objects.all(), job_id)))


@router.patch(
    "/api/jobs/{job_id}",
    auth=CHANGES,
    response={200: JobOut, **CHANGE_PROBLEMS},
    openapi_extra=leads_to_change("job_id", "jobs_api_jobs_change_job"),
)
def change_job(
    request: HttpRequest, response: HttpResponse, job_id: PathNumber, told: JobChange, if_match: IfMatch
) -> JobOut:
    """What is named, and as it was read. Other deadlines or numbers of workers may move its status."""
    row = work.one(Job.objects.all(), job_id)
    return tagged(response, _told(CHANGEABLE.change(request, row, if_match, told)))


@router.post(
    "/api/jobs", auth=ADDS, response={200: JobOut, **PROBLEMS}, openapi_extra=leads_to("job_id", "id", *GOES_ON)
)
@once
def add_job(request: HttpRequest, told: JobIn) -> JobOut:
    """A new one, as a draft."""
    names = {ours: theirs for ours, theirs in NAMES.items() if getattr(told, theirs) is not None}
    given = {ours: getattr(told, theirs) for ours, theirs in names.items()}
    given |= {"title": told.title, "description": told.description, "reference": told.reference}
    return _told(work.make(request, JobIntake, given, NAMES))


@router.post("/api/jobs/{job_id}/publish", auth=CHANGES, response={200: JobOut, **PROBLEMS})
@once
def publish_job(request: HttpRequest, job_id: PathNumber) -> JobOut:
    """Members may apply from now on."""
    job, by = work.one(Job.objects.all(), job_id), key_of(request).acts_for
    moved = work.decide(request, "job", job, lambda: decisions.move_job(job.pk, "publish", by=by, seen=job.status))
    return _told(moved)


def _told(row: Job) -> JobOut:
    return JobOut(
        id=str(row.pk),
        title=row.title,
        description=row.description,
        reference=row.reference,
        targetLanguage=row.target_language,
        deliverables=row.deliverable_types,
        funderId=str(row.funder_id),
        sellerId=row.seller_id,
        budget=parse_amounts.write(row.budget),
        assetCode=row.budget_code,
        amountSide=row.amount_side,
        workersWanted=row.workers_wanted,
        recruitDeadline=row.recruit_deadline,
        submitDeadline=row.submit_deadline,
        expiresAt=row.expires_at,
        status=row.status,
        isFunded=row.is_funded,
    )


CHANGEABLE: Final = Changeable(JobIntake, lifecycle.lock_job, _told, NAMES)
