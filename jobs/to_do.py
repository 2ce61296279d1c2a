"""What of the jobs that go on waits for staff. Reads only; every question begins with the few jobs that go on."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from jobs import deadlines, job_payments, payables
from jobs.deadlines import AWAKE
from jobs.find_work import Unasked
from jobs.models import (
    Application,
    ApplicationStatus,
    Job,
    JobFunding,
    JobStatus,
    Member,
    OutsidePayout,
    Payout,
    Submission,
    SubmissionStatus,
)
from payments.models import OutsidePaymentState, PaymentRequest, WalletAddress
from payments.states import PAID, RequestState

#: Of a request that ended without its money, and that staff may ask for once more.
ENDED: Final = (RequestState.DECLINED, RequestState.EXPIRED, RequestState.FAILED)


class Held(Enum):
    """What a seller holds for a job, to pay its workers from."""

    NOTHING = auto()
    ASKED = auto()
    THERE = auto()


def ready_jobs() -> QuerySet[Job]:
    """Jobs with a worker who is ready to be paid; `since` the first of their work was accepted."""
    ready = ready_to_pay(Application.objects.filter(job=OuterRef("pk")))
    accepted = Submission.objects.filter(application__job=OuterRef("pk"), status=SubmissionStatus.ACCEPTED)
    found = _going_on().filter(Exists(ready)).annotate(since=_first(accepted, "changed_at"))
    return found.select_related("funder__wallet").order_by("since", "pk")


def ready_workers(found: Sequence[Job]) -> dict[int, list[Unasked]]:
    """Who of each job is ready to be paid, and how much, by the job's key."""
    told: dict[int, list[Unasked]] = defaultdict(list)
    applications = ready_to_pay(Application.objects.filter(job__in=[job.pk for job in found]))
    for row in payables.with_money(applications).order_by("created_at", "pk"):
        told[row.job_id].append(Unasked(row, job_payments.remaining_of(row.job.budget, row), accepted=True))
    return told


def held_for(found: Sequence[Job]) -> dict[int, Held]:
    """What a seller holds for each job, by the job's key."""
    rows = JobFunding.objects.filter(job__in=[job.pk for job in found], active=True).select_related("request")
    held = {row.job_id: Held.THERE if row.request.state == RequestState.SETTLED else Held.ASKED for row in rows}
    return {job.pk: held.get(job.pk, Held.NOTHING) for job in found}


def work_to_review() -> QuerySet[Submission]:
    waiting = Submission.objects.filter(status=SubmissionStatus.PENDING, application__status=ApplicationStatus.SELECTED)
    about = waiting.filter(application__job__status__in=AWAKE)
    return about.select_related("application__worker", "application__job").order_by("created_at", "pk")


def applicants_to_choose() -> QuerySet[Job]:
    """Jobs that want more workers than were selected, and that somebody applied for; `since` the first of them did."""
    pending = Application.objects.filter(job=OuterRef("pk"), status=ApplicationStatus.PENDING)
    chosen = Count("applications", filter=Q(applications__status=ApplicationStatus.SELECTED))
    applied = Count("applications", filter=Q(applications__status=ApplicationStatus.PENDING))
    open_ones = Job.objects.filter(status__in=(JobStatus.RECRUITING, JobStatus.SELECTING)).filter(Exists(pending))
    found = open_ones.annotate(chosen=chosen, applied=applied, since=_first(pending, "created_at"))
    return found.filter(chosen__lt=F("workers_wanted")).select_related("funder").order_by("since", "pk")


def ended_requests() -> QuerySet[PaymentRequest]:
    """Requests that ended without their money, for work that goes on, and that nobody asked for again since."""
    later = Payout.objects.filter(application=OuterRef("application"), pk__gt=OuterRef("pk"))
    payouts = Payout.objects.filter(
        ~Exists(later), active=False, application__status=ApplicationStatus.SELECTED, application__job__status__in=AWAKE
    )
    later_funding = JobFunding.objects.filter(job=OuterRef("job"), pk__gt=OuterRef("pk"))
    held = JobFunding.objects.filter(~Exists(later_funding), active=False, job__status__in=AWAKE)
    # United, they are asked for from the few jobs that go on; an OR would look at every request that ever ended.
    mine = payouts.order_by().values("payment__request").union(held.order_by().values("request"))
    return PaymentRequest.objects.filter(pk__in=mine, state__in=ENDED).order_by("finished_at", "pk")


def jobs_of(requests: Sequence[PaymentRequest]) -> dict[str, int]:
    """One job of each request, by the request's key: its own page shows all."""
    keys = [request.pk for request in requests]
    held = JobFunding.objects.filter(request__in=keys).values_list("request", "job")
    paid = Payout.objects.filter(payment__request__in=keys).values_list("payment__request", "application__job")
    return {**dict(held), **dict(paid)}


def overdue(now: datetime) -> QuerySet[Job]:
    """Jobs whose deadline passed and that nothing moves on: whose last day is longest ago comes first."""
    return _going_on().filter(deadlines.overdue(now)).select_related("funder").order_by("expires_at", "pk")


def wallets_in_the_way() -> QuerySet[WalletAddress]:
    """Wallets of members that have a problem: nothing can be paid from them, or to them, until it is solved."""
    used = Member.objects.filter(wallet=OuterRef("pk"))
    found = WalletAddress.objects.filter(Exists(used), problem__gt="")
    return found.prefetch_related("members").order_by("checked_at", "pk")


def _going_on() -> QuerySet[Job]:
    return Job.objects.filter(status__in=AWAKE)


def _first(rows: QuerySet[Application] | QuerySet[Submission], column: str) -> Subquery:
    return Subquery(rows.order_by(column).values(column)[:1])


def ready_to_pay(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Selected, their work accepted, nothing under way or said to be paid, and less paid than their budget.

    Only what is counted in the job's own units is summed: where a part was paid in others, or outside the wallets, the
    rest is on the job's page, and not here.
    """
    accepted = Submission.objects.filter(application=OuterRef("pk"), status=SubmissionStatus.ACCEPTED)
    outside = OutsidePayout.objects.filter(application=OuterRef("pk"), outside__state=OutsidePaymentState.CONFIRMED)
    paid = Payout.objects.filter(application=OuterRef("pk"), payment__state__in=sorted(PAID))
    units = Q(payment__asset_scale=F("application__job__budget_scale"), payment__debit_scale=None)
    units |= Q(payment__debit_scale=F("application__job__budget_scale"))
    sums = paid.order_by().values("application").annotate(sum=Sum(Coalesce("payment__fixed_debit", "payment__value")))
    found = job_payments.unpaid(applications).filter(Exists(accepted), ~Exists(outside), ~Exists(paid.exclude(units)))
    found = found.annotate(paid_so_far=Subquery(sums.values("sum")))
    return found.filter(Q(paid_so_far=None) | Q(paid_so_far__lt=F("job__budget_value")))


def names(found: Iterable[Unasked], most: int) -> tuple[str, int]:
    """The first names, and how many more there are."""
    told = [one.application.worker.name for one in found]
    return ", ".join(told[:most]), max(0, len(told) - most)
