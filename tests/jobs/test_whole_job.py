"""From the job's page to the worker's wallet and back to the job, against a real wallet."""

import pytest
from django.urls import reverse

from jobs import decisions
from jobs.funding import Way, fund
from jobs.models import Job, JobStatus, SubmissionStatus
from jobs.tasks import sync_request
from ledger.api import seal, verify
from payments.actions import requests, wallets
from payments.engine.advance import advance
from payments.invariants import violations
from payments.models import PaymentRequest, Seller
from payments.models.payments import Purpose
from payments.states import RequestState
from tests import cast
from tests.cast import person, signed_in
from tests.dialogs import confirm
from tests.driver import SECONDS, Stage

MAY = ("jobs.view_job", "jobs.change_job", "payments.view_paymentrequest", "payments.request_paymentrequest")


@pytest.fixture
def job(stage: Stage) -> Job:
    worker = stage.worker
    made = cast.job(JobStatus.SUBMITTING, funder=cast.member("Sol Foundation", wallet=stage.payer))
    application = cast.applied(made, cast.member("Maria Lopez", wallet=worker))
    cast.handed_in(application, SubmissionStatus.ACCEPTED)
    Job.objects.filter(pk=made.pk).update(budget_code=worker.asset_code)
    made.refresh_from_db()
    return made


def test_one_action_on_the_job_leads_to_a_quote_and_then_to_a_paid_worker_and_a_complete_job(
    stage: Stage, job: Job
) -> None:
    staff = signed_in(person("ana", *MAY))
    application = job.applications.get()
    answer = confirm(
        staff, reverse("admin:jobs_job_request_payment", args=[job.pk]), way="now", receivers=str(application.pk)
    )

    request = PaymentRequest.objects.get()
    assert (request.state, request.ceiling_debit) == (RequestState.QUOTED, 125000), request.reason
    assert answer.headers["HX-Redirect"] == reverse("admin:payments_paymentrequest_change", args=[request.pk])

    requests.send(request.pk, by=stage.staff)
    page = reverse("admin:jobs_job_change", args=[job.pk])
    assert "Complete payment" in staff.get(page).content.decode()
    assert stage.settle(request).state == RequestState.SETTLED
    assert stage.received() == 125000

    sync_request(request.pk)
    job.refresh_from_db()
    assert (job.status, job.is_funded) == (JobStatus.COMPLETE, True)
    shown = staff.get(page).content.decode()
    for words in (
        "All that was asked for here has arrived.",
        "arrived at",
        "All work is accepted and paid.",
        "Charged so far",
    ):
        assert words in shown, words
    seal()
    assert not list(verify())


def test_a_wallet_that_refuses_leaves_a_sentence_on_the_job_and_the_money_can_be_asked_for_again(
    stage: Stage, job: Job
) -> None:
    staff = signed_in(person("ana", *MAY))
    where = reverse("admin:jobs_job_request_payment", args=[job.pk])
    application = job.applications.get()
    stage.sandbox.faults({"match": {"operation": "create-quote"}, "do": "status:400", "times": None})
    confirm(staff, where, way="now", receivers=str(application.pk))
    request = PaymentRequest.objects.get()
    assert request.state == RequestState.FAILED
    shown = staff.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()
    assert "refused: asked to refuse" in shown
    stage.sandbox.clear_faults()
    confirm(staff, where, way="now", receivers=str(application.pk))
    assert PaymentRequest.objects.exclude(pk=request.pk).get().state == RequestState.QUOTED


def test_approved_once_paid_as_work_comes_with_a_fee_for_those_who_came(stage: Stage) -> None:
    Seller.objects.filter(pk=stage.seller.pk).update(fee_share=250)
    seller = Seller.objects.select_related("wallet").get(pk=stage.seller.pk)
    wallets.check(seller.wallet_id, SECONDS)
    seller.refresh_from_db()
    payer = stage.payer
    made = cast.job(JobStatus.SUBMITTING, funder=cast.member("Sol Foundation", wallet=payer), workers_wanted=3)
    Job.objects.filter(pk=made.pk).update(budget_code=payer.asset_code, budget_value=3334)
    made.refresh_from_db()
    workers = []
    for name in ("Ana", "Beto", "Caro"):
        workers.append(cast.applied(made, cast.member(name, wallet=stage.wallet(name.lower()))))
        cast.handed_in(workers[-1])

    request = fund(made, workers, seller, Way.HELD, by=stage.staff, form_id="held")
    sent = stage.send(request)
    assert sent.ceiling_debit == 3 * 3334 + 250, "2.5 % of 100.02 is 2.5005"
    assert stage.settle(sent).state == RequestState.APPROVED

    decisions.accept_submission(workers[0].submissions.get().pk, by=stage.staff)
    advance(request.pk, SECONDS)
    stage.later(9 * 24 * 3600)  # every token has run out by then
    decisions.accept_submission(workers[1].submissions.get().pk, by=stage.staff)
    decisions.reject(workers[2].pk, by=stage.staff)
    advance(request.pk, SECONDS)
    sync_request(request.pk)
    done = advance(request.pk, SECONDS)
    received = [stage.received(name) for name in ("ana", "beto", "caro", "platform")]
    fee = done.payments.get(purpose=Purpose.FEE)
    parts = sum(worker.payouts.get().fee_value for worker in workers[:2])
    assert (received, fee.state, fee.value) == ([3334, 3334, 0, parts], "settled", parts)
    assert parts in (166, 167)
    assert not violations()
    made.refresh_from_db()
    assert made.status == JobStatus.COMPLETE
    seal()
    assert not list(verify())
