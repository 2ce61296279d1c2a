"""Approved beforehand, paid when the work is accepted; called off when there will be none."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from jobs import decisions, job_payments, payables
from jobs.funding import Way, fund
from jobs.held_payments import settle_fee
from jobs.models import Application, ApplicationStatus, Job, JobStatus, Payout, SubmissionStatus
from jobs.tasks import sweep
from ledger import clock
from ledger.api import timeline
from payments.actions import release_held
from payments.models import Payment, PaymentRequest, Seller
from payments.models.payments import Purpose
from payments.openpayments.amounts import Amount, Asset
from payments.presentation import status
from payments.presentation.reasons import Refusal
from payments.states import PaymentState
from tests import cast, progress
from tests.jobs.test_split import NAMES

pytestmark = pytest.mark.django_db
P = PaymentState


def beforehand(seller: Seller, by: User) -> tuple[Job, list[Application], PaymentRequest]:
    """Three workers with handed-in work, approved by the funder, none of it accepted."""
    job = cast.job(JobStatus.SUBMITTING, workers_wanted=3)
    workers = [cast.applied(job, cast.member(name)) for name in NAMES]
    for worker in workers:
        cast.handed_in(worker)
    request = fund(job, workers, seller, Way.HELD, by=by, form_id="1")
    progress.approve(request)
    return job, workers, request


def accept(worker: Application, by: User) -> None:
    decisions.accept_submission(worker.submissions.get().pk, by=by)


def payment_of(worker: Application) -> Payment:
    return worker.payouts.order_by("-pk")[0].payment


def fee_of(request: PaymentRequest) -> Payment:
    return request.payments.get(purpose=Purpose.FEE)


def test_accepting_the_work_releases_that_worker_only(rosa: User, seller: Seller) -> None:
    job, workers, request = beforehand(seller, rosa)
    assert [job_payments.money_status(worker) for worker in workers] == [status.WAITING] * 3
    accept(workers[1], rosa)
    assert [payment_of(worker).released_at is not None for worker in workers] == [False, True, False]
    assert [row.kind for row in timeline([("request", request.pk)])].count("payment.released") == 1
    assert (
        job_payments.money_status(Application.objects.get(pk=workers[1].pk))
        == status.OF_PAYMENTS[PaymentState.APPROVED]
    )
    assert payables.choices(job) == []


def test_who_is_let_go_and_asked_for_anew_still_has_their_fee(rosa: User, taker: Seller) -> None:
    """Their part of the fee that waits falls away with the payment that was approved beforehand."""
    job, workers, request = beforehand(taker, rosa)
    decisions.reject(workers[0].pk, by=rosa)
    decisions.select(workers[0].pk, by=rosa)
    again = fund(job, [Application.objects.get(pk=workers[0].pk)], taker, Way.NOW, by=rosa, form_id="2")
    assert fee_of(again).value == 3125
    progress.settle(again)
    for worker in workers[1:]:
        accept(worker, rosa)
    settle_fee(request.pk)
    assert fee_of(request).value == 6250


def test_the_decision_and_the_release_stand_or_fall_together(
    rosa: User, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:

    _job, workers, _request = beforehand(seller, rosa)

    def broken(*_args: object, **_options: object) -> None:
        raise Refusal("not_held", name="Maria Lopez")

    monkeypatch.setattr(release_held, "release", broken)
    with pytest.raises(Refusal):
        accept(workers[0], rosa)
    assert workers[0].submissions.get().status == SubmissionStatus.PENDING
    assert payment_of(workers[0]).released_at is None


def test_two_acceptances_at_once_release_once(rosa: User, seller: Seller) -> None:
    _job, workers, request = beforehand(seller, rosa)
    accept(workers[0], rosa)
    with pytest.raises(Refusal, match="This submission of Maria Lopez is “Accepted”"):
        accept(workers[0], rosa)
    assert [row.kind for row in timeline([("request", request.pk)])].count("payment.released") == 1


def test_work_that_is_accepted_already_is_paid_at_once(rosa: User, taker: Seller) -> None:
    job = cast.job(JobStatus.SUBMITTING, workers_wanted=2)
    done, open_ = cast.applied(job), cast.applied(job, cast.member("Xochitl"))
    cast.handed_in(done, SubmissionStatus.ACCEPTED)
    request = fund(job, [done, open_], taker, Way.HELD, by=rosa, form_id="1")
    assert [payment_of(worker).held for worker in (done, open_)] == [False, True]
    assert fee_of(request).held


def test_letting_a_worker_go_calls_their_payment_off(rosa: User, seller: Seller) -> None:
    _job, workers, _request = beforehand(seller, rosa)
    decisions.reject(workers[0].pk, by=rosa)
    assert payment_of(workers[0]).state == P.CANCELLED
    assert [payment_of(worker).state for worker in workers[1:]] == [P.APPROVED] * 2
    assert not workers[0].payouts.filter(active=True).exists()
    assert Application.objects.get(pk=workers[0].pk).status == ApplicationStatus.REJECTED


def test_whoever_is_being_paid_is_not_let_go(rosa: User, seller: Seller) -> None:
    _job, workers, _request = beforehand(seller, rosa)
    accept(workers[0], rosa)
    with pytest.raises(Refusal, match="Maria Lopez is paid, or being paid"):
        decisions.reject(workers[0].pk, by=rosa)
    assert payment_of(workers[0]).state == P.APPROVED


def test_canceling_the_job_calls_all_of_them_off(rosa: User, taker: Seller) -> None:
    job, _workers, request = beforehand(taker, rosa)
    decisions.move_job(job.pk, "cancel", by=rosa, seen=Job.objects.get(pk=job.pk).status)
    assert set(request.payments.values_list("state", flat=True)) == {P.CANCELLED}
    assert not Payout.objects.filter(active=True).exists()
    called_off = job.applications.select_related("job")
    assert [job_payments.money_status(worker) for worker in called_off] == [job_payments.NOTHING_OWED] * 3


def test_a_job_is_not_canceled_while_money_is_on_its_way(rosa: User, seller: Seller) -> None:
    job, workers, request = beforehand(seller, rosa)
    accept(workers[0], rosa)
    with pytest.raises(Refusal, match=f"Request {request.pk} of this job is still open"):
        decisions.move_job(job.pk, "cancel", by=rosa, seen=Job.objects.get(pk=job.pk).status)
    assert [payment_of(worker).state for worker in workers] == [P.APPROVED] * 3
    job.refresh_from_db()
    assert job.status != JobStatus.CANCELED


def test_whoever_is_selected_later_is_not_in_it_and_is_offered(rosa: User, seller: Seller) -> None:
    job, _workers, request = beforehand(seller, rosa)
    Job.objects.filter(pk=job.pk).update(workers_wanted=4)
    late = cast.applied(job, cast.member("Natalia"), ApplicationStatus.PENDING)
    decisions.select(late.pk, by=rosa)
    assert [choice.receiver for choice in payables.choices(job)] == [late]
    assert request.payments.count() == 3


# The fee


def test_the_fee_goes_with_the_last_worker(rosa: User, taker: Seller) -> None:
    _job, workers, request = beforehand(taker, rosa)
    accept(workers[0], rosa)
    accept(workers[1], rosa)
    assert fee_of(request).released_at is None
    accept(workers[2], rosa)
    assert fee_of(request).released_at is not None
    assert fee_of(request).value == 9375


def test_a_fee_that_waits_for_weeks_wakes_nobody(rosa: User, taker: Seller) -> None:
    _job, _workers, request = beforehand(taker, rosa)
    later = clock.now() + timedelta(days=3)
    PaymentRequest.objects.filter(pk=request.pk).update(next_attempt_at=later)
    sweep()
    request.refresh_from_db()
    assert request.next_attempt_at == later


def test_nobody_pays_a_fee_for_work_that_never_came(rosa: User, taker: Seller) -> None:
    _job, workers, request = beforehand(taker, rosa)
    accept(workers[0], rosa)
    accept(workers[1], rosa)
    decisions.reject(workers[2].pk, by=rosa)
    fee = fee_of(request)
    assert (fee.value, fee.released_at is not None) == (6250, True)
    lowered = next(row for row in timeline([("request", request.pk)]) if row.kind == "payment.lowered")
    assert lowered.data["before"] == {"value": "9375", "assetCode": "MXN", "assetScale": 2}


def test_without_any_work_there_is_no_fee(rosa: User, taker: Seller) -> None:
    _job, workers, request = beforehand(taker, rosa)
    for worker in workers:
        decisions.reject(worker.pk, by=rosa)
    assert fee_of(request).state == P.CANCELLED


def test_a_fee_waits_until_no_place_for_the_old_amount_is_open(rosa: User, taker: Seller) -> None:
    _job, workers, request = beforehand(taker, rosa)
    fee = fee_of(request)
    fee.incoming_payments.update(over_at=None)
    for worker in workers[:2]:
        decisions.reject(worker.pk, by=rosa)
    accept(workers[2], rosa)
    assert (fee_of(request).value, fee_of(request).released_at) == (9375, None)
    fee.incoming_payments.update(over_at=clock.now())
    sweep()
    assert (fee_of(request).value, fee_of(request).released_at is not None) == (3125, True)
    with transaction.atomic():
        settle_fee(request.pk)
    assert fee_of(request).amount == Amount(3125, Asset("MXN", 2))
