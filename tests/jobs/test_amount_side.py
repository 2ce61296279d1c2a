"""The funder pays exactly the budget for each worker, in their own currency; workers have whatever currency."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs import earnings, job_payments
from jobs.funding import fund
from jobs.models import AmountSide, Application, Job, JobFunding
from jobs.worker_balances import balance_of
from payments.models import Payment, PaymentRequest, Seller
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.reasons import Refusal
from payments.presentation.status import OF_PAYMENTS
from payments.states import PaymentState, RequestState
from tests import cast, progress

pytestmark = pytest.mark.django_db
MXN, USD = Asset("MXN", 2), Asset("USD", 2)


def debit_job(**columns: Any) -> Job:
    return cast.job(amount_side=AmountSide.DEBIT, **columns)


def abroad(job: Job, name: str = "Marisol Ceh", code: str = "USD", scale: int = 2) -> Application:
    wallet = cast.wallet(name.split(maxsplit=1)[0].lower(), code, scale)
    return cast.applied(job, cast.member(name, wallet=wallet))


def reread(application: Application) -> Application:
    return (
        Application.objects.select_related("job").prefetch_related("payouts__payment__request").get(pk=application.pk)
    )


def test_the_funder_pays_exactly_the_budget_and_the_worker_may_have_any_currency(rosa: User, seller: Seller) -> None:
    job = debit_job()
    request = fund(job, [abroad(job)], seller, by=rosa, form_id="1")
    payment = request.payments.get()
    assert payment.pays == Amount(1250_00, MXN)
    assert (payment.asset, payment.value) == (USD, 0)


def test_workers_in_several_currencies_are_asked_for_together(rosa: User, seller: Seller) -> None:
    job = debit_job(workers_wanted=3)
    workers = [abroad(job), abroad(job, "Yoko Tani", "JPY", 0), cast.applied(job)]
    request = fund(job, workers, seller, by=rosa, form_id="1")
    assert {payment.asset_code for payment in request.payments.all()} == {"USD", "JPY", "MXN"}
    assert {payment.fixed_debit for payment in request.payments.all()} == {1250_00}
    assert all(worker.payouts.count() == 1 for worker in workers)


def test_a_worker_in_another_currency_is_refused_with_the_way_out(rosa: User, seller: Seller) -> None:
    job = cast.job()
    with pytest.raises(Refusal, match="let the funder pay exactly the budget"):
        fund(job, [abroad(job)], seller, by=rosa, form_id="1")
    assert not PaymentRequest.objects.exists()


def test_a_budget_in_another_currency_than_the_funders_is_refused(rosa: User, seller: Seller) -> None:
    job = debit_job(budget=Amount(50_00, USD))
    with pytest.raises(
        Refusal, match="Sol Foundation is to pay exactly an amount in USD, but their wallet pays in MXN"
    ):
        fund(job, [abroad(job)], seller, by=rosa, form_id="1")


def test_a_budget_that_the_funders_wallet_cannot_hold_exactly_is_refused(rosa: User, seller: Seller) -> None:
    funder = cast.member("Sol Foundation", wallet=cast.wallet("sol", "MXN", 0))
    job = debit_job(funder=funder, budget=Amount(50_25, MXN))
    with pytest.raises(Refusal, match=r"cannot hold 50\.25 MXN exactly"):
        fund(job, [abroad(job)], seller, by=rosa, form_id="1")


def test_once_paid_nothing_is_owed_whatever_it_bought(rosa: User, seller: Seller) -> None:
    job = debit_job()
    application = abroad(job)
    request = fund(job, [application], seller, by=rosa, form_id="1")
    Payment.objects.filter(request=request).update(value=64_80)
    progress.settle(request)
    application = reread(application)
    assert job_payments.remaining_of(job.budget, application).is_zero
    assert job_payments.money_status(application) == OF_PAYMENTS[PaymentState.SETTLED]
    assert balance_of(application).places.settled == Amount(1250_00, MXN)
    with pytest.raises(Refusal):
        fund(job, [application], seller, by=rosa, form_id="2")


def test_of_what_arrived_in_part_the_same_part_of_the_budget_counts(rosa: User, seller: Seller) -> None:
    job = debit_job()
    application = abroad(job)
    request = fund(job, [application], seller, by=rosa, form_id="1")
    Payment.objects.filter(request=request).update(value=64_80)
    progress.end(request, RequestState.FAILED, received=21_60)
    rest = job_payments.remaining_of(job.budget, reread(application))
    assert rest == Amount(833_33, MXN), "a third of it, rounded up, came before"


def test_a_larger_budget_tops_up_what_was_paid(rosa: User, seller: Seller) -> None:
    job = debit_job()
    application = abroad(job)
    request = fund(job, [application], seller, by=rosa, form_id="1")
    Payment.objects.filter(request=request).update(value=64_80)
    progress.settle(request)
    Job.objects.filter(pk=job.pk).update(budget_value=1500_00)
    job.refresh_from_db()
    more = fund(job, [application], seller, by=rosa, form_id="2")
    assert more.payments.get().pays == Amount(250_00, MXN)


def test_the_platform_may_hold_what_the_funder_pays_exactly(rosa: User, seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(may_hold_money=True)
    seller.refresh_from_db()
    job = debit_job(workers_wanted=2)
    abroad(job)
    abroad(job, "Yoko Tani", "JPY", 0)
    request = fund(job, "seller", seller, by=rosa, form_id="1")
    assert request.payments.get().pays == Amount(2500_00, MXN)
    assert JobFunding.objects.get().request == request


def test_before_it_is_sent_a_worker_reads_what_is_paid_for_them_not_a_sum_that_nobody_knows(
    rosa: User, seller: Seller
) -> None:
    job = debit_job()
    application = abroad(job)
    (owed,) = earnings.of(application.worker).agreed
    assert (owed.amount, owed.buys) == (Amount(1250_00, MXN), True)
    request = fund(job, [application], seller, by=rosa, form_id="1")
    Payment.objects.filter(request=request).update(value=64_80)
    (owed,) = earnings.of(application.worker).agreed
    assert (owed.amount, owed.buys) == (Amount(1250_00, MXN), True)
    progress.settle(request)
    (arrived,) = earnings.of(application.worker).arrived
    assert (arrived.amount, arrived.buys) == (Amount(64_80, USD), False)
