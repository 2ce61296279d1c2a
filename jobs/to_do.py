"""What of the jobs that go on waits for staff. Reads only; every question begins with the few jobs that go on."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

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
from jobs.paid_so_far import not_all_paid
from payments.models import OutsidePaymentState, PaymentRequest, Refund, StandingBudget, WalletAddress
from payments.states import RequestState

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
    """Requests that ended without their money, that are still wanted, and that nobody asked for again since.

    Of work and funders' budgets while the work goes on, and it was not paid in another way; of refunds the last one.
    """
    # United, work's are asked for from the few jobs that go on; an OR would look at every request that ever ended.
    first, *others = (
        _ended_payouts().values("payment__request"),
        _ended_fundings().values("request"),
        _ended_refunds().values("payment__request"),
        _ended_budgets().values("request"),
    )
    mine = first.union(*others)
    return PaymentRequest.objects.filter(pk__in=mine, state__in=ENDED).order_by("finished_at", "pk")


def _ended_payouts() -> QuerySet[Payout]:
    later = Payout.objects.filter(application=OuterRef("application"), pk__gt=OuterRef("pk"))
    said = OutsidePayout.objects.filter(
        application=OuterRef("application"),
        outside__state__in=(OutsidePaymentState.WAITING, OutsidePaymentState.CONFIRMED),
        created_at__gt=OuterRef("created_at"),
    )
    wanted = {"application__status": ApplicationStatus.SELECTED, "application__job__status__in": AWAKE}
    return Payout.objects.order_by().filter(~Exists(later), ~Exists(said), active=False, **wanted)


def _ended_fundings() -> QuerySet[JobFunding]:
    later = JobFunding.objects.filter(job=OuterRef("job"), pk__gt=OuterRef("pk"))
    direct = Payout.objects.filter(application__job=OuterRef("job"), created_at__gt=OuterRef("created_at"))
    return JobFunding.objects.order_by().filter(~Exists(later), ~Exists(direct), active=False, job__status__in=AWAKE)


def _ended_refunds() -> QuerySet[Refund]:
    later = Refund.objects.filter(of=OuterRef("of"), pk__gt=OuterRef("pk"))
    return Refund.objects.order_by().filter(~Exists(later), payment__request__state__in=ENDED)


def _ended_budgets() -> QuerySet[StandingBudget]:
    """Never approved, of funders of jobs that go on: for nobody else there is anything to pay from one."""
    parties = {f"request__{name}": OuterRef(f"request__{name}") for name in ("payer_wallet", "seller")}
    later = StandingBudget.objects.filter(**parties, created_at__gt=OuterRef("created_at"))
    funders = _going_on().order_by().values("funder__wallet")
    return StandingBudget.objects.order_by().filter(
        ~Exists(later), request__payer_wallet__in=funders, request__state__in=ENDED, request__approved_at=None
    )


def jobs_of(requests: Sequence[PaymentRequest]) -> dict[str, int]:
    """One job of each request for work, by the request's key: its own page shows all."""
    keys = [request.pk for request in requests]
    held = JobFunding.objects.filter(request__in=keys).values_list("request", "job")
    paid = Payout.objects.filter(payment__request__in=keys).values_list("payment__request", "application__job")
    return {**dict(held), **dict(paid)}


def refunded_by(requests: Sequence[PaymentRequest]) -> dict[str, str]:
    """The payment that each request for a refund was to give back, by the request's key."""
    found = Refund.objects.filter(payment__request__in=[request.pk for request in requests])
    return dict(found.values_list("payment__request", "of"))


def budgets_of(requests: Sequence[PaymentRequest]) -> dict[str, str]:
    """The standing budget that each request was to have approved, by the request's key."""
    found = StandingBudget.objects.filter(request__in=[request.pk for request in requests])
    return dict(found.values_list("request", "pk"))


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

    However it was paid, and in whichever units: as `remaining_of` tells it.
    """
    accepted = Submission.objects.filter(application=OuterRef("pk"), status=SubmissionStatus.ACCEPTED)
    return not_all_paid(job_payments.unpaid(applications).filter(Exists(accepted)))


def names(found: Iterable[Unasked], most: int) -> tuple[str, int]:
    """The first names, and how many more there are."""
    told = [one.application.worker.name for one in found]
    return ", ".join(told[:most]), max(0, len(told) - most)
