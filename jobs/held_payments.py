"""Payments that were approved beforehand: accepted work releases them, and whoever does no work is not paid.

The fee of such a request goes once, with the last of its workers, and only for those who are paid: one payment instead
of one more per worker, and nothing for work that never came. The caller's transaction has locked the job.
"""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from jobs.models import Application, Job, Payout
from ledger.api import Actor, record
from payments.actions import lower_fee, release_held
from payments.actions.requests import lock_request
from payments.models import Payment
from payments.models.payments import Purpose
from payments.openpayments.amounts import Amount, Asset
from payments.states import FINISHED_PAYMENTS, IN_FLIGHT

ACTOR = Actor.system("jobs")


def waiting(payouts: QuerySet[Payout]) -> list[Payout]:
    """Those of `payouts` whose payment waits for the work and was not released, oldest first."""
    held = payouts.filter(active=True, payment__held=True, payment__released_at=None)
    return list(
        held.exclude(payment__state__in=FINISHED_PAYMENTS | IN_FLIGHT).select_related("payment__request").order_by("pk")
    )


def of_job(job: Job) -> list[Payout]:
    return waiting(Payout.objects.filter(application__job=job).select_related("application__worker"))


def release(application: Application, *, by: User) -> Payment | None:
    """The work was accepted: pay it now, if its payment waits for that. Raises Refusal."""
    for payout in waiting(application.payouts.all()):
        payment = release_held.release(payout.payment_id, by=by)
        settle_fee(payment.request_id, by=by)
        return payment
    return None


def cancel(payouts: Iterable[Payout], *, by: User) -> None:
    """Nobody will be paid by these any more. Raises Refusal."""
    # Requests are locked in one order: two jobs may be paid by the same ones.
    called_off = sorted(payouts, key=lambda payout: payout.payment.request_id)
    for payout in called_off:
        release_held.cancel(payout.payment_id, by=by)
    for request_id in dict.fromkeys(payout.payment.request_id for payout in called_off):
        settle_fee(request_id, by=by)


def settle_fee(request_id: str, *, by: User | None = None) -> None:
    """Once nobody of this request waits any more, release its fee for those who are paid. Any number of times."""
    if not _fee_is_due(request_id):
        return  # most requests: left alone, so that the engine is not woken for nothing
    with transaction.atomic():
        lock_request(request_id)
        if not _fee_is_due(request_id):
            return
        due = list(_waiting_fees().filter(request=request_id))
        payouts = Payout.objects.filter(payment__request=request_id)
        payouts = payouts.select_related("payment__request", "application__job")
        for fee in due:
            _settle(fee, [each for each in payouts if each.application.job.budget_code == fee.asset_code], by)


def _fee_is_due(request_id: str) -> bool:
    """It waits, and no worker does. Whoever released the last ones locked the request: they see each other."""
    workers = Payment.objects.filter(request=request_id, purpose=Purpose.WORK, held=True, released_at=None)
    waits = workers.exclude(state__in=FINISHED_PAYMENTS).exists()
    return not waits and _waiting_fees().filter(request=request_id).exists()


def unsettled_fees(after: str, most: int) -> list[str]:
    """The first `most` requests whose fee waits, in the order of their ids, and beyond `after`."""
    found = _waiting_fees().filter(request__gt=after).order_by("request_id").values_list("request_id", flat=True)
    return list(found.distinct()[:most])


def _waiting_fees() -> QuerySet[Payment]:
    held = Payment.objects.filter(purpose=Purpose.FEE, held=True, released_at=None)
    return held.exclude(state__in=FINISHED_PAYMENTS | IN_FLIGHT)


def _settle(fee: Payment, payouts: list[Payout], by: User | None) -> None:
    """Parts are in minor units of the budget; all jobs of one fee count alike."""
    alive = [payout for payout in payouts if not payout.payment.is_dead]
    if not alive:
        release_held.cancel(fee.pk, by=by)
        return
    asset = Asset(fee.asset_code, alive[0].application.job.budget_scale)
    earned = Amount(sum(payout.fee_value for payout in alive), asset).rescaled(fee.asset_scale)
    if earned.is_zero:
        release_held.cancel(fee.pk, by=by)
        return
    if earned < fee.amount and not lower_fee.lower(fee.pk, earned, actor=ACTOR):
        return  # its place for the old amount is being closed; the sweep comes again
    _drop_parts(fee, [payout for payout in payouts if payout not in alive and payout.fee_value])
    release_held.release(fee.pk, by=by)


def _drop_parts(fee: Payment, dead: list[Payout]) -> None:
    """Nothing of the fee is for workers who are not paid."""
    if not dead:
        return
    Payout.objects.filter(pk__in=[payout.pk for payout in dead]).update(fee_value=0)
    record(
        "job.fee_dropped",
        actor=ACTOR,
        subjects={
            "job": {str(payout.application.job_id) for payout in dead},
            "payout": {str(payout.pk) for payout in dead},
            "request": fee.request_id,
        },
        data={},
    )
