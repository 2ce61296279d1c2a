"""Work of a job that was paid by bank or in cash: reported by one person, confirmed by another, never beside a wallet.

The job's lock is held all the time, as by whoever asks for its money in a wallet: the two never pay the same work.
"""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction

from jobs import funding, job_payments, lifecycle, payables
from jobs.contacts import default_reference, payer_of
from jobs.derive_status import sync_locked
from jobs.escrow import Escrow, escrow_of
from jobs.funder_mail import tell_paid_for_payer
from jobs.models import Application, ApplicationStatus, Job, JobStatus, OutsidePayout
from jobs.reasons import WAYS, JobRefusal
from jobs.worker_mail import tell_paid_outside
from payments.actions import outside_payments
from payments.actions.outside_payments import Paid, PaidWork
from payments.books.booking import seller_key
from payments.models import OutsidePayment
from payments.presentation.format_amounts import format_amount


@transaction.atomic
def report(  # noqa: PLR0913 - the parts of a report
    application: Application,
    paid: Paid,
    *,
    from_held: bool = False,
    by: User,
    form_id: str,
    seen: Mapping[int, str] | None = None,
) -> OutsidePayment:
    """`by` says that this was paid to the worker outside the wallets; it counts once a second person confirms it.

    `paid` is in the currency of the budget. `from_held` says that the seller who holds money for the job paid it from
    that. The same `form_id` returns the report that it made before; `seen` is as in `funding.fund`. Raises Refusal.
    """
    job = lifecycle.lock_job(application.job_id)
    if made := OutsidePayment.objects.filter(form_id=form_id).first():
        if made.payout.application_id != application.pk:
            raise JobRefusal("form_of_another_job")
        return made
    sync_locked(job)
    _check_status(job)
    receiver = payables.with_money(Application.objects.filter(pk=application.pk)).get()
    choice = payables.worker(receiver, job)
    payables.check_unchanged([choice], seen)
    payables.part_of(choice, paid.amount)
    escrow = _escrow(job, paid) if from_held else None
    if escrow is None:
        _check_nothing_asked(job)

    def link(row: OutsidePayment) -> dict[str, str]:
        made = OutsidePayout.objects.create(
            application=receiver, outside=row, funding=escrow.funding if escrow else None
        )
        return _about(made)

    return outside_payments.report(paid, _work(receiver, job, escrow), by=by, form_id=form_id, link=link)


@transaction.atomic
def confirm(row_id: str, *, by: User) -> OutsidePayment:
    """The second person agrees: it counts as paid, if so much is still owed and nothing is on its way.

    Raises Refusal.
    """
    link, job = _locked(row_id)
    receiver = payables.with_money(Application.objects.filter(pk=link.application_id)).get()
    if receiver.status != ApplicationStatus.SELECTED:
        raise JobRefusal("worker_not_selected", name=receiver.worker.name)
    payables.check_nothing_under_way(receiver)
    row = outside_payments.locked(row_id)
    # In the entry that says that it counts, as the ledger vouches for it.
    budget = job.budget.rescaled(max(job.budget_scale, row.asset_scale))
    value = budget.value // 10 ** (budget.asset.scale - row.asset_scale)
    OutsidePayout.objects.filter(pk=link.pk, budget_value=None).update(budget_value=value)
    owed = job_payments.remaining_of(job.budget, receiver)
    outside_payments.confirm(row, owed, by=by, about=_about(link))
    tell_paid_outside(receiver, row)
    tell_paid_for_payer(receiver, row)
    sync_locked(job)
    return row


@transaction.atomic
def withdraw(row_id: str, *, by: User, why: str) -> OutsidePayment:
    """It was not paid outside after all. Raises Refusal."""
    link, job = _locked(row_id)
    row = outside_payments.locked(row_id)
    outside_payments.withdraw(row, by=by, why=why, about=_about(link))
    sync_locked(job)
    return row


def _locked(row_id: str) -> tuple[OutsidePayout, Job]:
    link = OutsidePayout.objects.select_related("application").get(outside=row_id)
    return link, lifecycle.lock_job(link.application.job_id)


def _check_status(job: Job) -> None:
    status = JobStatus(job.status)
    if status not in funding.PAYABLE:
        raise JobRefusal("job_status_pays_nothing", status=str(status.label), way=str(WAYS[status]))


def _check_nothing_asked(job: Job) -> None:
    """The job's money is not on its way to a seller: the funder would pay the same work twice."""
    under_way = job_payments.funding_under_way(job)
    if under_way and not all(payment.is_over for payment in under_way.request.payments.all()):
        raise JobRefusal("outside_funding", name=under_way.request.seller.name, request=under_way.request_id)


def _escrow(job: Job, paid: Paid) -> Escrow:
    """The money that is held for the job, if there is as much. Raises JobRefusal."""
    escrow = escrow_of(job)
    if escrow is None:
        raise JobRefusal("escrow_empty")
    finest = max(escrow.held.asset.scale, paid.amount.asset.scale)
    if paid.amount.rescaled(finest).value > escrow.held.rescaled(finest).value:
        told = {"held": format_amount(escrow.held), "amount": format_amount(paid.amount)}
        raise JobRefusal("escrow_too_small", seller=escrow.seller.name, **told)
    return escrow


def _work(application: Application, job: Job, escrow: Escrow | None) -> PaidWork:
    payer = payer_of(job.funder)
    return PaidWork(
        seller=escrow.seller if escrow else funding.seller_of(job),
        title=job.title,
        reference=job.reference or default_reference(job.funder),
        payer_key=seller_key(escrow.seller.pk) if escrow else payer.key,
        payer_name=escrow.seller.name if escrow else payer.name,
        receiver_key=application.worker.key,
        receiver_name=application.worker.name,
        from_held=escrow is not None,
    )


def _about(link: OutsidePayout) -> dict[str, str]:
    application = link.application
    return {
        "outside_payout": str(link.pk),
        "application": str(application.pk),
        "job": str(application.job_id),
        "member": str(application.worker_id),
    }
