"""One approval for many workers, of one job or of several, and what stands in its way."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs import decisions, funding, payables
from jobs.funding import fund
from jobs.models import Application, ApplicationStatus, Job, JobStatus, Member, Payout
from ledger.api import timeline
from payments.models import PaymentRequest, Seller
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.reasons import Refusal
from payments.states import RequestState
from tests import cast, progress

pytestmark = pytest.mark.django_db
NAMES = ("Maria Lopez", "Xochitl Ruiz", "Citlali Paz")


def staffed(names: tuple[str, ...] = NAMES, **columns: Any) -> tuple[Job, list[Application]]:
    job = cast.job(workers_wanted=max(1, len(names)), **columns)
    return job, [cast.applied(job, cast.member(name)) for name in names]


def refused(jobs: Job | list[Job], receivers: list[Application], seller: Seller, by: User) -> str:
    """The sentence; nothing was made, and it is told on each job."""
    before = PaymentRequest.objects.count()
    with pytest.raises(Refusal) as caught:
        fund(jobs, receivers, seller, by=by, form_id="refused")
    assert (PaymentRequest.objects.count(), Payout.objects.count()) == (before, before)
    for job in [jobs] if isinstance(jobs, Job) else jobs:
        assert timeline([("job", str(job.pk))])[-1].kind == "job.payment_refused"
    return str(caught.value)


def test_all_workers_of_a_job_are_paid_under_one_approval(rosa: User, seller: Seller) -> None:
    job, workers = staffed()
    request = fund(job, workers, seller, by=rosa, form_id="1")
    assert {payout.application.worker.name: payout.payment.value for payout in Payout.objects.all()} == dict.fromkeys(
        NAMES, 125000
    )
    assert set(Payout.objects.values_list("payment__request", flat=True)) == {request.pk}
    for application in workers:
        payment = application.payouts.get().payment
        assert payment.receiver_wallet == application.worker.wallet
    assert fund(job, workers, seller, by=rosa, form_id="1") == request
    assert [row.kind for row in timeline([("job", str(job.pk))])].count("job.payment_requested") == 3


def test_some_are_asked_for_now_and_the_others_later(rosa: User, seller: Seller) -> None:
    job, workers = staffed()
    fund(job, workers[:2], seller, by=rosa, form_id="1")
    assert [choice.receiver for choice in payables.choices(job)] == workers[2:]
    fund(job, workers[2:], seller, by=rosa, form_id="2")
    assert payables.choices(job) == []


def test_several_jobs_of_one_funder_are_one_email_that_tells_them(rosa: User, seller: Seller) -> None:
    funder = cast.member("Sol Foundation")
    one = cast.job(funder=funder, title="Riddles", reference="PO-1")
    two = cast.job(funder=funder, title="Songs", reference="PO-2", budget=Amount(9000, Asset("USD", 2)))
    maria = cast.member("Maria Lopez")
    receivers = [cast.applied(one, maria), cast.applied(two, cast.member("Joan", wallet=cast.wallet("joan", "USD")))]
    request = fund([two, one], receivers, seller, by=rosa, form_id="1")
    assert (request.title, request.reference) == ("Riddles, Songs", "PO-1, PO-2")
    request.refresh_from_db()
    assert request.origin_path == f"/admin/payments/paymentrequest/{request.pk}/change/"
    lines = {payout.application.job.title: str(payout.payment.amount.to_major()) for payout in Payout.objects.all()}
    assert lines == {"Riddles": "1250.00", "Songs": "90.00"}
    assert fund([one, two], receivers, seller, by=rosa, form_id="1") == request
    with pytest.raises(Refusal, match="This form belongs to another payment"):
        fund(cast.job(funder=funder), [], seller, by=rosa, form_id="1")


def test_one_worker_in_two_jobs_gets_two_lines(rosa: User, seller: Seller) -> None:
    funder, maria = cast.member("Sol Foundation"), cast.member("Maria Lopez")
    jobs = [cast.job(funder=funder), cast.job(funder=funder)]
    request = fund(jobs, [cast.applied(job, maria) for job in jobs], seller, by=rosa, form_id="1")
    assert request.payments.count() == 2
    assert {payout.application.job for payout in Payout.objects.all()} == set(jobs)


def test_a_long_list_of_jobs_fits_the_title(rosa: User, seller: Seller) -> None:
    funder = cast.member("Sol Foundation")
    jobs = [cast.job(funder=funder, title="x" * 200) for _ in range(3)]
    receivers = [cast.applied(job, cast.member(f"W{job.pk}")) for job in jobs]
    assert len(fund(jobs, receivers, seller, by=rosa, form_id="1").title) == 200


def test_zero_workers_are_nobody_to_pay(rosa: User, seller: Seller) -> None:
    job, _workers = staffed()
    assert refused(job, [], seller, rosa) == "Choose at least one worker to pay."


def test_too_many_workers_are_refused(rosa: User, seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(funding, "MOST_RECEIVERS", 2)
    job, workers = staffed()
    assert refused(job, workers, seller, rosa).startswith("At most 2 workers are paid under one approval.")


def test_different_funders_do_not_approve_together(rosa: User, seller: Seller) -> None:
    one, two = cast.job(), cast.job(funder=cast.member("Luna"))
    receivers = [cast.applied(one), cast.applied(two, cast.member("Xochitl"))]
    assert refused([one, two], receivers, seller, rosa).startswith("These jobs have different funders.")


def test_jobs_of_different_sellers_are_not_asked_for_together(rosa: User, seller: Seller) -> None:
    funder = cast.member("Sol Foundation")
    other = cast.seller(id="other", name="Radio", wallet=cast.wallet("radio"), is_default=False)
    jobs = [cast.job(funder=funder, seller=seller), cast.job(funder=funder, seller=other, title="Songs")]
    receivers = [cast.applied(job, cast.member(f"W{job.pk}")) for job in jobs]
    with pytest.raises(Refusal, match="These jobs are asked for by different sellers"):
        funding.seller_of(*jobs)
    assert refused(jobs, receivers, seller, rosa) == (
        "“Songs”: This job's money is asked for by Radio. Choose that seller, or change it on the job's page."
    )


@pytest.mark.parametrize("names", [("Maria Lopez", "Xochitl Ruiz")])
def test_one_who_can_not_be_paid_stops_the_ask_and_is_named(names: tuple[str, ...], rosa: User, seller: Seller) -> None:
    job, workers = staffed(names)

    def give(member: Member, **columns: object) -> None:
        member.wallet = cast.wallet(f"{member.pk}-{len(columns)}-{next(numbers)}", **columns)  # type: ignore[arg-type]
        member.save()

    numbers = iter(range(9))
    member = workers[1].worker
    member.wallet = None
    member.save()
    assert "Xochitl Ruiz has no wallet address yet." in refused(job, workers, seller, rosa)
    give(member, code="EUR")
    assert "the wallet of Xochitl Ruiz receives EUR" in refused(job, workers, seller, rosa)
    give(member, problem="wallet_not_found", problem_params={"wallet": "https://wallet.example/x"})
    assert "The wallet of Xochitl Ruiz cannot be used" in refused(job, workers, seller, rosa)
    member.wallet = job.funder.wallet
    member.save()
    assert "Payer and receiver have the same wallet address" in refused(job, workers, seller, rosa)
    assert fund(job, workers[:1], seller, by=rosa, form_id="1").payments.count() == 1


def test_a_canceled_job_among_them_is_named(rosa: User, seller: Seller) -> None:
    funder = cast.member("Sol Foundation")
    one, two = cast.job(funder=funder), cast.job(JobStatus.CANCELED, funder=funder, title="Songs")
    receivers = [cast.applied(one), cast.applied(two, cast.member("Xochitl"))]
    assert refused([one, two], receivers, seller, rosa) == (
        "“Songs”: Nothing can be paid while the job is “Canceled”. Duplicate it to try again."
    )


def test_whoever_is_being_paid_already_is_told_and_nobody_is_asked_twice(rosa: User, seller: Seller) -> None:
    job, workers = staffed()
    first = fund(job, workers[:2], seller, by=rosa, form_id="1")
    with pytest.raises(Refusal) as caught:
        fund(job, workers[1:], seller, by=rosa, form_id="2")
    assert str(caught.value) == (
        f"Request {first.pk} for Xochitl Ruiz and this job exists already. Open it to see where it stands."
    )
    assert Payout.objects.count() == 2


def seen(job: Job) -> dict[int, str]:
    return {choice.receiver.pk: choice.seen for choice in payables.owed(job) if choice.receiver != "seller"}


def test_what_changed_since_it_was_looked_at_is_looked_at_again(rosa: User, seller: Seller) -> None:
    job, workers = staffed()
    looked = seen(job)
    Job.objects.filter(pk=job.pk).update(budget_value=200000)
    with pytest.raises(Refusal, match="What Maria Lopez is to get changed meanwhile"):
        fund(job, workers, seller, by=rosa, form_id="1", seen=looked)
    job.refresh_from_db()
    looked = seen(job)
    workers[2].worker.wallet = cast.wallet("new")
    workers[2].worker.save()
    with pytest.raises(Refusal, match="What Citlali Paz is to get changed meanwhile"):
        fund(job, workers, seller, by=rosa, form_id="1", seen=looked)
    assert not PaymentRequest.objects.exists()
    assert fund(job, workers[:2], seller, by=rosa, form_id="1", seen=looked).payments.count() == 2


def test_a_worker_who_was_let_go_meanwhile_is_not_paid(rosa: User, seller: Seller) -> None:
    job, workers = staffed()
    looked = seen(job)
    decisions.reject(workers[0].pk, by=rosa)
    with pytest.raises(Refusal, match="Maria Lopez is not selected"):
        fund(job, workers, seller, by=rosa, form_id="1", seen=looked)
    assert not PaymentRequest.objects.exists()


def test_one_who_fails_is_offered_anew_and_the_others_are_not(rosa: User, seller: Seller) -> None:
    job, workers = staffed()
    request = fund(job, workers, seller, by=rosa, form_id="1")
    progress.settle(request, "Citlali Paz")
    offered = [choice.contact.name for choice in payables.choices(job)]
    assert offered == ["Citlali Paz"]
    again = fund(job, workers[2:], seller, by=rosa, form_id="2")
    progress.settle(again)
    assert payables.choices(job) == []
    assert workers[2].status == ApplicationStatus.SELECTED
    assert request.state != RequestState.SETTLED
