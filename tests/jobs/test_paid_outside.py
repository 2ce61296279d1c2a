"""Payments in trouble, as their job sees them: paid outside counts and is told apart; a part is never paid twice."""

import pytest
from django.contrib.auth.models import User

from jobs import decisions, job_payments
from jobs.derive_status import sync_job
from jobs.funding import fund
from jobs.models import JobStatus
from jobs.payables import choices
from payments.models import PaymentRequest, Seller
from payments.presentation.reasons import Refusal
from payments.presentation.status import OF_PAYMENTS
from payments.states import PaymentState, RequestState
from tests import cast, progress

pytestmark = pytest.mark.django_db


def resolved(request: PaymentRequest, state: PaymentState, arrived: int = 0) -> None:
    """The request's payment needed attention, with `arrived` minor units at the receiver, and then became `state`."""
    progress.approve(request)
    payment = request.payments.get()
    progress.bring(payment, PaymentState.NEEDS_ATTENTION, received_value=arrived)
    progress.bring(payment, state)
    progress.bring(request, RequestState.FAILED if state == PaymentState.FAILED else RequestState.SETTLED)


def test_paid_outside_completes_the_job_and_is_told_apart(rosa: User, seller: Seller) -> None:
    job = cast.job(JobStatus.SUBMITTING)
    application = cast.applied(job)
    work = cast.handed_in(application)
    resolved(fund(job, [application], seller, by=rosa, form_id="1"), PaymentState.SETTLED_OUTSIDE)
    decisions.accept_submission(work.pk, by=rosa)
    job.refresh_from_db()
    assert (job.status, job.is_funded) == (JobStatus.COMPLETE, True)
    assert job_payments.money_status(application) == OF_PAYMENTS[PaymentState.SETTLED_OUTSIDE]
    assert job_payments.money_statuses([application]) == [(OF_PAYMENTS[PaymentState.SETTLED_OUTSIDE], 1)]


def test_what_was_paid_outside_is_not_asked_for_again(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    resolved(fund(job, [application], seller, by=rosa, form_id="1"), PaymentState.SETTLED_OUTSIDE)
    sync_job(job.pk)
    with pytest.raises(Refusal, match="exists already"):
        fund(job, [application], seller, by=rosa, form_id="2")


def test_after_a_part_arrived_only_the_rest_is_asked_for(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    resolved(fund(job, [application], seller, by=rosa, form_id="1"), PaymentState.FAILED, arrived=40000)
    assert [choice.amount.value for choice in choices(job)] == [85000]
    second = fund(job, [application], seller, by=rosa, form_id="2")
    assert second.payments.get().value == 85000
    resolved(second, PaymentState.FAILED, arrived=5000)
    assert fund(job, [application], seller, by=rosa, form_id="3").payments.get().value == 80000


def test_when_everything_arrived_in_parts_nothing_is_asked_for(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    resolved(fund(job, [application], seller, by=rosa, form_id="1"), PaymentState.FAILED, arrived=125000)
    assert choices(job) == []
    with pytest.raises(Refusal):
        fund(job, [application], seller, by=rosa, form_id="2")
