"""The queue's work. Every task may run twice, late, and at once."""

from datetime import timedelta

from django.db.models import Q

from jobs import held_payments, lifecycle, monthly_statements
from jobs.deadlines import overdue
from jobs.derive_status import jobs_of, sync_job
from jobs.models import Job
from jobs.worker_mail import tell_troubles
from ledger import clock
from payments.models import Payment

#: The sweep repeats what a lost task should have done; older moves were swept before.
SWEEP_BACK = timedelta(days=2)


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

    And at fees that wait for workers.
    """
    since = clock.now() - SWEEP_BACK
    for request_id in held_payments.unsettled_fees():
        held_payments.settle_fee(request_id)
    moved = Q(fundings__request__changed_at__gte=since) | Q(
        applications__payouts__payment__request__changed_at__gte=since
    )
    paid = Q(applications__payouts__payment__changed_at__gte=since)
    unfinished = Job.objects.exclude(status__in=lifecycle.OVER)
    for job_id in sorted(set(unfinished.filter(moved | paid | overdue()).values_list("pk", flat=True))):
        sync_job(job_id)
    tell_troubles(Payment.objects.filter(changed_at__gte=since))
