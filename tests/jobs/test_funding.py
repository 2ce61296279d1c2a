"""Asking a funder for a job's money: once, exactly, and with a sentence when it can't be."""

from decimal import Decimal
from typing import Any, Literal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from jobs import funding, payables
from jobs.derive_status import sync_job
from jobs.funding import fund
from jobs.models import Application, ApplicationStatus, Job, JobFunding, JobStatus, Payout
from jobs.tasks import sweep, sync_request
from jobs.timeline_text import describe
from ledger.api import TimelineRow, timeline
from payments.models import PaymentRequest, Seller
from payments.openpayments.amounts import LARGEST_VALUE, Amount, Asset
from payments.presentation import timeline_text
from payments.presentation.reasons import Refusal
from payments.states import PaymentState, RequestState
from tests import cast, progress

pytestmark = pytest.mark.django_db
S = JobStatus


def entries(job: Job) -> list[TimelineRow]:
    return timeline([("job", str(job.pk))])


def refused(job: Job, receiver: Application | Literal["seller"], seller: Seller, by: User) -> str:
    """The sentence; and nothing was made, but it was recorded, with words that name who it is about."""
    before = list(PaymentRequest.objects.values_list("pk", flat=True))
    with pytest.raises(Refusal) as caught:
        fund(
            job, "seller" if receiver == "seller" else [receiver], seller, by=by, form_id=f"refused-{len(entries(job))}"
        )
    assert list(PaymentRequest.objects.values_list("pk", flat=True)) == before
    told = describe(entries(job)[-1])
    assert told.detail == str(caught.value)
    return str(caught.value)


def test_a_selected_worker_is_to_receive_exactly_the_budget(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    request = fund(job, [application], seller, by=rosa, form_id="1")

    payment = request.payments.get()
    assert payment.amount == Amount(125000, Asset("MXN", 2))
    assert (payment.receiver_name, payment.receiver_language) == ("Maria Lopez", "es")
    assert (request.state, request.payer_name, request.reference) == (RequestState.QUOTING, "Sol Foundation", "PO-7")
    assert (request.requested_by, request.origin_path) == (rosa, f"/admin/jobs/job/{job.pk}/change/")
    assert Payout.objects.get(application=application).payment == payment
    asked = entries(job)[-1]
    assert (asked.kind, asked.data["amount"]["value"]) == ("job.payment_requested", "125000")
    assert str(describe(asked)) == "Sol Foundation is to pay 1,250.00\xa0MXN to Maria Lopez."
    assert timeline_text.describe(asked) == describe(asked), "the payment's own page tells it in the same words"


def test_the_funder_may_pay_from_another_currency(rosa: User, seller: Seller) -> None:
    job = cast.job(funder=cast.member("Berlin", wallet=cast.wallet("berlin", "EUR")))
    assert fund(job, [cast.applied(job)], seller, by=rosa, form_id="1").state == RequestState.QUOTING


def test_a_wallet_that_counts_finer_gets_the_same_amount(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job, cast.member("Maria", wallet=cast.wallet("fine", "MXN", 4)))
    assert fund(job, [application], seller, by=rosa, form_id="1").payments.get().amount == Amount(
        12500000, Asset("MXN", 4)
    )


def test_two_clicks_on_one_form_are_one_request(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    first = fund(job, [application], seller, by=rosa, form_id="1")
    assert fund(job, [application], seller, by=rosa, form_id="1") == first
    assert (PaymentRequest.objects.count(), Payout.objects.count()) == (1, 1)


def test_a_form_of_one_job_asks_for_no_other(rosa: User, seller: Seller) -> None:
    job = cast.job()
    fund(job, [cast.applied(job)], seller, by=rosa, form_id="1")
    other = cast.job(funder=job.funder)
    with pytest.raises(Refusal, match="This form belongs to another payment"):
        fund(other, [cast.applied(other, cast.member("Xochitl"))], seller, by=rosa, form_id="1")
    assert not other.fundings.exists()


def test_the_same_worker_is_not_asked_for_twice(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    request = fund(job, [application], seller, by=rosa, form_id="1")
    assert refused(job, application, seller, rosa) == (
        f"Request {request.pk} for Maria Lopez and this job exists already. Open it to see where it stands."
    )


def test_not_even_the_database_takes_a_second_active_payout(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    payment = fund(job, [application], seller, by=rosa, form_id="1").payments.get()
    other = cast.job(funder=job.funder)
    another = fund(other, [cast.applied(other, cast.member("Xochitl"))], seller, by=rosa, form_id="2")
    Payout.objects.filter(payment__request=another).delete()
    with transaction.atomic(), pytest.raises(IntegrityError):
        Payout.objects.create(application=application, payment=another.payments.get())
    assert Payout.objects.get(application=application).payment == payment


def test_a_job_can_have_only_one_active_funding(rosa: User) -> None:
    holder = cast.seller(may_hold_money=True)
    job = cast.job()
    request = fund(job, "seller", holder, by=rosa, form_id="1")
    assert refused(job, "seller", holder, rosa) == (
        f"The money for this job was asked for already, in request {request.pk}. Open it to see."
    )


@pytest.mark.parametrize(
    "ended", [RequestState.FAILED, RequestState.DECLINED, RequestState.CANCELLED, RequestState.EXPIRED]
)
def test_what_ended_without_money_can_be_asked_for_again(ended: RequestState, rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    first = fund(job, [application], seller, by=rosa, form_id="1")
    progress.end(first, ended)
    second = fund(job, [application], seller, by=rosa, form_id="2")
    assert second != first
    assert [payout.active for payout in application.payouts.order_by("created_at")] == [False, True]
    assert "job.money_released" in [row.kind for row in entries(job)]


def test_what_settled_is_never_asked_for_again(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    progress.settle(fund(job, [application], seller, by=rosa, form_id="1"))
    sync_job(job.pk)
    assert "exists already" in refused(job, application, seller, rosa)
    assert application.payouts.get().active


@pytest.mark.parametrize(
    ("status", "way"),
    [
        (S.DRAFT, "Nothing can be paid while the job is “Draft”. Publish the job first."),
        (S.CANCELED, "Nothing can be paid while the job is “Canceled”. Duplicate it to try again."),
        (S.EXPIRED, "Nothing can be paid while the job is “Expired”. Reopen it to try again."),
        (S.COMPLETE, "Nothing can be paid while the job is “Complete”. It is done."),
    ],
)
def test_a_job_that_is_not_under_way_pays_nobody(status: S, way: str, rosa: User, seller: Seller) -> None:
    job = cast.job(status)
    assert refused(job, cast.applied(job), seller, rosa) == way


def broken(name: str) -> Any:
    return cast.wallet(name, problem="wallet_unreachable", problem_params={"host": "wallet.example"})


def test_a_worker_without_a_usable_wallet_is_named_and_can_be_helped(rosa: User, seller: Seller) -> None:
    job = cast.job()
    worker = cast.member("Maria Lopez", wallet=None)
    application = cast.applied(job, worker)

    def give(wallet: Any) -> None:
        worker.wallet = wallet
        worker.save()

    assert refused(job, application, seller, rosa) == (
        "Maria Lopez has no wallet address yet. Add it to the member, then try again."
    )
    give(cast.unchecked_wallet("new"))
    assert "The wallet of Maria Lopez was never reached" in refused(job, application, seller, rosa)
    give(broken("down"))
    assert refused(job, application, seller, rosa) == (
        "The wallet of Maria Lopez cannot be used: The wallet wallet.example did not answer. "
        "Try again in a few minutes; if it goes on, ask its owner."
    )
    give(cast.wallet("euros", "EUR"))
    assert refused(job, application, seller, rosa) == (
        "The amount is in MXN, but the wallet of Maria Lopez receives EUR. On the job's page, let the funder pay "
        "exactly the budget: then workers may have any currency."
    )
    give(cast.wallet("ready"))
    assert fund(job, [application], seller, by=rosa, form_id="1").state == RequestState.QUOTING


def test_a_funder_without_a_usable_wallet_is_named(rosa: User, seller: Seller) -> None:
    funder = cast.member("Sol Foundation", wallet=None)
    job = cast.job(funder=funder)
    application = cast.applied(job)
    assert "Sol Foundation has no wallet address yet" in refused(job, application, seller, rosa)
    funder.wallet = broken("down")
    funder.save()
    assert "The payer's wallet cannot be used: The wallet wallet.example" in refused(job, application, seller, rosa)


def test_a_wallet_that_counts_too_coarsely_is_refused(rosa: User, seller: Seller) -> None:
    job = cast.job(budget=Amount.from_major(Decimal("10.50"), Asset("MXN", 2)))
    application = cast.applied(job, cast.member("Maria", wallet=cast.wallet("coarse", "MXN", 0)))
    assert refused(job, application, seller, rosa) == (
        "The wallet of Maria cannot hold 10.50 MXN exactly: its smallest unit is larger. Use a rounder amount."
    )


def test_money_is_not_sent_to_where_it_comes_from(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job, cast.member("Twin", wallet=job.funder.wallet))
    assert "Payer and receiver have the same wallet address" in refused(job, application, seller, rosa)


def test_only_a_selected_worker_is_paid(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job, status=ApplicationStatus.PENDING)
    assert "Maria Lopez is not selected for this job" in refused(job, application, seller, rosa)


def test_a_worker_of_another_job_is_not_paid_here(rosa: User, seller: Seller) -> None:
    job = cast.job()
    other = cast.applied(cast.job(funder=job.funder))
    with pytest.raises(Application.DoesNotExist):
        fund(job, [other], seller, by=rosa, form_id="1")
    assert not PaymentRequest.objects.exists()


# The platform as receiver


def test_the_platform_holds_money_only_when_it_may(rosa: User, seller: Seller) -> None:
    job = cast.job()
    assert refused(job, "seller", seller, rosa) == (
        "Tequio may not receive money for jobs. An administrator can allow it on the seller's page."
    )
    assert [choice.receiver for choice in payables.choices(job)] == []


def test_the_platform_holds_the_budget_of_all_workers(rosa: User) -> None:
    holder = cast.seller(may_hold_money=True)
    job = cast.job(workers_wanted=3)
    assert [choice.amount.value for choice in payables.choices(job)] == [375000]
    application = cast.applied(job)
    assert [choice.amount.value for choice in payables.choices(job)] == [125000, 125000]
    request = fund(job, "seller", holder, by=rosa, form_id="1")
    assert request.payments.get().value == 125000
    assert JobFunding.objects.get().request == request
    assert "Asking again would charge them twice" in refused(job, application, holder, rosa)


def test_nothing_is_held_for_workers_who_are_paid_directly(rosa: User) -> None:
    holder = cast.seller(may_hold_money=True)
    job = cast.job()
    fund(job, [cast.applied(job)], holder, by=rosa, form_id="1")
    assert refused(job, "seller", holder, rosa) == "Every selected worker is paid, or being paid, already."
    assert payables.choices(job) == []


def test_a_budget_that_can_not_be_counted_is_refused(rosa: User) -> None:
    holder = cast.seller(may_hold_money=True)
    job = cast.job(budget=Amount(LARGEST_VALUE, Asset("MXN", 2)), workers_wanted=2)
    assert "The budget times 2 workers is more than can be counted" in refused(job, "seller", holder, rosa)


def test_without_any_seller_nobody_can_ask() -> None:
    with pytest.raises(Refusal, match="There is no seller yet"):
        funding.seller_of(cast.job())


# The queue


def test_the_end_of_a_request_queues_a_look_at_its_jobs(rosa: User, seller: Seller) -> None:
    from django_q.models import OrmQ  # noqa: PLC0415

    job = cast.job()
    request = fund(job, [cast.applied(job)], seller, by=rosa, form_id="1")
    assert "jobs.tasks.sync_request" not in [task.func() for task in OrmQ.objects.all()], "nothing to act on yet"
    progress.end(request, RequestState.CANCELLED)
    assert "jobs.tasks.sync_request" in [task.func() for task in OrmQ.objects.all()]


def test_the_queue_and_the_sweep_bring_the_same(rosa: User, seller: Seller) -> None:
    for number, by_queue in enumerate((True, False)):
        job = cast.job(S.SUBMITTING, funder=cast.member(f"Funder{number}"))
        application = cast.applied(job, cast.member(f"Worker{number}"))
        request = fund(job, [application], seller, by=rosa, form_id=f"{number}")
        progress.settle(request)
        sync_request(request.pk) if by_queue else sweep()
        job.refresh_from_db()
        assert job.is_funded
        assert application.payouts.get().payment.state == PaymentState.SETTLED


def test_the_sweep_is_scheduled() -> None:
    from django_q.models import Schedule  # noqa: PLC0415

    assert Schedule.objects.get(name="jobs.sweep").func == "jobs.tasks.sweep"
