"""Work paid by bank or in cash never asked for in a wallet: two people say so, then it counts, apart."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from jobs import decisions, earnings, job_payments, paid_outside, statements
from jobs.derive_status import sync_job
from jobs.escrow import escrow_of
from jobs.funding import Way, fund
from jobs.links import funder_url
from jobs.models import Application, Job, JobStatus
from jobs.payables import choices
from jobs.worker_balances import balance_of
from ledger import days
from ledger.api import timeline
from ledger.books.figures import tell
from ledger.models import Movement
from payments.actions.outside_payments import Paid
from payments.invariants import violations
from payments.mail.rendering import render
from payments.models import Message, OutsidePayment, PaymentRequest, Seller
from payments.models.messages import Template
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal
from payments.presentation.status import OF_PAYMENTS
from payments.states import PaymentState, RequestState
from tests import cast, progress
from tests.cast import person, signed_in
from tests.dialogs import Answer, confirm, dialog, hidden
from tests.jobs.test_admin_jobs import SEE, action, html
from tests.jobs.test_escrow import funded

pytestmark = pytest.mark.django_db
MXN = Asset("MXN", 2)
REPORT, CONFIRM = "payments.report_outsidepayment", "payments.confirm_outsidepayment"
LOOK = (*SEE, "payments.view_outsidepayment")


@pytest.fixture
def luis(db: None) -> User:
    return person("luis", CONFIRM, *LOOK)


def reported(
    application: Application, value: int, by: User, form_id: str = "", *, asset: Asset = MXN, **more: Any
) -> OutsidePayment:
    paid = Paid(Amount(value, asset), days.today(), "cash", "Receipt 7, signed by both")
    return paid_outside.report(application, paid, by=by, form_id=form_id or f"r{value}", **more)


def refused(application: Application, value: int, by: User, **more: Any) -> str:
    before = OutsidePayment.objects.count()
    with pytest.raises(Refusal) as caught:
        reported(application, value, by, "refused", **more)
    assert OutsidePayment.objects.count() == before
    return str(caught.value).replace("\xa0", " ")


def fresh(application: Application) -> Application:
    return Application.objects.select_related("job", "worker").get(pk=application.pk)


def outside(code: str = "MXN") -> str:
    return str(tell(["outside"]).total("outside", code).major)


def test_cash_counts_once_a_second_person_says_so_and_stands_apart(rosa: User, luis: User, seller: Seller) -> None:
    job = cast.job(JobStatus.SUBMITTING)
    worker = cast.applied(job, cast.member("Maria Lopez", wallet=None))
    work = cast.handed_in(worker)
    row = reported(worker, 125000, rosa)
    assert (outside(), job_payments.money_status(fresh(worker))) == ("0", job_payments.AGREED), "one person's word"
    assert earnings.of(worker.worker).agreed
    with pytest.raises(Refusal, match="reported this yourself"):
        paid_outside.confirm(row.pk, by=rosa)

    paid_outside.confirm(row.pk, by=luis)
    movement = Movement.objects.get(subject=row.pk)
    assert (movement.asked, movement.outside, movement.received, movement.holds) == (125000, 125000, 0, 0)
    whose = (movement.payer, movement.receiver, movement.purpose, movement.seller)
    assert whose == (job.funder.key, worker.worker.key, "work", seller.pk)
    told = tell(["asked", "outside", "received", "paid_to_workers", "under_way"])
    figures = ("asked", "outside", "received", "paid_to_workers", "under_way")
    assert [str(told.total(name, "MXN").major) for name in figures] == ["1250.00", "1250.00", "0", "0", "0"]
    assert job_payments.money_status(fresh(worker)) == OF_PAYMENTS[PaymentState.SETTLED_OUTSIDE]
    assert format_amount(balance_of(fresh(worker)).places.outside) == "1,250.00\xa0MXN"
    arrived = earnings.of(worker.worker).arrived
    assert [(line.amount.value, line.note) for line in arrived] == [(125000, "Paid outside your wallet: Cash")]

    decisions.accept_submission(work.pk, by=rosa)
    job.refresh_from_db()
    assert (job.status, job.is_funded) == (JobStatus.COMPLETE, True)
    assert [each.kind for each in timeline([("paid_outside", row.pk)])] == [
        "paid_outside.waiting",
        "paid_outside.confirmed",
        "message.queued",
        "message.queued",
    ]
    mail = Message.objects.get(template=Template.PAID_OUTSIDE)
    assert mail.to_email == worker.worker.email
    # Whoever it was paid for reads it, too, and where to see it.
    to_funder = Message.objects.get(template=Template.PAID_FOR_PAYER)
    assert (to_funder.to_email, to_funder.language) == (job.funder.email, job.funder.language)
    assert "se le pagó por cuenta de usted" in render(to_funder).text
    to_funder.language = "en"
    rendered = render(to_funder)
    for words in (rendered.text, rendered.html):
        assert "Maria Lopez was paid on your behalf" in words
        assert "1,250.00\xa0MXN" in words
        assert "Receipt 7" not in words
    assert funder_url(job.funder) in rendered.text
    with pytest.raises(Refusal, match="already"):
        paid_outside.confirm(row.pk, by=luis)
    assert not violations()


def test_a_part_leaves_the_rest_to_be_asked_for_and_sums_never_pass_what_is_owed(
    rosa: User, luis: User, seller: Seller
) -> None:
    job = cast.job()
    worker = cast.applied(job)
    paid_outside.confirm(reported(worker, 40000, rosa).pk, by=luis)
    assert [choice.amount.value for choice in choices(job)] == [85000]
    assert refused(worker, 85001, rosa) == "Maria Lopez gets at most 850.00 MXN: write that, or less."
    request = fund(job, [worker], seller, by=rosa, form_id="1")
    assert request.payments.get().value == 85000
    progress.settle(request)
    sync_job(job.pk)
    assert refused(worker, 1, rosa).startswith(f"Request {request.pk} for Maria Lopez")
    assert job_payments.money_status(fresh(worker)) == OF_PAYMENTS[PaymentState.SETTLED_OUTSIDE]
    assert fresh(worker).job.is_funded
    assert not violations()


def test_what_is_under_way_by_wallet_is_not_paid_outside_as_well_nor_the_other_way_round(
    rosa: User, luis: User, seller: Seller
) -> None:
    job = cast.job(workers_wanted=2)
    worker, other = cast.applied(job), cast.applied(job, cast.member("Ana Cruz"))
    request = fund(job, [worker], seller, by=rosa, form_id="1")
    for bring in (None, progress.approve):
        if bring:
            bring(request)
        assert "exists already" in refused(worker, 125000, rosa)
    progress.end(request, RequestState.FAILED, received=25000)
    sync_job(job.pk)
    row = reported(worker, 100000, rosa)
    with pytest.raises(Refusal, match="Until a second person confirms or withdraws"):
        fund(job, [worker], seller, by=rosa, form_id="2")
    with pytest.raises(Refusal, match="Until a second person"):
        fund(job, [worker, other], seller, Way.HELD, by=rosa, form_id="3")
    assert "Until a second person" in refused(worker, 1, rosa)
    assert [choice.contact.name for choice in choices(job)] == ["Ana Cruz"]
    # Nothing else may happen to the work meanwhile.
    with pytest.raises(Refusal, match="decision stands"):
        decisions.reject(worker.pk, by=rosa)
    with pytest.raises(Refusal, match="confirm or withdraw"):
        decisions.move_job(job.pk, "cancel", by=rosa, seen=fresh(worker).job.status)
    assert job_payments.money_under_way(job) == job_payments.binding_payment(job) or job_payments.outside_waits(job)

    paid_outside.withdraw(row.pk, by=rosa, why="It was somebody else")
    assert OutsidePayment.objects.get().state == "withdrawn"
    assert fund(job, [worker], seller, by=rosa, form_id="4").payments.get().value == 100000
    assert not Movement.objects.filter(subject=row.pk).exists()
    with pytest.raises(Refusal, match="already"):
        paid_outside.confirm(row.pk, by=luis)
    with pytest.raises(Refusal, match="Say why"):
        paid_outside.withdraw(row.pk, by=rosa, why="  ")


def test_while_the_funder_is_asked_for_the_whole_job_nobody_is_paid_outside(rosa: User, holder: Seller) -> None:
    job = cast.job()
    worker = cast.applied(job)
    request = fund(job, "seller", holder, by=rosa, form_id="1")
    assert "Wait until that is over" in refused(worker, 100, rosa)
    progress.end(request, RequestState.FAILED)
    sync_job(job.pk)
    assert reported(worker, 100, rosa).waits


def test_who_holds_the_money_may_have_paid_it_and_then_holds_less(rosa: User, luis: User, holder: Seller) -> None:
    job, (maria, ana) = funded(holder, rosa)
    row = reported(maria, 50000, rosa, from_held=True)
    found = escrow_of(job)
    assert found
    assert (found.held.value, found.under_way.value, found.paid.value) == (200000, 50000, 0)
    paid_outside.confirm(row.pk, by=luis)
    found = escrow_of(job)
    assert found
    assert (found.held.value, found.under_way.value, found.paid.value) == (200000, 0, 50000)
    assert str(tell(["held"]).total("held", "MXN").major) == "2000.00"
    assert Movement.objects.get(subject=row.pk).payer == f"seller:{holder.pk}"
    assert not Message.objects.filter(template=Template.PAID_FOR_PAYER).exists(), "they paid when it came to be held"
    # The funder may have paid it, too: then what is held stays held, for them to have back.
    paid_outside.confirm(reported(ana, 125000, rosa).pk, by=luis)
    found = escrow_of(job)
    assert found
    assert found.held.value == 200000
    assert not violations()


def test_hostile_reports_are_refused(rosa: User, luis: User, seller: Seller) -> None:
    job = cast.job()
    worker = cast.applied(job)
    assert refused(worker, 0, rosa) == "Write how much Maria Lopez gets: more than zero."
    assert "write that, or less" in refused(worker, 2**63 - 1, rosa)
    assert "changed meanwhile" in refused(worker, 100, rosa, asset=Asset("USD", 2))
    paid = Paid(Amount(1, MXN), days.today(), "cash", "x")
    for wrong, sentence in (
        ({"on": days.today() + timedelta(days=1)}, "has not come yet"),
        ({"on": date(1, 1, 1)}, "Check the year"),
        ({"evidence": " \n"}, "Write down the evidence"),
    ):
        with pytest.raises(Refusal, match=sentence):
            paid_outside.report(worker, Paid(**{**vars(paid), **wrong}), by=rosa, form_id="w")
    first = reported(worker, 100, rosa, "twice")
    assert reported(worker, 100, rosa, "twice") == first, "a double click"
    with pytest.raises(Refusal, match="another payment"):
        reported(cast.applied(job, cast.member("Ana Cruz")), 100, rosa, "twice")
    # A budget that was lowered by hand: less is owed now than was reported.
    Job.objects.filter(pk=job.pk).update(budget_value=99)
    with pytest.raises(Refusal, match="Withdraw the report"):
        paid_outside.confirm(first.pk, by=luis)
    with pytest.raises(IntegrityError), transaction.atomic():
        OutsidePayment.objects.filter(pk=first.pk).update(state="confirmed", decided_by=rosa, owed_value=100)
    assert outside() == "0"


def pay(client: Client, job: Job, **fields: str) -> Answer:
    told = {"amount": "1250.00", "way": "cash", "evidence": "Receipt 7", "payer": "funder"}
    return confirm(client, action(job, "report_outside"), **{**told, "paid_on": days.today().isoformat(), **fields})


def test_from_the_jobs_page_to_the_second_persons(seller: Seller, luis: User) -> None:
    job = cast.job(workers_wanted=2)
    worker = cast.applied(job, cast.member("Maria Lopez", wallet=None))
    ana, eva = signed_in(person("ana", REPORT, *LOOK)), signed_in(person("eva", *LOOK))
    assert "Paid outside?" in html(ana, job)
    assert "Paid outside?" not in html(eva, job)
    assert eva.get(action(job, "report_outside")).status_code == 403
    only = f"{action(job, 'report_outside')}?only={worker.pk}"
    assert 'value="1250.00"' in ana.get(only).content.decode()
    for amount, sentence in (
        ("0", "more than zero"),
        ("-5", "not an amount"),
        ("1250.01", "or less"),
        ("", "required"),
    ):
        answer = pay(ana, job, worker=str(worker.pk), amount=amount)
        assert "HX-Redirect" not in answer.headers
        assert sentence in answer.content.decode(), amount
    fields = {
        **dialog(ana, action(job, "report_outside")),
        "worker": str(worker.pk),
        "way": "bank",
        "evidence": "Ref 1",
    }
    fields |= {"amount": "400.00", "paid_on": days.today().isoformat()}
    for _click in range(2):
        assert ana.post(action(job, "report_outside"), fields, headers={"HX-Request": "true"}).headers["HX-Redirect"]
    row = OutsidePayment.objects.get()
    assert (row.value, row.way, row.payer_name) == (40000, "bank", "Sol Foundation")
    assert "Reported as paid outside: 400.00\xa0MXN" in html(ana, job)

    client, page = signed_in(luis), f"/admin/payments/outsidepayment/{row.pk}/change/"
    waiting = client.get("/admin/waiting/").content.decode()
    assert page in waiting
    assert "Ref 1" in waiting
    assert "Ref 1" in client.get(page).content.decode()
    assert ana.post(f"/admin/payments/outsidepayment/{row.pk}/confirm/", {"seen": "waiting"}).status_code == 403
    confirm(client, f"/admin/payments/outsidepayment/{row.pk}/confirm/")
    row.refresh_from_db()
    assert row.counts
    assert "Paid outside: 400.00\xa0MXN (Bank transfer)" in html(ana, job)
    assert "Paid outside?" in html(ana, job), "the rest is still owed"
    assert PaymentRequest.objects.count() == 0


def test_a_report_that_is_refused_loses_nothing_that_was_written(seller: Seller, rosa: User) -> None:
    job = cast.job()
    worker = cast.applied(job)
    ana = signed_in(person("ana", REPORT, *LOOK))
    fields = {**dialog(ana, action(job, "report_outside")), "worker": str(worker.pk), "payer": "funder", "way": "cash"}
    fields |= {"amount": "400.00", "paid_on": days.today().isoformat(), "evidence": "Handed over by Juan at the fair"}
    Job.objects.filter(pk=job.pk).update(budget_value=1000_00)
    answer = ana.post(action(job, "report_outside"), fields, headers={"HX-Request": "true"})
    shown = answer.content.decode()
    assert "changed meanwhile" in shown
    assert "Handed over by Juan at the fair" in shown
    assert "1,000.00\xa0MXN" in shown, "and what is owed now is there to be looked at"
    assert not OutsidePayment.objects.exists()
    again = ana.post(action(job, "report_outside"), {**fields, **hidden(answer)}, headers={"HX-Request": "true"})
    assert again.headers["HX-Redirect"]
    assert OutsidePayment.objects.get().evidence == "Handed over by Juan at the fair"


def test_the_funders_page_lists_it_apart(rosa: User, luis: User, seller: Seller, client: Client) -> None:
    job = cast.job(funder=cast.member("Sol Foundation", language="en"))
    paid_outside.confirm(reported(cast.applied(job), 40000, rosa).pk, by=luis)

    shown = client.get(funder_url(job.funder)).content.decode()
    assert "Paid outside your wallet" in shown
    assert "400.00\xa0MXN" in shown
    assert [month.first for month in statements.months(job.funder)] == [days.today().replace(day=1)]
