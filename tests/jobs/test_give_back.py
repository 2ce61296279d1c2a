"""Money that a seller holds for a job goes back to its funder: from the job's page, by two people, and once."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from jobs import decisions
from jobs.escrow import escrow_of, give_back, pay_out
from jobs.funding import fund
from jobs.job_payments import requests_of
from jobs.models import AmountSide, Job, SubmissionStatus
from payments.actions import refunds
from payments.invariants import violations
from payments.models import Payment, PaymentRequest, Refund, Seller
from payments.models.payments import Purpose
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.reasons import Refusal
from payments.states import RequestState
from tests import cast, progress
from tests.cast import person, signed_in
from tests.dialogs import confirm, dialog
from tests.jobs.test_escrow import MAY, funded, left, refused

pytestmark = pytest.mark.django_db


def test_what_is_held_goes_back_to_the_funder_by_two_people(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa)
    progress.settle(pay_out(job, [maria], by=rosa, form_id="1"))
    assert escrow_refused(job, 125001, rosa) == "Only 1,250.00 MXN can still go back."
    request = give_back(job, job.fundings.get().pk, pesos(100000), by=rosa, form_id="back")
    assert give_back(job, job.fundings.get().pk, pesos(100000), by=rosa, form_id="back") == request
    back = request.payments.get()
    assert (request.payer_wallet, request.payer_email, request.two_people) == (
        holder.wallet,
        "treasury@example.org",
        True,
    )
    assert (back.receiver_wallet, back.receiver_name, back.purpose) == (
        job.funder.wallet,
        "Sol Foundation",
        Purpose.REFUND,
    )
    assert left(job) == 25000
    assert request in requests_of(job)
    progress.settle(request)
    found = escrow_of(job)
    assert found
    assert (found.refunded.value, found.held.value) == (100000, 25000)
    assert not violations()


def test_nothing_is_paid_out_of_what_is_going_back(rosa: User, holder: Seller) -> None:
    job, (maria, ana) = funded(holder, rosa)
    request = give_back(job, job.fundings.get().pk, pesos(125000), by=rosa, form_id="back")
    assert "Tequio holds 1,250.00 MXN" in refused(job, [maria, ana], rosa)
    progress.end(request, RequestState.DECLINED)
    assert left(job) == 250000
    pay_out(job, [maria, ana], by=rosa, form_id="1")
    assert escrow_refused(job, 1, rosa) == "Only 0.00 MXN can still go back."


def test_two_refunds_at_once_give_back_what_is_held_only_once(rosa: User, holder: Seller) -> None:
    job, _workers = funded(holder, rosa)
    funding, seen = job.fundings.get().pk, pesos(250000)
    give_back(job, funding, pesos(200000), by=rosa, form_id="1", seen=seen)
    with pytest.raises(Refusal, match="Meanwhile other money was refunded"):
        give_back(job, funding, pesos(50000), by=rosa, form_id="2", seen=seen)
    assert escrow_refused(job, 200000, rosa) == "Only 500.00 MXN can still go back."


def test_what_a_worker_sends_back_is_held_again(rosa: User, holder: Seller) -> None:
    job, (maria, ana) = funded(holder, rosa)
    paid = pay_out(job, [maria, ana], by=rosa, form_id="1")
    progress.settle(paid)
    one = Payment.objects.get(payout__application=maria)
    back = refunds.refund(one.pk, pesos(125000), by=rosa, form_id="back")
    assert left(job) == 0
    progress.settle(back)
    assert left(job) == 125000


def test_a_canceled_job_gives_back_what_is_held_from_its_page(rosa: User, holder: Seller) -> None:
    job, _workers = funded(holder, rosa, accepted=0)
    decisions.move_job(job.pk, "cancel", by=rosa, seen=job.status)
    where = reverse("admin:jobs_job_give_back", args=[job.pk])
    assert signed_in(person("eva", *MAY)).get(where).status_code == 403
    client = signed_in(person("ana", *MAY, "payments.refund_payment"))
    page = reverse("admin:jobs_job_change", args=[job.pk])
    assert where in client.get(page).content.decode()
    shown = client.get(where).content.decode()
    assert 'value="2500.00"' in shown
    assert "Sol Foundation" in shown
    assert "is not an amount in MXN" in confirm(client, where, amount="all of it").content.decode()
    refused = confirm(client, where, amount="2500.01")
    assert "Only 2,500.00\xa0MXN can still go back." in refused.content.decode()
    assert 'value="2500.01"' in refused.content.decode(), "what was written stays"
    assert not Refund.objects.exists()
    confirm(client, where, amount="2500.00")
    assert Refund.objects.get().of.request == job.fundings.get().request


def escrow_refused(job: Job, value: int, by: User) -> str:
    with pytest.raises(Refusal) as caught:
        give_back(job, job.fundings.get().pk, pesos(value), by=by, form_id="no")
    assert not PaymentRequest.objects.filter(form_id="no").exists()
    return str(caught.value).replace("\xa0", " ")


def pesos(value: int) -> Amount:
    return Amount(value, Asset("MXN", 2))


def test_a_second_click_leads_to_the_request_of_the_first_although_nothing_is_held_any_more(
    rosa: User, holder: Seller
) -> None:
    job, _workers = funded(holder, rosa, accepted=0)
    where = reverse("admin:jobs_job_give_back", args=[job.pk])
    client = signed_in(person("ana", *MAY, "payments.refund_payment"))
    fields = {**dialog(client, where), "amount": "2500.00"}
    made = give_back(job, job.fundings.get().pk, pesos(250000), by=rosa, form_id=fields["form_id"])
    assert left(job) == 0
    answer = client.post(where, fields, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == reverse("admin:payments_paymentrequest_change", args=[made.pk])
    assert Refund.objects.get().payment.request == made


def test_with_nothing_held_another_form_finds_nothing(rosa: User, holder: Seller) -> None:
    job, _workers = funded(holder, rosa, accepted=0)
    where = reverse("admin:jobs_job_give_back", args=[job.pk])
    client = signed_in(person("ana", *MAY, "payments.refund_payment"))
    fields = {**dialog(client, where), "amount": "2500.00"}
    give_back(job, job.fundings.get().pk, pesos(250000), by=rosa, form_id="all")
    assert client.get(where).status_code == 404
    # The second is no text that every database takes.
    for form_id in ("other", "\0"):
        assert client.post(where, {**fields, "form_id": form_id}).status_code == 404
    assert Refund.objects.count() == 1


@pytest.mark.parametrize("seen", ["9" * 40, "1" + "0" * 19, "-1", "x"])
def test_what_a_form_can_not_have_shown_is_refused_in_the_form(rosa: User, holder: Seller, seen: str) -> None:
    job, _workers = funded(holder, rosa, accepted=0)
    where = reverse("admin:jobs_job_give_back", args=[job.pk])
    client = signed_in(person("ana", *MAY, "payments.refund_payment"))
    answer = client.post(where, {**dialog(client, where), "amount": "1.00", "seen": seen})
    assert "This form belongs to another payment." in answer.content.decode()
    assert not Refund.objects.exists()


# Where funder, seller and worker have different currencies


def test_what_is_held_goes_back_to_a_funder_of_another_currency(rosa: User, holder: Seller) -> None:
    job = cast.job(funder=cast.member("Berlin", wallet=cast.wallet("berlin", "EUR")))
    cast.applied(job)
    came = fund(job, "seller", holder, by=rosa, form_id="fund")
    progress.settle(came)
    where = reverse("admin:jobs_job_give_back", args=[job.pk])
    client = signed_in(person("ana", *MAY, "payments.refund_payment"))
    shown = client.get(where).content.decode()
    assert "Tequio gives back exactly the amount below, in MXN" in shown
    assert "Berlin gets what it buys in EUR on that day" in shown
    request = give_back(job, job.fundings.get().pk, pesos(100000), by=rosa, form_id="back")
    back = request.payments.get()
    assert (back.pays, back.asset.code, request.two_people) == (pesos(100000), "EUR", True)
    assert left(job) == 25000
    Payment.objects.filter(pk=back.pk).update(value=5400)
    progress.settle(request)
    found = escrow_of(job)
    assert found
    assert (found.refunded, found.held) == (pesos(100000), pesos(25000))
    assert "Only 250.00 MXN can still go back." in escrow_refused(job, 25001, rosa)
    assert not violations()


def test_what_a_worker_of_another_currency_sends_back_is_held_as_it_arrives(rosa: User, holder: Seller) -> None:
    job = cast.job(amount_side=AmountSide.DEBIT)
    worker = cast.applied(job, cast.member("Joan", wallet=cast.wallet("joan", "EUR", 4)))
    came = fund(job, "seller", holder, by=rosa, form_id="fund")
    Payment.objects.filter(request=came).update(value=125000)
    progress.settle(came)
    cast.handed_in(worker, SubmissionStatus.ACCEPTED)
    paid = pay_out(job, [worker], by=rosa, form_id="out")
    Payment.objects.filter(request=paid).update(value=625000)
    progress.settle(paid)
    assert left(job) == 0
    euros = Amount(312500, Asset("EUR", 4))
    back = refunds.refund(paid.payments.get().pk, euros, by=rosa, form_id="back")
    assert left(job) == 0
    Payment.objects.filter(request=back).update(value=62000)
    progress.settle(back)
    assert left(job) == 62000, "what the seller got of it, in pesos"
    assert not violations()
