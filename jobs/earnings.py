"""What a worker sees of their money: owed, agreed, on its way, arrived; per job, with dates. Reads only.

Owed is what their accepted work earned them; before it is accepted, the same money is agreed.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jobs import job_payments
from jobs.models import AmountSide, Application, ApplicationStatus, Job, Member
from ledger import days
from payments.models import OutsidePayment, Payment
from payments.openpayments.amounts import Amount, AmountError, Asset
from payments.presentation.amount_rows import went_back
from payments.presentation.receiver_reasons import why_not_here
from payments.presentation.status import payment_status
from payments.states import ARRIVED, PAYMENTS, UNSENT, Group, PaymentState

#: Jobs that one page shows, newest first.
MOST_JOBS: Final = 200

IN_YOUR_WALLET: Final = _("In your wallet")


@dataclass(frozen=True)
class Earning:
    """One job's money for one worker. `at` is when it came to where it is."""

    title: str
    reference: str
    amount: Amount
    note: str
    at: datetime | None
    payment_id: str  # empty before anybody was asked
    status: str | Promise = ""  # what the payment is called, once there is one
    buys: bool = False  # `amount` is what the funder pays: the worker gets what it buys, which is known once it is sent


@dataclass(frozen=True)
class Earnings:
    owed: list[Earning]
    agreed: list[Earning]
    on_its_way: list[Earning]
    arrived: list[Earning]
    is_cut: bool  # there are older jobs, which are not shown


def of(worker: Member) -> Earnings:
    """In a constant number of queries."""
    found = worker.applications.select_related("job").prefetch_related(
        *job_payments.PREFETCHED, "payouts__payment__refunds__payment"
    )
    applications = list(found.order_by("-created_at", "-pk")[: MOST_JOBS + 1])
    told = Earnings([], [], [], [], is_cut=len(applications) > MOST_JOBS)
    for application in applications[:MOST_JOBS]:
        to_come = told.owed if job_payments.work_accepted(application) else told.agreed
        for payout in application.payouts.all():
            _tell(told, to_come, application.job, payout.payment)
        for paid in job_payments.counted_outside(application):
            told.arrived.append(_outside(application.job, paid))
        remaining = _remaining(application)
        if remaining.value:
            job = application.job
            buys = job.amount_side == AmountSide.DEBIT
            to_come.append(
                Earning(job.title, job.reference, remaining, _before_asking(application), None, "", buys=buys)
            )
    return told


def _tell(told: Earnings, to_come: list[Earning], job: Job, payment: Payment) -> None:
    """Where one payment stands, in `to_come` where nothing was sent; one that ended without money is nowhere."""
    buys = payment.pays is not None and payment.state in UNSENT

    def line(amount: Amount, note: str | Promise, at: datetime | None) -> Earning:
        return Earning(
            job.title, job.reference, amount, str(note), at, payment.pk, payment_status(payment).label, buys=buys
        )

    if payment.is_dead:
        if payment.received_value:
            told.arrived.append(line(payment.received, IN_YOUR_WALLET, payment.changed_at))
        return
    amount, request = payment.worth if buys else payment.amount, payment.request
    if payment.state in ARRIVED:
        where = " · ".join(filter(None, [str(IN_YOUR_WALLET), went_back(payment)]))
        told.arrived.append(line(amount, where, payment.settled_at))
        return
    match PAYMENTS[PaymentState(payment.state)].group:
        case Group.OUTSIDE:
            told.arrived.append(line(amount, _("Paid outside your wallet"), payment.settled_at))
        case Group.ON_ITS_WAY:
            told.on_its_way.append(line(amount, _("Your wallet has not confirmed it yet"), payment.sent_at))
        case Group.ATTENTION:
            to_come.append(line(amount, _trouble(payment), payment.changed_at))
        case Group.APPROVED if payment.waits_for_release:
            note = _("The funder approved; it is sent once your work is accepted")
            to_come.append(line(amount, note, request.approved_at))
        case Group.APPROVED:
            to_come.append(line(amount, _("The funder approved; it is about to be sent"), request.approved_at))
        case Group.WAITING:
            note = (
                _("The funder has been asked to pay")
                if request.sent_at
                else _("The funder is about to be asked to pay")
            )
            to_come.append(line(amount, note, payment.created_at))
        case Group.SETTLED | Group.ENDED:
            raise AssertionError("what arrived, and what ended without money, was told before")
        case never:
            assert_never(never)


def _outside(job: Job, paid: OutsidePayment) -> Earning:
    outside = _("Paid outside your wallet")
    note = f"{outside}: {paid.get_way_display()}"
    return Earning(job.title, job.reference, paid.amount, note, days.begins(paid.paid_on), paid.pk)


def totals(amounts: Iterable[Amount]) -> list[Amount]:
    """One sum per currency, in the finest scale that is needed: nothing is added across currencies.

    A sum that is more than can be counted is left out.
    """
    by_code: dict[str, list[Amount]] = {}
    for amount in amounts:
        by_code.setdefault(amount.asset.code, []).append(amount)
    found: list[Amount] = []
    for same in by_code.values():
        scale = max(amount.asset.scale for amount in same)
        with suppress(AmountError):
            found.append(Amount(sum(amount.rescaled(scale).value for amount in same), Asset(same[0].asset.code, scale)))
    return found


def _trouble(payment: Payment) -> str:
    calm = _("Somebody is looking at it; you need not do anything.")
    return f"{why_not_here(payment)} {calm}"


def _remaining(application: Application) -> Amount:
    """What nobody has been asked for yet, without what was paid of it."""
    nothing = Amount(0, application.job.budget.asset)
    if application.status != ApplicationStatus.SELECTED or application.job.status in job_payments.CALLED_OFF:
        return nothing
    remaining = job_payments.remaining_of(application.job.budget, application)
    under_way = job_payments.open_payout(application)
    if under_way is None:
        return remaining
    # A part of it may have been asked for: the rest is still owed.
    asked = under_way.payment.worth
    if asked.asset.code != remaining.asset.code:
        return nothing
    finest = max(asked.asset.scale, remaining.asset.scale)
    left = remaining.rescaled(finest).value - asked.rescaled(finest).value
    return Amount(max(0, left), Asset(remaining.asset.code, finest))


def _before_asking(application: Application) -> str:
    payments = sorted((payout.payment for payout in application.payouts.all()), key=lambda payment: payment.pk)
    if payments and payments[-1].state == PaymentState.FAILED and payments[-1].request.approved_at:
        return _trouble(payments[-1])  # it was about to be paid: their work is not what it waits for
    accepted = job_payments.work_accepted(application)
    return str(_("Your work is accepted; it is paid next") if accepted else _("Once your work is accepted"))
