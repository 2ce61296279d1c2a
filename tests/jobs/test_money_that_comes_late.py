"""Money that comes after its payment had ended, all or a part: it binds the job as any other, and is not paid again."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from jobs import decisions, job_payments, payables
from jobs.derive_status import sync_job
from jobs.funding import fund
from jobs.intake.jobs import JobIntake
from jobs.models import Application, Job, JobStatus
from jobs.reasons import JobRefusal
from payments.actions import requests
from payments.engine.steps.receiving import note_late
from payments.models import Message, Payment, Seller
from payments.rolling_sums import sent_alone
from payments.states import PaymentState, RequestState
from tests import cast, progress
from tests.jobs.test_split import staffed

pytestmark = pytest.mark.django_db


def failed(seller: Seller, by: User, received: int = 0) -> tuple[Job, Application]:
    """A job whose worker was to get 1,250.00, of which so much came before the payment failed."""
    job = cast.job(JobStatus.SUBMITTING)
    worker = cast.applied(job)
    cast.handed_in(worker)
    progress.end(fund(job, [worker], seller, by=by, form_id="1"), RequestState.FAILED, received=received)
    sync_job(job.pk)
    return job, worker


def late(worker: Application, received: int) -> None:
    """What a look a day later finds."""
    payment = Payment.objects.get(payout__application=worker)
    Payment.objects.filter(pk=payment.pk).update(received_value=received)
    payment.refresh_from_db()
    with transaction.atomic():
        note_late(payment)


@pytest.mark.parametrize("before", [0, 40000])
def test_nobody_is_paid_again_before_somebody_took_note(before: int, rosa: User, seller: Seller) -> None:
    job, worker = failed(seller, rosa, before)
    assert [choice.amount.value for choice in payables.choices(job)] == [125000 - before]
    late(worker, 125000)
    sync_job(job.pk)
    assert payables.choices(job) == []
    assert not job_payments.unpaid_workers(job)
    with pytest.raises(JobRefusal, match="exists already"):
        fund(job, [Application.objects.get(pk=worker.pk)], seller, by=rosa, form_id="2")
    with pytest.raises(JobRefusal):
        decisions.reject(worker.pk, by=rosa)
    assert job_payments.money_under_way(job)
    progress.bring(Payment.objects.get(payout__application=worker), PaymentState.SETTLED)
    assert payables.choices(job) == []


def test_a_part_binds_the_job_to_its_currency_and_its_worker(rosa: User, seller: Seller) -> None:
    job, worker = failed(seller, rosa, 40000)
    with pytest.raises(JobRefusal) as refused:
        decisions.reject(worker.pk, by=rosa)
    assert refused.value.code == "application_settled"
    assert changed(job, currency="USD", budget_text="1250") == ["job_money_fixed"]


def test_nothing_that_came_binds_nothing(rosa: User, seller: Seller) -> None:
    job, worker = failed(seller, rosa)
    assert changed(job, currency="USD", budget_text="1250") == []
    decisions.reject(worker.pk, by=rosa)


def changed(job: Job, **columns: Any) -> list[str]:
    """The codes of what the form refuses."""
    form = JobIntake.of_part(columns, Job.objects.get(pk=job.pk))
    return [error.code or "" for errors in form.errors.as_data().values() for error in errors]


def test_what_is_called_off_beside_a_part_that_came_was_paid_in_part(rosa: User, seller: Seller) -> None:
    job, workers = staffed(("Maria Lopez", "Ana Cruz"))
    request = fund(job, workers, seller, by=rosa, form_id="1")
    progress.approve(request)
    maria = request.payments.get(receiver_name="Maria Lopez")
    progress.bring(maria, PaymentState.NEEDS_ATTENTION, received_value=40000)
    progress.bring(maria, PaymentState.FAILED)
    ended = requests.cancel(request.pk, by=rosa)
    assert (ended.state, ended.remaining_end) == (RequestState.SETTLED_IN_PART, "cancelled")
    assert Message.objects.filter(template="receipt", request=request).count() == 1
    assert sent_alone(rosa.pk, "MXN"), "it is not given back to what one person sends alone"
