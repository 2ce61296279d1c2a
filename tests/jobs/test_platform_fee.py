"""The platform's fee: exact, once, on top, to a seller's wallet; and never a worker's money."""

from fractions import Fraction

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from jobs import job_payments, payables, platform_fee
from jobs.derive_status import sync_job
from jobs.funding import fund
from jobs.models import JobStatus, Payout
from ledger.api import timeline
from payments.actions.sellers import SellerFee, register
from payments.invariants import violations
from payments.models import Payment, PaymentRequest, Seller
from payments.models.payments import Purpose
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.cost_summary import cost_summary_of
from payments.presentation.reasons import Refusal
from payments.presentation.status import OF_PAYMENTS
from payments.states import PaymentState
from tests import cast, progress
from tests.jobs.test_split import staffed

pytestmark = pytest.mark.django_db
MXN = Asset("MXN", 2)


def fee_of(request: PaymentRequest) -> Payment:
    return request.payments.get(purpose=Purpose.FEE)


def test_a_fee_is_its_own_line_to_the_sellers_wallet(rosa: User, taker: Seller) -> None:
    job, workers = staffed()
    request = fund(job, workers, taker, by=rosa, form_id="1")
    fee = fee_of(request)
    assert (fee.amount, fee.receiver_wallet, fee.receiver_name) == (Amount(9375, MXN), taker.wallet, "Tequio")
    assert [line.name for line in cost_summary_of(request).lines if line.payment.is_fee] == ["Platform fee 2.5 %"]
    assert sum(Payout.objects.values_list("fee_value", flat=True)) == 9375
    assert not Payout.objects.filter(payment=fee).exists()
    assert "job.fee_requested" in [row.kind for row in timeline([("request", request.pk)])]
    assert violations() == []


def test_half_a_unit_is_rounded_up_once_over_the_sum(rosa: User, taker: Seller) -> None:
    """Three times 33.34 is 100.02; 2.5 % of it is 2.5005. Each by itself would be 0.84, and 2.52 in all."""
    job, workers = staffed(budget=Amount(3334, MXN))
    assert fee_of(fund(job, workers, taker, by=rosa, form_id="1")).value == 250
    assert sorted(Payout.objects.values_list("fee_value", flat=True)) == [83, 83, 84]


def test_one_fee_for_each_currency(rosa: User, taker: Seller) -> None:
    cast.seller(id="dollars", name="Tequio US", wallet=cast.wallet("us", "USD"), is_default=False)
    funder = cast.member("Sol Foundation")
    one, two = cast.job(funder=funder), cast.job(funder=funder, budget=Amount(9000, Asset("USD", 2)))
    joan = cast.member("Joan", wallet=cast.wallet("joan", "USD"))
    request = fund([one, two], [cast.applied(one), cast.applied(two, joan)], taker, by=rosa, form_id="1")
    found = {str(each.receiver_name): str(each.amount.to_major()) for each in request.payments.filter(purpose="fee")}
    assert found == {"Tequio": "31.25", "Tequio US": "2.25"}


def test_without_a_wallet_in_the_currency_nobody_is_asked(rosa: User, taker: Seller) -> None:
    job = cast.job(budget=Amount(9000, Asset("USD", 2)))
    application = cast.applied(job, cast.member("Joan", wallet=cast.wallet("joan", "USD")))
    with pytest.raises(Refusal) as caught:
        fund(job, [application], taker, by=rosa, form_id="1")
    assert str(caught.value) == (
        "Tequio takes a fee, but none of our sellers has a working wallet in USD to receive it. "
        "Add such a seller, or switch the fee off."
    )
    assert not PaymentRequest.objects.exists()


def test_a_fee_larger_than_the_amount_is_refused(rosa: User, seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(fee_value=200000, fee_code="MXN", fee_scale=2)
    seller.refresh_from_db()
    job = cast.job()
    with pytest.raises(Refusal, match="The fee of Tequio is more than the workers get"):
        fund(job, [cast.applied(job)], seller, by=rosa, form_id="1")
    assert not PaymentRequest.objects.exists()


def test_a_fixed_fee_is_taken_for_each_worker_and_only_in_its_currency(rosa: User, seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(fee_value=2000, fee_code="MXN", fee_scale=2)
    seller.refresh_from_db()
    job, workers = staffed()
    assert fee_of(fund(job, workers, seller, by=rosa, form_id="1")).value == 6000
    dollars = cast.job(funder=job.funder, budget=Amount(9000, Asset("USD", 2)))
    joan = cast.applied(dollars, cast.member("Joan", wallet=cast.wallet("joan", "USD")))
    assert fund(dollars, [joan], seller, by=rosa, form_id="2").payments.count() == 1


def test_a_fixed_fee_is_taken_once_however_many_parts_there_are(rosa: User, seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(fee_value=2000, fee_code="MXN", fee_scale=2)
    seller.refresh_from_db()
    job, (maria, ana) = staffed(("Maria Lopez", "Ana Cruz"))
    for number, (workers, fee) in enumerate((([maria], 2000), ([maria, ana], 2000), ([maria], None), ([ana], None))):
        parts = {worker.pk: Amount(10000, MXN) for worker in workers}
        request = fund(job, workers, seller, by=rosa, form_id=str(number), parts=parts)
        assert request.payments.filter(purpose=Purpose.FEE).values_list("value", flat=True).first() == fee, number
        progress.settle(request)


def test_a_fee_that_rounds_to_nothing_is_no_line(rosa: User, taker: Seller) -> None:
    job = cast.job(budget=Amount(10, MXN))
    assert fund(job, [cast.applied(job)], taker, by=rosa, form_id="1").payments.count() == 1


def test_a_failing_fee_leaves_the_workers_settled(rosa: User, taker: Seller) -> None:
    job, workers = staffed(("Maria Lopez",), status=JobStatus.SUBMITTING)
    progress.settle(fund(job, workers, taker, by=rosa, form_id="1"), "Tequio")
    sync_job(job.pk)
    job.refresh_from_db()
    assert job.is_funded
    assert job_payments.money_status(workers[0]) == OF_PAYMENTS[PaymentState.SETTLED]
    assert payables.choices(job) == []


def test_whoever_fails_costs_no_second_fee_when_asked_for_again(rosa: User, taker: Seller) -> None:
    job, workers = staffed()
    progress.settle(fund(job, workers, taker, by=rosa, form_id="1"), "Citlali Paz")
    again = fund(job, workers[2:], taker, by=rosa, form_id="2")
    assert not again.payments.filter(purpose=Purpose.FEE).exists()


def test_a_fee_that_was_never_paid_is_asked_for_with_the_money(rosa: User, taker: Seller) -> None:
    job, workers = staffed()
    progress.settle(fund(job, workers, taker, by=rosa, form_id="1"), "Citlali Paz", "Tequio")
    assert fee_of(fund(job, workers[2:], taker, by=rosa, form_id="2")).value == 3125


def test_another_fee_later_changes_nothing_for_what_was_paid(rosa: User, taker: Seller) -> None:
    job, workers = staffed(("Maria Lopez",))
    progress.settle(fund(job, workers, taker, by=rosa, form_id="1"))
    type(job).objects.filter(pk=job.pk).update(budget_value=225000)
    Seller.objects.filter(pk=taker.pk).update(fee_share=500)
    taker.refresh_from_db()
    job.refresh_from_db()
    assert fee_of(fund(job, workers, taker, by=rosa, form_id="2")).value == 5000


def test_the_fee_is_set_with_an_entry_and_only_one_kind(seller: Seller) -> None:
    register("platform", seller.wallet.url, "k1", None, fee=SellerFee(share=250))
    register("platform", seller.wallet.url, "k1", None, fee=SellerFee(share=250))
    entries = [row for row in timeline([("seller", "platform")]) if row.kind == "seller.changed"]
    assert [(row.data["fee_basis_points"], row.data["changed"]) for row in entries] == [(250, "fee")]
    register("platform", seller.wallet.url, "k1", None, fee=SellerFee(each=Amount(2000, MXN)))
    seller.refresh_from_db()
    assert (seller.fee_share, seller.fee_each) == (0, Amount(2000, MXN))


@given(st.lists(st.fractions(min_value=0, max_value=10**6), min_size=1, max_size=20), st.integers(0, 4))
def test_the_parts_of_a_fee_are_exactly_the_fee(dues: list[Fraction], grain: int) -> None:
    exact = dict(enumerate(dues))
    parts = platform_fee._rounded(exact, grain)
    whole = sum(dues) * 10**grain
    assert abs(sum(parts.values()) - whole) <= Fraction(1, 2)
    assert all(0 <= parts[key] - exact[key] * 10**grain + 1 <= 2 for key in exact)


def test_a_fee_to_a_stranger_is_noticed(rosa: User, taker: Seller) -> None:
    job, workers = staffed()
    fee = fee_of(fund(job, workers, taker, by=rosa, form_id="1"))
    Payment.objects.filter(pk=fee.pk).update(receiver_wallet=cast.wallet("stranger"))
    assert [str(each) for each in violations()] == [f"fee_is_ours: {fee.pk}"]
    Payment.objects.filter(pk=fee.pk).update(state=PaymentState.CANCELLED)
    assert "fee_is_ours" not in " ".join(map(str, violations()))
