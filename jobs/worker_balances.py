"""Where the money of each selected worker stands: owed, asked for, approved, sent, settled.

Everything a worker is to get is in exactly one place, so that the places add up to the budget, or to more where the
budget was lowered after a payment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields

from jobs import job_payments
from jobs.models import Application
from payments.models import Payment
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.status import Status
from payments.states import ARRIVED, PAID, PAYMENTS, Group, PaymentState

_PART_OF = {Group.WAITING: "asked", Group.APPROVED: "approved", Group.ON_ITS_WAY: "sent", Group.ATTENTION: "stuck"}
MOVING = ("asked", "waiting", "approved", "sent", "stuck")


@dataclass(frozen=True)
class Balance:
    """How much is where; None where nothing is."""

    owed: Amount | None = None  # nobody was asked for it, or it came to nothing
    asked: Amount | None = None
    waiting: Amount | None = None  # approved, and paid once the work is accepted
    approved: Amount | None = None
    sent: Amount | None = None
    settled: Amount | None = None
    outside: Amount | None = None  # paid by bank or in cash
    stuck: Amount | None = None  # a person must decide

    def __add__(self, other: Balance) -> Balance:
        names = [each.name for each in fields(self)]
        return Balance(**{name: _plus(getattr(self, name), getattr(other, name)) for name in names})


@dataclass(frozen=True)
class WorkerBalance:
    """One worker's money."""

    application: Application
    status: Status
    places: Balance
    last: Payment | None  # the newest payment to them
    troubled: Payment | None  # the same, when it came to nothing or is stuck


def balance_of(application: Application) -> WorkerBalance:
    """Reads the job, the worker, and `job_payments.PREFETCHED`: prefetch them for lists."""
    budget = application.job.budget
    payments = [payout.payment for payout in application.payouts.all()]
    mine = [payment for payment in payments if payment.worth.asset.code == budget.asset.code]
    outside = [each for each in job_payments.counted_outside(application) if each.asset_code == budget.asset.code]
    scales = (payment.worth.asset.scale for payment in mine)
    scale = max([budget.asset.scale, *scales, *(each.asset_scale for each in outside)])
    values: Counter[str] = Counter()
    for payment in mine:
        values.update(_parts_of(payment, scale))
    values["outside"] += sum(each.amount.rescaled(scale).value for each in outside)
    moving = sum(values[name] for name in MOVING)
    values["owed"] = max(0, job_payments.remaining_of(budget, application).rescaled(scale).value - moving)
    last = max(payments, key=lambda payment: (payment.created_at, payment.pk), default=None)
    troubled = last if last and last.reason and last.state not in PAID else None
    asset = Asset(budget.asset.code, scale)
    places = Balance(**{name: Amount(value, asset) for name, value in values.items() if value})
    return WorkerBalance(application, job_payments.money_status(application), places, last, troubled)


def _parts_of(payment: Payment, scale: int) -> Counter[str]:
    """Where the parts of one payment are, in minor units at `scale`."""
    whole, received = payment.worth.rescaled(scale).value, payment.worth_received.rescaled(scale).value
    if payment.state in ARRIVED:
        return Counter(settled=whole)
    if payment.state == PaymentState.SETTLED_OUTSIDE:
        return Counter(settled=received, outside=whole - received)
    if payment.is_dead:
        return Counter(settled=received)
    return Counter({_part_of(payment): whole})


def _part_of(payment: Payment) -> str:
    if payment.waits_for_release and payment.state == PaymentState.APPROVED:
        return "waiting"
    return _PART_OF[PAYMENTS[PaymentState(payment.state)].group]


def total(accounts: Iterable[WorkerBalance]) -> Balance:
    """What is in each place, over all workers of one job."""
    return sum((account.places for account in accounts), Balance())


def _plus(one: Amount | None, other: Amount | None) -> Amount | None:
    if one is None or other is None:
        return one or other
    scale = max(one.asset.scale, other.asset.scale)
    return one.rescaled(scale) + other.rescaled(scale)
