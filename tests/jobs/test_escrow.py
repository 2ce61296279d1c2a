"""Money that a seller holds for a job: paid out to whose work is accepted, by two people, never more than is there."""

from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from jobs import decisions
from jobs.derive_status import sync_job
from jobs.escrow import escrow_of, escrows_of, give_back, pay_out, payable
from jobs.funding import fund
from jobs.models import Application, ApplicationStatus, Job, JobStatus, Payout, SubmissionStatus
from ledger.api import seal, timeline, verify
from ledger.books.figures import tell
from payments.actions import attention, refunds, requests, wallets
from payments.engine.steps.receiving import note_received
from payments.invariants import violations
from payments.models import Message, Payment, PaymentRequest, Seller
from payments.models.messages import Template
from payments.models.payments import Purpose
from payments.openpayments.amounts import Amount
from payments.presentation.reasons import Refusal
from payments.states import PaymentState, RequestState
from tests import cast, progress
from tests.cast import person, signed_in
from tests.dialogs import confirm, dialog
from tests.driver import SECONDS, Stage

pytestmark = pytest.mark.django_db
S = JobStatus
NAMES = ("Maria Lopez", "Ana Cruz", "Beto Diaz")
MAY = ("jobs.view_job", "jobs.change_job", "payments.view_paymentrequest", "payments.request_paymentrequest")


def funded(holder: Seller, by: User, workers: int = 2, accepted: int = 2) -> tuple[Job, list[Application]]:
    """A job whose money arrived at `holder`, with some of its workers' work accepted."""
    job = cast.job(S.SELECTING, workers_wanted=workers)
    chosen = [cast.applied(job, cast.member(name)) for name in NAMES[:workers]]
    request = fund(job, "seller", holder, by=by, form_id=f"fund-{job.pk}")
    progress.settle(request)
    for application in chosen[:accepted]:
        cast.handed_in(application, SubmissionStatus.ACCEPTED)
    sync_job(job.pk)
    job.refresh_from_db()
    return job, chosen


def refused(job: Job, receivers: Sequence[Application], by: User, form_id: str = "no") -> str:
    before = PaymentRequest.objects.count()
    with pytest.raises(Refusal) as caught:
        pay_out(job, receivers, by=by, form_id=form_id)
    assert PaymentRequest.objects.count() == before
    assert timeline([("job", str(job.pk))])[-1].kind == "job.payment_refused"
    return str(caught.value).replace("\xa0", " ")


def left(job: Job) -> int:
    found = escrow_of(job)
    assert found
    gone = found.paid.value + found.refunded.value + found.under_way.value
    assert found.arrived.value == gone + found.held.value
    return found.held.value


def held_in_the_books() -> int:
    return int(tell(["held"]).total("held", "MXN").at(2))


# How much is held


def test_nothing_is_held_before_it_arrived(rosa: User, holder: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    cast.handed_in(application, SubmissionStatus.ACCEPTED)
    request = fund(job, "seller", holder, by=rosa, form_id="1")
    assert escrow_of(job) is None
    assert refused(job, [application], rosa) == "Nobody holds money for this job, so nothing can be paid out."
    progress.settle(request)
    assert left(job) == 125000


def test_what_is_asked_for_is_no_longer_held_until_it_comes_to_nothing(rosa: User, holder: Seller) -> None:
    job, (maria, ana) = funded(holder, rosa)
    assert left(job) == 250000
    request = pay_out(job, [maria], by=rosa, form_id="1")
    assert left(job) == 125000
    requests.cancel(request.pk, by=rosa)
    assert left(job) == 250000
    progress.settle(pay_out(job, [maria, ana], by=rosa, form_id="2"))
    assert left(job) == 0


def test_what_arrived_of_a_failed_payout_is_gone_from_what_is_held(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa)
    request = pay_out(job, [maria], by=rosa, form_id="1")
    progress.end(request, RequestState.FAILED, received=50000)
    assert left(job) == 200000


def test_a_part_of_the_funding_that_came_before_it_failed_is_held(rosa: User, holder: Seller) -> None:
    job = cast.job()
    cast.applied(job)
    request = fund(job, "seller", holder, by=rosa, form_id="1")
    progress.approve(request)
    progress.bring(request.payments.get(), PaymentState.NEEDS_ATTENTION, received_value=40000)
    assert escrows_of(job) == [], "it may still fail or come whole"
    progress.end(request, RequestState.FAILED)
    assert left(job) == 40000


def test_what_came_twice_goes_back_first_and_is_never_held_for_the_job(rosa: User, holder: Seller) -> None:
    """It came from the seller's own money, whatever job it was paid for."""
    job, (maria, _ana) = funded(holder, rosa)
    request = pay_out(job, [maria], by=rosa, form_id="1")
    progress.settle(request)
    payment = request.payments.get()
    with transaction.atomic():
        note_received(payment.incoming_payments.get(), payment.value + 500, completed=True)
    attention.take_note(payment.pk, by=rosa)
    assert (left(job), held_in_the_books()) == (125000, 125000)
    for number, (back, held) in enumerate(((300, 125000), (300, 125100), (1000, 126100))):
        amount = Amount(back, payment.asset)
        progress.settle(refunds.refund(payment.pk, amount, by=rosa, form_id=f"back-{number}"))
        assert (left(job), held_in_the_books()) == (held, held)
    assert {each.invariant.name for each in violations()} <= {"never_more_than_asked"}


# Paying out


def test_it_asks_the_wallet_that_holds_the_money_and_tells_who_approves_there(rosa: User, holder: Seller) -> None:
    job, (maria, ana) = funded(holder, rosa)
    request = pay_out(job, [maria, ana], by=rosa, form_id="1")
    payer = (request.payer_wallet, request.payer_name, request.payer_email, request.two_people)
    assert payer == (holder.wallet, "Tequio", "treasury@example.org", True)
    assert [payout.funding for payout in Payout.objects.all()] == [job.fundings.get()] * 2
    assert {payment.purpose for payment in request.payments.all()} == {Purpose.WORK}
    assert payable(job) == []


def test_two_clicks_on_one_form_are_one_payout(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa)
    first = pay_out(job, [maria], by=rosa, form_id="1")
    assert pay_out(job, [maria], by=rosa, form_id="1") == first
    assert left(job) == 125000


def test_only_accepted_work_is_paid_out(rosa: User, holder: Seller) -> None:
    job, (maria, ana) = funded(holder, rosa, accepted=1)
    assert [choice.receiver for choice in payable(job)] == [maria]
    assert refused(job, [maria, ana], rosa) == (
        "The work of Ana Cruz is not accepted yet. Accept it first, then pay it out."
    )


def test_nobody_is_paid_out_twice(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa)
    request = pay_out(job, [maria], by=rosa, form_id="1")
    assert f"Request {request.pk} for Maria Lopez and this job exists already" in refused(job, [maria], rosa)
    progress.settle(request)
    assert "exists already" in refused(job, [maria], rosa)


def test_not_more_is_paid_out_than_is_held(rosa: User, holder: Seller) -> None:
    job, (maria, ana) = funded(holder, rosa)
    Job.objects.filter(pk=job.pk).update(workers_wanted=3)
    beto = cast.applied(job, cast.member("Beto Diaz"))
    cast.handed_in(beto, SubmissionStatus.ACCEPTED)
    assert refused(job, [maria, ana, beto], rosa) == (
        "Tequio holds 2,500.00 MXN for this job, which is less than 3,750.00 MXN. "
        "Choose fewer workers, or wait for what is under way."
    )
    pay_out(job, [maria, ana], by=rosa, form_id="1")
    assert "Tequio holds 0.00 MXN" in refused(job, [beto], rosa)


def test_one_job_is_not_paid_from_the_money_of_another(rosa: User, holder: Seller) -> None:
    funded(holder, rosa)
    other = cast.job(S.SUBMITTING, funder=cast.member("Luna"))
    worker = cast.applied(other, cast.member("Caro"))
    cast.handed_in(worker, SubmissionStatus.ACCEPTED)
    assert refused(other, [worker], rosa) == "Nobody holds money for this job, so nothing can be paid out."


def test_what_was_seen_is_what_is_paid(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa)
    seen = {maria.pk: payable(job)[0].seen}
    maria.worker.wallet = cast.wallet("other")
    maria.worker.save()
    with pytest.raises(Refusal, match="What Maria Lopez is to get changed meanwhile"):
        pay_out(job, [maria], by=rosa, form_id="1", seen=seen)


def test_without_anybody_who_approves_nothing_is_asked(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa)
    Seller.objects.update(approval_email="")
    assert "Nobody is named who approves what Tequio pays out" in refused(job, [maria], rosa)


def test_a_seller_that_may_take_no_new_money_pays_out_what_it_holds(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa)
    Seller.objects.update(may_hold_money=False)
    other = cast.job(funder=cast.member("Luna"))
    cast.applied(other, cast.member("Caro"))
    with pytest.raises(Refusal, match="may not receive money for jobs"):
        fund(other, "seller", Seller.objects.get(), by=rosa, form_id="new")
    assert pay_out(job, [maria], by=rosa, form_id="1").state == RequestState.QUOTING


def test_it_always_needs_a_second_person(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa)
    request = pay_out(job, [maria], by=rosa, form_id="1")
    progress.bring(request, RequestState.QUOTED)
    assert requests.send(request.pk, by=rosa).state == RequestState.AWAITING_AUTHORISATION
    with pytest.raises(Refusal, match="yourself"):
        requests.authorise(request.pk, by=rosa)
    assert not Message.objects.exists()
    assert requests.authorise(request.pk, by=cast.staff("luis")).state == RequestState.AWAITING_APPROVAL
    message = Message.objects.get(template=Template.APPROVAL)
    assert message.to_email == "treasury@example.org"


def test_more_paid_out_than_arrived_breaks_an_invariant(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa)
    fine = cast.wallet("fine", "MXN", 4)
    maria.worker.wallet = fine
    maria.worker.save()
    pay_out(job, [maria], by=rosa, form_id="1")
    assert "escrow_is_enough" not in " ".join(map(str, violations()))
    Payment.objects.filter(payout__application=maria).update(value=25000001)
    assert f"escrow_is_enough: {job.fundings.get().pk}" in [str(each) for each in violations()]


# The job


def test_settled_escrow_starts_the_work_of_whoever_is_selected(rosa: User, holder: Seller) -> None:
    job, _workers = funded(holder, rosa, accepted=0)
    assert (job.status, job.is_funded) == (S.SUBMITTING, True)
    early = cast.job(S.RECRUITING, funder=cast.member("Luna"))
    progress.settle(fund(early, "seller", holder, by=rosa, form_id="early"))
    sync_job(early.pk)
    early.refresh_from_db()
    assert early.status == S.SELECTING, "nobody is selected yet"
    worker = cast.applied(early, cast.member("Caro"), status=ApplicationStatus.PENDING)
    decisions.select(worker.pk, by=rosa)
    early.refresh_from_db()
    assert early.status == S.SUBMITTING


def test_a_canceled_job_says_that_money_is_to_be_refunded(rosa: User, holder: Seller) -> None:
    job, _workers = funded(holder, rosa, accepted=0)
    client = signed_in(person("ana", *MAY))
    page = reverse("admin:jobs_job_change", args=[job.pk])
    shown = client.get(page).content.decode().replace("\xa0", " ")
    assert "Tequio holds this job's money" in shown.replace("&#x27;", "'")
    assert "is to be refunded" not in shown
    decisions.move_job(job.pk, "cancel", by=rosa, seen=job.status)
    shown = client.get(page).content.decode().replace("\xa0", " ")
    assert "2,500.00 MXN is still held: it is to be refunded to Sol Foundation." in shown


def test_the_dialog_pays_out_and_without_the_permission_there_is_none(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa, accepted=1)
    where = reverse("admin:jobs_job_pay_out", args=[job.pk])
    page = reverse("admin:jobs_job_change", args=[job.pk])
    reader = signed_in(person("eva", "jobs.view_job", "jobs.change_job"))
    assert reader.get(where).status_code == 403
    assert where not in reader.get(page).content.decode()
    client = signed_in(person("ana", *MAY))
    assert where in client.get(page).content.decode()
    shown = client.get(where).content.decode().replace("\xa0", " ")
    for words in ("Maria Lopez gets 1,250.00 MXN", "treasury@example.org", "2,500.00 MXN"):
        assert words in shown, words
    assert "Ana Cruz" not in shown
    nobody = confirm(client, where)
    assert "Choose at least one worker to pay." in nobody.content.decode()
    confirm(client, where, receivers=str(maria.pk))
    assert Payout.objects.get().application == maria
    assert PaymentRequest.objects.latest("created_at").state == RequestState.FAILED, "no such wallet answers"
    assert where in client.get(page).content.decode(), "so it is offered again"


def test_a_second_click_leads_to_the_payout_of_the_first(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa, accepted=1)
    where = reverse("admin:jobs_job_pay_out", args=[job.pk])
    client = signed_in(person("ana", *MAY))
    fields = {**dialog(client, where), "receivers": str(maria.pk)}
    made = pay_out(job, [maria], by=rosa, form_id=fields["form_id"])
    answer = client.post(where, fields, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == reverse("admin:payments_paymentrequest_change", args=[made.pk])
    assert Payout.objects.get().payment.request == made


def test_what_the_dialog_can_not_have_shown_pays_nobody(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa, accepted=1)
    where = reverse("admin:jobs_job_pay_out", args=[job.pk])
    client = signed_in(person("ana", *MAY))
    answer = confirm(client, where, receivers=str(maria.pk), seen=f"{'9' * 5000}:x {maria.pk}:y z")
    assert "What Maria Lopez is to get changed meanwhile." in answer.content.decode()
    assert not Payout.objects.exists()
    assert client.get(reverse("admin:jobs_job_pay_out", args=["9" * 5000])).status_code == 404


def test_it_is_offered_only_while_somebody_is_left_to_be_paid_out(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa, accepted=1)
    where, page = (reverse(f"admin:jobs_job_{name}", args=[job.pk]) for name in ("pay_out", "change"))
    client = signed_in(person("ana", *MAY))
    assert where in client.get(page).content.decode()
    pay_out(job, [maria], by=rosa, form_id="1")
    assert where not in client.get(page).content.decode()


# Against a real wallet


def part(application: Application, value: int) -> Amount:
    return Amount(value, application.payouts.get().payment.asset)


def settle_at_wallet(stage: Stage, request: PaymentRequest) -> PaymentRequest:
    """Quoted, sent, authorised where that is needed, approved in the wallet of whoever sends it back, and arrived."""
    done = stage.settle(stage.send(request))
    assert done.state == RequestState.SETTLED, done.reason
    return done


def test_from_the_funder_to_the_seller_to_the_worker(stage: Stage) -> None:
    columns = {"may_hold_money": True, "approval_email": "treasury@example.org"}
    Seller.objects.filter(pk=stage.seller.pk).update(**columns)
    payer, worker = stage.payer, stage.worker
    wallets.check(stage.seller.wallet_id, SECONDS)
    job = cast.job(S.SELECTING, funder=cast.member("Sol Foundation", wallet=payer))
    Job.objects.filter(pk=job.pk).update(budget_code=payer.asset_code)
    job.refresh_from_db()
    application = cast.applied(job, cast.member("Maria Lopez", wallet=worker))
    seller = Seller.objects.select_related("wallet").get(pk=stage.seller.pk)

    funding = fund(job, "seller", seller, by=stage.staff, form_id="fund")
    settle_at_wallet(stage, funding)
    sync_job(job.pk)
    job.refresh_from_db()
    assert job.status == S.SUBMITTING
    assert left(job) == 125000

    work = cast.handed_in(application)
    decisions.accept_submission(work.pk, by=stage.staff)
    request = pay_out(job, [application], by=stage.staff, form_id="out")
    settle_at_wallet(stage, request)
    assert stage.received() == 125000
    assert Payment.objects.get(request=request).state == PaymentState.SETTLED
    sync_job(job.pk)
    job.refresh_from_db()
    assert (job.status, left(job)) == (S.COMPLETE, 0)

    # Maria sends a part back to the seller, who gives it back to the funder.
    back = refunds.refund(request.payments.get().pk, part(application, 50000), by=stage.staff, form_id="back")
    assert settle_at_wallet(stage, back).payments.get().received_value == 50000
    assert left(job) == 50000
    held = job.fundings.get().pk
    rest = give_back(job, held, part(application, 50000), by=stage.staff, form_id="rest")
    assert settle_at_wallet(stage, rest).payer_name == "Tequio"
    assert left(job) == 0
    assert stage.received("sol") == 50000
    assert violations() == []
    seal()
    assert not list(verify())
