"""The queue's work. Every task may run twice, late, and at once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django_q.tasks import async_task

from jobs import held_payments, lifecycle, monthly_statements
from jobs.deadlines import overdue
from jobs.derive_status import jobs_of, sync_job
from jobs.models import Job, JobFunding, Payout
from jobs.worker_mail import tell_troubles
from ledger import clock
from payments.models import Payment

#: The sweep repeats what a lost task should have done; older moves were swept before.
SWEEP_BACK: Final = timedelta(days=2)
#: Rows of one task of the sweep: the next ones are another's, so that each ends long before the queue's time-out.
SWEEP_AT_ONCE: Final = 200


def sync_request(request_id: str) -> None:
    """A payment request, or a payment of it, is over, or stopped on its way."""
    held_payments.settle_fee(request_id)
    for job_id in jobs_of(request_id):
        sync_job(job_id)
    tell_troubles(Payment.objects.filter(request=request_id))


def send_statements() -> None:
    """Daily: the statements of last month that were not sent yet."""
    monthly_statements.send_due()


def sweep() -> None:
    """Look again at every job that is not over, and whose money moved lately or whose deadline has passed.

    And at fees that wait for workers, and payments that stopped on their way. Of each kind the first are done here, the
    others in tasks of their own.
    """
    sweep_fees()
    sweep_jobs()
    sweep_troubles()


def sweep_fees(after: str = "") -> None:
    """Fees that wait, of payment requests whose ids come after `after`."""
    found = held_payments.unsettled_fees(after, SWEEP_AT_ONCE)
    for request_id in found:
        held_payments.settle_fee(request_id)
    _go_on("jobs.tasks.sweep_fees", found)


def sweep_jobs(after: int = 0) -> None:
    """Jobs that are not over and have a larger key than `after`."""
    unfinished = Job.objects.exclude(status__in=lifecycle.OVER).filter(pk__gt=after).order_by("pk")
    found = list(unfinished.values_list("pk", flat=True)[:SWEEP_AT_ONCE])
    for job_id in sorted(_to_look_at(found)):
        sync_job(job_id)
    _go_on("jobs.tasks.sweep_jobs", found)


def sweep_troubles(after: str = "") -> None:
    """Payments that moved lately, and whose ids come after `after`: those that stopped on their way."""
    lately = Payment.objects.filter(changed_at__gte=clock.now() - SWEEP_BACK, pk__gt=after)
    found = tell_troubles(lately, SWEEP_AT_ONCE)
    _go_on("jobs.tasks.sweep_troubles", found)


def _to_look_at(job_ids: Sequence[int]) -> set[int]:
    """Those whose money moved lately, or whose deadline has passed. Asked of a few jobs, whose rows are at hand."""
    since = clock.now() - SWEEP_BACK
    fundings = JobFunding.objects.filter(job__in=job_ids, request__changed_at__gte=since)
    payouts = Payout.objects.filter(application__job__in=job_ids)
    asked = payouts.filter(payment__request__changed_at__gte=since)
    paid = payouts.filter(payment__changed_at__gte=since)
    late = Job.objects.filter(overdue(), pk__in=job_ids)
    return {
        *fundings.values_list("job_id", flat=True),
        *asked.values_list("application__job_id", flat=True),
        *paid.values_list("application__job_id", flat=True),
        *late.values_list("pk", flat=True),
    }


def _go_on(task: str, found: Sequence[int | str]) -> None:
    if len(found) == SWEEP_AT_ONCE:
        async_task(task, found[-1])
