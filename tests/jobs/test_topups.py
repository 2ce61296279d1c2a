"""More is owed after some was paid: the difference can be asked for; and where each worker's money is."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs import decisions, job_payments, payables
from jobs.derive_status import sync_job
from jobs.funding import Way, fund
from jobs.models import Application, Job, JobStatus
from jobs.worker_balances import balance_of, total
from payments.models import Payment, Seller
from payments.openpayments.amounts import Amount
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal
from payments.states import PaymentState
from tests import cast, progress
from tests.cast import person, signed_in
from tests.jobs.test_admin_jobs import ASK, CHANGE, SEE, html, save
from tests.jobs.test_paid_outside import resolved
from tests.jobs.test_split import staffed

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db: None) -> Client:
    return signed_in(person("ana", *SEE, *CHANGE, *ASK))


def raised(job: Job, to: int = 150000) -> Job:
    Job.objects.filter(pk=job.pk).update(budget_value=to)
    job.refresh_from_db()
    return job


def places(application: Application) -> dict[str, str]:
    found = balance_of(Application.objects.get(pk=application.pk)).places
    return {name: format_amount(each) for name in vars(found) if isinstance(each := getattr(found, name), Amount)}


def test_a_budget_raised_after_a_payment_makes_the_difference_owed(staff: Client, rosa: User, seller: Seller) -> None:
    job = cast.job(JobStatus.SUBMITTING)
    application = cast.applied(job)
    work = cast.handed_in(application)
    first = fund(job, [application], seller, by=rosa, form_id="1")
    assert "uses this budget" in save(staff, job, budget_text="1500.00").content.decode(), "money is under way"
    progress.settle(first)
    assert save(staff, job, budget_text="1500.00").status_code == 302
    job.refresh_from_db()
    assert (job.budget_value, job.is_funded, job.status) == (150000, False, JobStatus.REVIEWING)
    assert job_payments.money_status(Application.objects.get(pk=application.pk)) == job_payments.AGREED
    assert places(application) == {"owed": "250.00\xa0MXN", "settled": "1,250.00\xa0MXN"}
    shown = html(staff, job)
    assert "Ask again" in shown

    second = fund(job, [application], seller, by=rosa, form_id="2")
    assert second.payments.get().value == 25000
    progress.settle(second)
    decisions.accept_submission(work.pk, by=rosa)
    job.refresh_from_db()
    assert (job.is_funded, job.status) == (True, JobStatus.COMPLETE)
    assert "uses this budget" in save(staff, job, budget_text="1600.00").content.decode(), "the job is over"
    assert application.payouts.filter(active=True).count() == 2


def test_funder_and_currency_stay_once_somebody_was_paid(staff: Client, rosa: User, seller: Seller) -> None:
    job = cast.job()
    request = fund(job, [cast.applied(job)], seller, by=rosa, form_id="1")
    progress.settle(request)
    for change in ({"currency": "USD"}, {"funder": str(cast.member("Luna").pk)}):
        assert f"Request {request.pk} uses this budget" in save(staff, job, **change).content.decode()
    job.refresh_from_db()
    assert (job.budget_code, job.funder.name) == ("MXN", "Sol Foundation")


def test_a_lower_budget_owes_nothing_to_who_was_paid(rosa: User, seller: Seller) -> None:
    job, workers = staffed()
    progress.settle(fund(job, workers[:1], seller, by=rosa, form_id="1"))
    sync_job(job.pk)
    raised(job, 100000)
    assert [choice.amount.value for choice in payables.choices(job)] == [100000, 100000]
    with pytest.raises(Refusal, match="exists already"):
        fund(job, workers, seller, by=rosa, form_id="2")


def test_paid_outside_counts_and_stands_apart(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    resolved(fund(job, [application], seller, by=rosa, form_id="1"), PaymentState.SETTLED_OUTSIDE, arrived=40000)
    assert places(application) == {"settled": "400.00\xa0MXN", "outside": "850.00\xa0MXN"}
    raised(job)
    sync_job(job.pk)
    assert fund(job, [application], seller, by=rosa, form_id="2").payments.get().value == 25000


def test_every_place_has_its_amount(rosa: User, seller: Seller) -> None:
    job = cast.job(JobStatus.SUBMITTING, workers_wanted=6)
    workers = [cast.applied(job, cast.member(name)) for name in ("Asked", "Held", "Approved", "Sent", "Paid", "Owed")]
    fund(job, workers[:1], seller, by=rosa, form_id="asked")
    progress.approve(fund(job, workers[1:2], seller, Way.HELD, by=rosa, form_id="held"))
    progress.approve(fund(job, workers[2:3], seller, by=rosa, form_id="approved"))
    progress.approve(sent := fund(job, workers[3:4], seller, by=rosa, form_id="sent"))
    progress.bring(sent.payments.get(), PaymentState.SENT)
    progress.settle(fund(job, workers[4:5], seller, by=rosa, form_id="paid"))
    names = ["asked", "waiting", "approved", "sent", "settled", "owed"]
    assert [places(worker) for worker in workers] == [{name: "1,250.00\xa0MXN"} for name in names]
    whole = total(balance_of(worker) for worker in job.applications.all())
    assert {format_amount(getattr(whole, name)) for name in names} == {"1,250.00\xa0MXN"}


def test_a_failed_payment_says_why_and_can_be_asked_for_again(staff: Client, rosa: User, seller: Seller) -> None:
    job, workers = staffed()
    request = fund(job, workers, seller, by=rosa, form_id="1")
    progress.settle(request, "Citlali Paz")
    Payment.objects.filter(request=request, receiver_name="Citlali Paz").update(reason="payment_failed")
    sync_job(job.pk)
    shown = html(staff, job).split('id="workers-money"')[1]
    assert "often because the balance was too low" in shown
    assert f"?only={workers[2].pk}" in shown
    assert f"?only={workers[0].pk}" not in shown


def test_the_panel_asks_as_often_for_many_as_for_one(seller: Seller) -> None:
    root = User.objects.create_superuser("root")
    client = signed_in(root)

    def queries(count: int) -> int:
        job = cast.job(JobStatus.SUBMITTING, funder=cast.member(f"Funder{count}"), workers_wanted=count)
        workers = [cast.applied(job, cast.member(f"W{count}of{number}")) for number in range(count)]
        fund(job, workers, seller, by=root, form_id=str(count))
        html(client, job)
        with CaptureQueriesContext(connection) as asked:
            html(client, job)
        return len(asked)

    assert queries(1) == queries(12)
