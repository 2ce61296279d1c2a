"""What is unusual about paying a worker, as far as only jobs know it: their work, their budget, their address.

Declared beside the checks of `payments.risk.checks`, and looked at with them, wherever money is about to be sent.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from jobs.job_payments import counted_outside
from jobs.member_emails import changed_lately
from jobs.models import Application, Payout
from payments.openpayments.amounts import Amount
from payments.presentation.dates import day
from payments.presentation.format_amounts import format_amount
from payments.risk.checks import Found, PlannedPayment, RiskCheck
from payments.states import PAID

_MONEY: Final = ("payouts__payment__request", "outside_payouts__outside")


def _works(payments: Sequence[PlannedPayment]) -> dict[str, tuple[Application, PlannedPayment]]:
    """Each payment with the work that it pays, its job, its worker and all of their money: a few queries for all."""
    asked = {each.key: each.about for each in payments if isinstance(each.about, int)}
    written = [each.key for each in payments if each.key not in asked]
    asked |= dict(Payout.objects.filter(payment__in=written).values_list("payment", "application"))
    rows = Application.objects.filter(pk__in=set(asked.values())).select_related("job", "worker")
    found = {row.pk: row for row in rows.prefetch_related(*_MONEY)}
    return {each.key: (found[asked[each.key]], each) for each in payments if each.key in asked}


def _above_owed(payments: Sequence[PlannedPayment]) -> Found:
    """With all that was paid for this work, and is under way, in one currency, this is more than its budget."""
    found: dict[str, Mapping[str, str]] = {}
    for key, (work, planned) in _works(payments).items():
        budget, amount = work.job.budget, planned.amount
        if amount is None or amount.asset.code != budget.asset.code:
            continue
        others = [
            payout.payment.worth_arrived if payout.payment.is_over else payout.payment.worth
            for payout in work.payouts.all()
            if payout.payment_id != key
        ]
        others += [each.amount for each in counted_outside(work)]
        elsewhere = sum(one.to_major() for one in others if one.asset.code == budget.asset.code)
        if amount.to_major() + elsewhere > budget.to_major():
            left = max(budget.to_major() - elsewhere, 0)
            owed = Amount.from_major(f"{left:f}", _finest(budget, others).asset)
            told = {"name": planned.name, "amount": format_amount(amount), "owed": format_amount(owed)}
            found[key] = {**told, "job": work.job.title}
    return found


def _finest(budget: Amount, others: Sequence[Amount]) -> Amount:
    same = [one for one in others if one.asset.code == budget.asset.code]
    return max([budget, *same], key=lambda one: one.asset.scale)


def _above_budget(payments: Sequence[PlannedPayment]) -> Found:
    """More than the job pays each worker by its budget, as it is now."""
    found: dict[str, Mapping[str, str]] = {}
    for key, (work, planned) in _works(payments).items():
        budget, amount = work.job.budget, planned.amount
        if amount and amount.asset.code == budget.asset.code and amount.to_major() > budget.to_major():
            told = {"name": planned.name, "amount": format_amount(amount), "budget": format_amount(budget)}
            found[key] = {**told, "job": work.job.title}
    return found


def _paid_before(payments: Sequence[PlannedPayment]) -> Found:
    """The same work was paid with the same amount before, however long ago."""
    found: dict[str, Mapping[str, str]] = {}
    for key, (work, planned) in _works(payments).items():
        before = [payout.payment for payout in work.payouts.all() if payout.payment_id != key]
        if planned.amount in [payment.amount for payment in before if payment.state in PAID]:
            told = {"name": planned.name, "amount": format_amount(planned.amount), "job": work.job.title}
            found[key] = told
    return found


def _other_wallet(payments: Sequence[PlannedPayment]) -> Found:
    """Since it was asked for, the worker has another wallet than the one that is paid."""
    return {
        key: {"name": planned.name, "wallet": planned.wallet.url}
        for key, (work, planned) in _works(payments).items()
        if work.worker.wallet_id != planned.wallet.pk
    }


def _email_changed(payments: Sequence[PlannedPayment]) -> Found:
    works = _works(payments)
    changed = changed_lately({work.worker_id for work, _planned in works.values()})
    return {
        key: {"name": planned.name, "day": day(changed[work.worker_id])}
        for key, (work, planned) in works.items()
        if work.worker_id in changed
    }


CHECKS: Final = (
    RiskCheck(
        "email_changed",
        _("The email address changed lately"),
        _("%(name)s has another email address since %(day)s."),
        _email_changed,
    ),
    RiskCheck(
        "other_wallet",
        _("The worker has another wallet by now"),
        _("%(name)s has another wallet by now than the one that this pays, %(wallet)s."),
        _other_wallet,
    ),
    RiskCheck(
        "paid_before",
        _("The same work was paid before"),
        _("%(name)s was paid %(amount)s for “%(job)s” before."),
        _paid_before,
    ),
    RiskCheck(
        "above_owed",
        _("More than is owed"),
        _("%(name)s would get %(amount)s; for “%(job)s”, %(owed)s is still owed to them."),
        _above_owed,
    ),
    RiskCheck(
        "above_budget",
        _("Above the job's budget"),
        _("%(name)s would get %(amount)s; “%(job)s” pays each worker %(budget)s."),
        _above_budget,
    ),
)
