"""What work and money make of a job: one idempotent function; its table is in `jobs.lifecycle`.

It is called when a payment moved, when a decision was made, and by the sweep: any number of times, late, all at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from jobs import job_payments, lifecycle
from jobs.models import Application, ApplicationStatus, Job, JobFunding, Payout, SubmissionStatus
from ledger import clock
from ledger.api import Actor, record
from payments.openpayments.amounts import Amount
from payments.states import PAID, PAID_REQUESTS

ACTOR = Actor.system("jobs")


@dataclass(frozen=True)
class Worker:
    """A selected worker, as far as the job's status depends on them."""

    handed_in: bool  # has work that is not rejected
    accepted: bool
    paid: bool  # all of the budget: settled at their own wallet, or outside the wallets with two people's word


@dataclass(frozen=True)
class Facts:
    funding_settled: bool
    workers: tuple[Worker, ...]  # the selected ones
    wanted: int
    others_wait: bool  # somebody applied, and nobody has decided on them
    apply_over: bool
    hand_in_over: bool
    all_over: bool  # the job's last day has passed
    bound: bool  # its money is open or paid: it never expires by itself

    @classmethod
    def of(cls, job: Job) -> Facts:
        """Costs the same few queries however many workers there are; `bound` is asked for once a deadline passed."""
        settled = job.fundings.filter(active=True, request__state__in=PAID_REQUESTS).exists()
        selected = job.applications.filter(status=ApplicationStatus.SELECTED)
        workers = selected.prefetch_related(*job_payments.PREFETCHED)
        all_over = _passed(job.expires_at)
        apply_over, hand_in_over = all_over or _passed(job.recruit_deadline), all_over or _passed(job.submit_deadline)
        return cls(
            funding_settled=settled,
            workers=tuple(_worker(each, job.budget) for each in workers),
            wanted=job.workers_wanted,
            others_wait=job.applications.filter(status=ApplicationStatus.PENDING).exists(),
            apply_over=apply_over,
            hand_in_over=hand_in_over,
            all_over=all_over,
            bound=(apply_over or hand_in_over) and job_payments.binding_payment(job) is not None,
        )

    def every(self, fact: Callable[[Worker], bool]) -> bool:
        """There are selected workers, and it is true of all of them."""
        return bool(self.workers) and all(map(fact, self.workers))

    @property
    def anybody_came(self) -> bool:
        return self.others_wait or bool(self.workers)

    @property
    def work_in_play(self) -> bool:
        return any(worker.handed_in for worker in self.workers)

    @property
    def is_funded(self) -> bool:
        return self.funding_settled or self.every(lambda worker: worker.paid)


def _passed(deadline: datetime | None) -> bool:
    return deadline is not None and deadline <= clock.now()


def _worker(application: Application, budget: Amount) -> Worker:
    statuses = {submission.status for submission in application.submissions.all()}
    return Worker(
        handed_in=bool(statuses - {SubmissionStatus.REJECTED}),
        accepted=SubmissionStatus.ACCEPTED in statuses,
        paid=job_payments.remaining_of(budget, application).is_zero,
    )


#: In this order: the first whose status and condition hold makes its move, then it starts again.
DERIVED: dict[str, Callable[[Facts], bool]] = {
    "funded_work": lambda facts: facts.funding_settled and bool(facts.workers),
    "funding_settled": lambda facts: facts.funding_settled,
    "workers_found": lambda facts: len(facts.workers) >= facts.wanted,
    "nobody_selected": lambda facts: facts.all_over and not facts.workers and not facts.bound,
    "recruiting_over": lambda facts: facts.apply_over and facts.anybody_came,
    "nobody_came": lambda facts: facts.apply_over and not facts.anybody_came and not facts.bound,
    "all_accepted_paid": lambda facts: facts.every(lambda worker: worker.accepted and worker.paid),
    "all_handed_in": lambda facts: facts.every(lambda worker: worker.handed_in),
    "handing_in_over": lambda facts: facts.hand_in_over and facts.work_in_play,
    "work_missing": lambda facts: not facts.every(lambda worker: worker.handed_in) and not facts.hand_in_over,
    "nothing_handed_in": lambda facts: facts.hand_in_over and not facts.work_in_play and not facts.bound,
    "nothing_accepted": lambda facts: facts.all_over and not facts.work_in_play and not facts.bound,
}


def sync_job(job_id: int) -> None:
    """Lock the job and derive its status."""
    with transaction.atomic():
        sync_locked(lifecycle.lock_job(job_id))


def sync_locked(job: Job) -> None:
    """Derive the status of a job that the caller's transaction has locked (`lifecycle.lock_job`)."""
    _settle(job)
    _release(job)
    facts = Facts.of(job)
    if facts.is_funded != job.is_funded:
        _set_funded(job, funded=facts.is_funded)
    while event := _due(job, facts):
        lifecycle.move(job, event, ACTOR)


def _due(job: Job, facts: Facts) -> str | None:
    for event, holds in DERIVED.items():
        if job.status in lifecycle.MOVES[event].sources and holds(facts):
            return event
    return None


def _set_funded(job: Job, *, funded: bool) -> None:
    Job.objects.filter(pk=job.pk).update(is_funded=funded)
    job.is_funded = funded
    kind = "job.funded" if funded else "job.unfunded"
    record(kind, actor=ACTOR, subjects={"job": str(job.pk)}, data={})


def _settle(job: Job) -> None:
    """Whoever was paid can be asked for again, should more be owed."""
    paid = Payout.objects.filter(application__job=job, active=True, paid=False, payment__state__in=PAID)
    for payout in paid.order_by("pk"):
        Payout.objects.filter(pk=payout.pk).update(paid=True, changed_at=clock.now())
        subjects = {"job": str(job.pk), "payout": str(payout.pk), "application": str(payout.application_id)}
        record("job.worker_paid", actor=ACTOR, subjects={**subjects, "payment": payout.payment_id}, data={})


def _release(job: Job) -> None:
    """Put money links out of use whose request or payment ended for good without money."""
    for funding in job.fundings.filter(active=True).select_related("request"):
        if job_payments.request_is_dead(funding.request):
            _put_out_of_use(funding, job, {"request": funding.request_id})
    active = Payout.objects.filter(application__job=job, active=True, paid=False)
    active = active.select_related("payment__request", "application")
    for payout in active:
        if payout.payment.is_dead:
            subjects = {"request": payout.payment.request_id, "payment": payout.payment_id}
            _put_out_of_use(payout, job, {**subjects, "application": str(payout.application_id)})


def _put_out_of_use(link: JobFunding | Payout, job: Job, subjects: dict[str, str]) -> None:
    type(link).objects.filter(pk=link.pk, active=True).update(active=False, changed_at=clock.now())
    subjects |= {"job": str(job.pk), job_payments.subject_of(link): str(link.pk)}
    record("job.money_released", actor=ACTOR, subjects=subjects, data={})


def jobs_of(request_id: str) -> list[int]:
    """The jobs that a payment request has to do with."""
    funded = JobFunding.objects.filter(request=request_id).values_list("job_id", flat=True)
    paid = Payout.objects.filter(payment__request=request_id).values_list("application__job_id", flat=True)
    return sorted({*funded, *paid})
