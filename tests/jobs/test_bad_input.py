"""What should not be asked, or no longer: each has its sentence, and leaves everything as it was."""

from functools import partial

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from jobs import decisions
from jobs.budget_offers import set_up_budget
from jobs.funding import fund
from jobs.models import Job, JobStatus, Payout
from payments.actions import refunds, requests, set_rules, standing_budgets
from payments.actions.standing_budgets import BudgetTerms
from payments.engine.advance import advance
from payments.models import BudgetPeriod, Message, PaymentRequest, Refund, Seller, StandingBudget
from payments.models.standing_budgets import Unit
from payments.openpayments.amounts import Amount
from payments.presentation.reasons import Refusal
from payments.states import PaymentState, RequestState
from tests import cast, progress
from tests.cast import person, signed_in
from tests.dialogs import confirm
from tests.driver import SECONDS, Stage, together
from tests.jobs.test_admin_jobs import CHANGE, SEE, save
from tests.jobs.test_held_payments import accept, beforehand
from tests.jobs.test_split import staffed
from tests.payments.engine.budgets import first_day
from tests.payments.pages import action

pytestmark = pytest.mark.django_db
NBSP = "\N{NO-BREAK SPACE}"
DECIDE = ("payments.view_paymentrequest", "payments.request_paymentrequest", "payments.authorise_paymentrequest")


# Limits


def quoted_split(stage: Stage, *amounts: str) -> tuple[PaymentRequest, list[Job]]:
    """A job for each amount, of one funder, asked for together and quoted."""
    payer = stage.payer
    funder = cast.member("Sol Foundation", wallet=payer)
    jobs, workers = [], []
    for number, amount in enumerate(amounts):
        job = cast.job(JobStatus.SUBMITTING, funder=funder, budget=Amount.from_major(amount, payer.asset))
        jobs.append(job)
        workers.append(cast.applied(job, cast.member(f"W{number}", wallet=stage.wallet(f"w{number}"))))
    request = fund(jobs, workers, stage.seller, by=stage.staff, form_id="split")
    return advance(request.pk, SECONDS), jobs


@pytest.mark.parametrize(("above", "state"), [(0, "awaiting_approval"), (1, "awaiting_authorisation")])
def test_a_split_one_minor_unit_above_the_limit_waits_for_a_second_person(stage: Stage, above: int, state: str) -> None:
    request, _jobs = quoted_split(stage, "33.33", "33.33", "33.34")
    set_rules.set_rule(Amount(100_00 - above, request.payer_wallet.asset), by=stage.staff)
    client = signed_in(person("ana", *DECIDE))
    answer = confirm(client, action(request, "send_request"))
    request.refresh_from_db()
    told = client.get(answer.headers["HX-Redirect"]).content.decode()
    assert request.state == state
    assert ("It waits: a second person must authorise it first." in told) == bool(above)
    assert Message.objects.count() == (0 if above else 1)


# Work that is off, or costs otherwise, between approval and payout


def test_a_budget_edited_between_approval_and_payout_pays_what_was_approved(rosa: User, seller: Seller) -> None:
    job, workers, request = beforehand(seller, rosa)
    client = signed_in(person("ana", *SEE, *CHANGE))
    answer = save(client, job, budget_text="2000.00", workers_wanted="3")
    assert f"Request {request.pk} uses this budget and this funder." in answer.content.decode()
    accept(workers[0], rosa)
    job.refresh_from_db()
    released = workers[0].payouts.get().payment
    assert (job.budget_value, released.value, released.state) == (125000, 125000, PaymentState.APPROVED)


def test_work_of_a_job_that_was_canceled_after_the_approval_is_not_accepted_any_more(
    rosa: User, seller: Seller
) -> None:
    job, workers, request = beforehand(seller, rosa)
    decisions.move_job(job.pk, "cancel", by=rosa, seen=Job.objects.get(pk=job.pk).status)
    with pytest.raises(Refusal) as caught:
        accept(workers[0], rosa)
    assert str(caught.value) == "This cannot be done while the job is “Canceled”."
    assert set(request.payments.values_list("state", flat=True)) == {PaymentState.CANCELLED}
    request.refresh_from_db()
    assert request.state == RequestState.CANCELLED


# Who is paid


def test_who_is_paid_and_works_here_needs_a_second_person_who_is_not_them(rosa: User, seller: Seller) -> None:
    job, workers = staffed()
    luis = cast.staff("luis")
    User.objects.filter(pk=luis.pk).update(email="MARIA@example.org")
    request = fund(job, workers, seller, by=rosa, form_id="1")
    assert request.two_people
    progress.bring(request, RequestState.QUOTED)
    ana = signed_in(person("ana", *DECIDE))
    answer = confirm(ana, action(request, "send_request"))
    told = ana.get(answer.headers["HX-Redirect"]).content.decode()
    assert (
        "Whatever the amount, this needs a second person: it is money that we hold, or somebody who works here is paid."
        in told
    )
    with pytest.raises(Refusal) as caught:
        requests.authorise(request.pk, by=User.objects.get(pk=luis.pk))
    assert str(caught.value) == "This pays you yourself. Somebody else must authorise it."
    request.refresh_from_db()
    assert (request.state, request.authorised_by) == (RequestState.AWAITING_AUTHORISATION, None)
    assert requests.authorise(request.pk, by=cast.staff("eva")).state == RequestState.AWAITING_APPROVAL


def test_one_wallet_under_two_members_gets_each_of_their_payments(rosa: User, seller: Seller) -> None:
    job, (one, two, _three) = staffed()
    two.worker.wallet = one.worker.wallet
    two.worker.save()
    request = fund(job, [one, two], seller, by=rosa, form_id="1")
    named = Payout.objects.values_list("application__worker__name", "payment__receiver_name")
    assert sorted(named) == [("Maria Lopez", "Maria Lopez"), ("Xochitl Ruiz", "Xochitl Ruiz")]
    assert {payment.receiver_wallet for payment in request.payments.all()} == {one.worker.wallet}
    assert not request.two_people


def test_a_refund_is_not_refunded_and_its_page_says_why(rosa: User, seller: Seller) -> None:
    job, workers = staffed()
    paid = fund(job, workers[:1], seller, by=rosa, form_id="1")
    progress.settle(paid)
    back = refunds.refund(paid.payments.get().pk, paid.payments.get().amount, by=rosa, form_id="back")
    progress.settle(back)
    refund = back.payments.get()
    client = signed_in(person("ana", "payments.view_payment", "payments.refund_payment"))
    where = reverse("admin:payments_payment_refund", args=[refund.pk])
    its_page = reverse("admin:payments_payment_change", args=[refund.pk])
    assert where not in client.get(its_page).content.decode()
    refused = confirm(client, where, amount="1.00")
    assert "This payment is itself a refund, so it can&#x27;t be refunded." in refused.content.decode()
    assert Refund.objects.count() == 1


# Standing budgets


def active_budget(stage: Stage, funder_of: Job, limit: str) -> StandingBudget:
    funder = funder_of.funder
    assert funder.wallet
    money = Amount.from_major(limit, funder.wallet.asset)
    budget = set_up_budget(
        funder, BudgetTerms(money, money, Unit.MONTH, 1, first_day()), by=stage.staff, form_id="budget"
    )
    assert stage.settle(stage.send(budget.request)).state == RequestState.APPROVED
    return budget


@pytest.mark.django_db(transaction=True)
def test_of_two_jobs_that_draw_on_one_budget_at_once_one_is_paid_and_the_other_reads_what_is_left(
    stage: Stage, ledger_that_can_be_emptied: None
) -> None:
    del ledger_that_can_be_emptied
    payer = stage.payer
    funder = cast.member("Sol Foundation", wallet=payer)
    requests = []
    for number in range(2):
        job = cast.job(JobStatus.SUBMITTING, funder=funder, budget=Amount.from_major("100.00", payer.asset))
        worker = cast.applied(job, cast.member(f"W{number}", wallet=stage.wallet(f"w{number}")))
        requests.append(advance(fund(job, [worker], stage.seller, by=stage.staff, form_id=f"{number}").pk, SECONDS))
    budget = active_budget(stage, job, "199.99")
    answers = together(*[partial(standing_budgets.draw, request.pk, budget.pk, by=stage.staff) for request in requests])
    [(loser, refusal)] = [
        (one.pk, told) for one, told in zip(requests, answers, strict=True) if isinstance(told, Refusal)
    ]
    said = str(refusal).replace(NBSP, " ")
    assert said.startswith("Only 99.99 USD is left in this standing budget until ")
    assert PaymentRequest.objects.get(pk=loser).state == RequestState.QUOTED, "it can be asked for in the ordinary way"
    winner = next(request.pk for request in requests if request.pk != loser)
    assert advance(winner, SECONDS).state == RequestState.SETTLED
    assert list(BudgetPeriod.objects.values_list("reserved_value", flat=True)) == [100_00]
