"""A job paid from the funder's standing budget: chosen in the job's own dialog, against a real wallet."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from jobs import links
from jobs.budget_offers import set_up_budget
from jobs.models import Application, Job, JobStatus, Member, Organisation, Payout, SubmissionStatus
from jobs.tasks import sync_request
from ledger import clock
from ledger.api import timeline
from payments.actions import requests, standing_budgets
from payments.actions.set_risk_levels import set_risk_level
from payments.actions.standing_budgets import BudgetTerms
from payments.engine.advance import advance
from payments.invariants import violations
from payments.models import Message, Payment, PaymentRequest, RiskLevel, SecondPersonRule, Seller, StandingBudget
from payments.models.messages import Template
from payments.models.standing_budgets import BudgetState, Unit
from payments.openpayments.amounts import Amount
from payments.presentation.timeline_text import describe
from payments.states import RequestState
from tests import cast
from tests.cast import person, seller_with_key, signed_in
from tests.dialogs import Answer, dialog
from tests.driver import SECONDS, Stage
from tests.payments.engine.budgets import again, first_day, reserved
from tests.payments.pages import words

pytestmark = pytest.mark.django_db
NBSP = "\N{NO-BREAK SPACE}"
MAY = (
    "jobs.view_job",
    "jobs.view_member",
    "jobs.change_member",
    "payments.view_paymentrequest",
    "payments.request_paymentrequest",
)
DRAWS = (*MAY, "payments.draw_standingbudget")


@pytest.fixture
def funder(stage: Stage) -> Member:
    return cast.member("Sol Foundation", wallet=stage.payer, language="en")


@pytest.fixture
def job(stage: Stage, funder: Member) -> Job:
    """1,250.00 for one worker, whose work is accepted."""
    wallet = stage.worker
    made = cast.job(JobStatus.SUBMITTING, funder=funder, budget=Amount.from_major("1250.00", wallet.asset))
    application = cast.applied(made, cast.member("Maria Lopez", wallet=wallet))
    cast.handed_in(application, SubmissionStatus.ACCEPTED)
    return made


def agreed(stage: Stage, funder: Member, limit: str = "5000.00", largest: str = "2000.00") -> StandingBudget:
    """A standing budget that the funder approved in their wallet."""
    assert funder.wallet
    asset = funder.wallet.asset
    terms = BudgetTerms(Amount.from_major(limit, asset), Amount.from_major(largest, asset), Unit.MONTH, 3, first_day())
    budget = set_up_budget(funder, terms, by=stage.staff, form_id=f"budget-{limit}")
    stage.settle(stage.send(budget.request))
    if (wait := (budget.starts_at - clock.now()).total_seconds()) > 0:
        stage.later(int(wait) + 60)
    return again(budget)


def url(job: Job) -> str:
    return reverse("admin:jobs_job_request_payment", args=[job.pk])


def asked(client: Client, job: Job, budget: StandingBudget, **more: str) -> Answer:
    """The dialog, confirmed with the budget chosen."""
    return press(client, job, {**dialog(client, url(job)), **more}, budget)


def press(client: Client, job: Job, fields: dict[str, str], budget: StandingBudget) -> Answer:
    worker: Application = job.applications.get()
    chosen = {**fields, "way": f"budget:{budget.pk}", "receivers": str(worker.pk)}
    return client.post(url(job), chosen, headers={"HX-Request": "true"})


def said(client: Client, path: str) -> str:
    return words(client.get(path))


def job_page(job: Job) -> str:
    return reverse("admin:jobs_job_change", args=[job.pk])


def link_of(member: Member) -> str:
    return links.funder_url(member).removeprefix("http://testserver")


def test_chosen_in_the_job_s_dialog_it_pays_without_asking_the_funder_who_is_told(
    stage: Stage, funder: Member, job: Job
) -> None:
    budget, staff = agreed(stage, funder), signed_in(person("ana", *DRAWS))
    shown = said(staff, url(job))
    assert "At once, from the standing budget: 5,000.00" in shown
    assert "Largest single payment" in shown
    answer = asked(staff, job, budget)
    made = PaymentRequest.objects.get(standing_budget=None)
    assert made.budget_id == budget.pk
    page = reverse("admin:payments_paymentrequest_change", args=[made.pk])
    assert answer.headers["HX-Redirect"] == page
    assert "It is being paid from the standing budget. Sol Foundation is told." in said(staff, page)
    assert advance(made.pk, SECONDS).state == RequestState.SETTLED
    sync_request(made.pk)
    job.refresh_from_db()
    assert (stage.received(), job.status) == (1250_00, JobStatus.COMPLETE)
    assert reserved(budget)[0] == 1250_00
    assert not made.grants.filter(kind="outgoing-payment").exists(), "nobody was asked"
    told = Message.objects.filter(request=made).values_list("template", flat=True)
    assert set(told) == {Template.BUDGET_DRAW, Template.RECEIPT, Template.PAID}
    entries = timeline([("request", made.pk)])
    (approved,) = [describe(entry).text for entry in entries if entry.kind == "request.approved"]
    assert approved.startswith(f"It is paid from standing budget {budget.pk}"), "nobody pressed anything in a wallet"
    kinds = [entry.kind for entry in entries]
    assert {"job.payment_requested", "budget.drawn", "budget.reserved", "payment.settled"} <= set(kinds)
    assert not violations()


def test_pressed_twice_it_pays_once(stage: Stage, funder: Member, job: Job) -> None:
    budget, staff = agreed(stage, funder), signed_in(person("ana", *DRAWS))
    fields = dialog(staff, url(job))
    for _ in range(2):
        press(staff, job, fields, budget)
    made = PaymentRequest.objects.get(standing_budget=None)
    advance(made.pk, SECONDS)
    assert (stage.received(), reserved(budget)[0]) == (1250_00, 1250_00)


def test_it_is_not_offered_to_whoever_may_not_draw(stage: Stage, funder: Member, job: Job) -> None:
    budget, staff = agreed(stage, funder), signed_in(person("ana", *MAY))
    assert "standing budget" not in said(staff, url(job))
    asked(staff, job, budget)
    assert not Payout.objects.exists()


@pytest.mark.parametrize("limit", ["5000.00", "1249.99"])
def test_a_payment_above_the_largest_is_refused_before_anything_is_written(
    stage: Stage, funder: Member, job: Job, limit: str
) -> None:
    budget, staff = agreed(stage, funder, limit, "1249.99"), signed_in(person("ana", *DRAWS))
    assert "Staff may pay at most 1,249.99" in words(asked(staff, job, budget))
    assert not Payout.objects.exists()
    assert reserved(budget) == [0, 0, 0]


def test_a_budget_with_too_little_left_says_how_much_and_until_when(stage: Stage, funder: Member, job: Job) -> None:
    budget, staff = agreed(stage, funder, "2000.00"), signed_in(person("ana", *DRAWS))
    asked(staff, job, budget)
    other = cast.job(JobStatus.SUBMITTING, funder=funder, budget=job.budget)
    cast.applied(other, job.applications.get().worker)
    assert "At once, from the standing budget: 750.00" in said(staff, url(other))
    asked(staff, other, budget)
    text = said(staff, job_page(other))
    assert "Only 750.00" in text
    assert "is left in this standing budget until" in text
    assert Payout.objects.count() == 1


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        ("pause", "The standing budget is paused. Nothing is paid from it until it is resumed."),
        ("stop", "This standing budget was stopped, so nothing is paid from it any more."),
        ("ended", "The last period of this standing budget is over."),
    ],
)
def test_one_that_is_paused_stopped_or_over_says_so_before_and_after(
    stage: Stage, funder: Member, job: Job, end: str, sentence: str
) -> None:
    budget, staff = agreed(stage, funder), signed_in(person("ana", *DRAWS))
    fields = dialog(staff, url(job))
    if end == "ended":
        stage.later(int((budget.ends_at - clock.now() + timedelta(hours=1)).total_seconds()))
        advance(budget.request_id, SECONDS)
        assert again(budget).state == BudgetState.ENDED
        staff.force_login(person("bea", *DRAWS))
    elif end == "pause":
        standing_budgets.pause(budget.pk, by=stage.staff)
    else:
        standing_budgets.stop(budget.pk, by=stage.staff)
    assert sentence in said(staff, url(job))
    assert f'value="budget:{budget.pk}"' not in staff.get(url(job)).content.decode()
    # The dialog was open while it happened.
    press(staff, job, fields, budget)
    assert sentence in said(staff, job_page(job))
    assert not Payout.objects.exists()


def test_above_the_limit_a_second_person_authorises_it_first(stage: Stage, funder: Member, job: Job) -> None:
    assert funder.wallet
    code, scale = funder.wallet.asset_code, funder.wallet.asset_scale
    budget, staff = agreed(stage, funder), signed_in(person("ana", *DRAWS))
    SecondPersonRule.objects.create(asset_code=code, asset_scale=scale, limit=1000_00)
    asked(staff, job, budget)
    made = PaymentRequest.objects.get(standing_budget=None)
    assert (made.state, reserved(budget)[0]) == (RequestState.AWAITING_AUTHORISATION, 0)
    requests.authorise(made.pk, by=stage.staff)
    assert advance(made.pk, SECONDS).state == RequestState.SETTLED
    assert stage.received() == 1250_00


def test_what_costs_more_than_the_dialog_showed_waits_for_a_look(stage: Stage, job: Job) -> None:
    dear = stage.wallet("taker", balance=1_000_000, fee={"fixed": 100, "percentBps": 0})
    Member.objects.filter(pk=job.funder_id).update(wallet=dear)
    job.refresh_from_db()
    budget, staff = agreed(stage, job.funder), signed_in(person("ana", *DRAWS))
    answer = asked(staff, job, budget)
    made = PaymentRequest.objects.get(standing_budget=None)
    assert (made.state, made.ceiling_debit) == (RequestState.QUOTED, 1251_00)
    text = said(staff, answer.headers["HX-Redirect"])
    assert "It costs 1,251.00" in text
    assert "Pay from the standing budget" in text
    assert reserved(budget)[0] == 0


def test_the_budget_is_set_up_for_the_account_that_was_chosen_and_pays_only_for_that(
    stage: Stage, funder: Member, job: Job
) -> None:
    other = seller_with_key(id="radio", name="Tequio Radio", wallet=stage.seller.wallet)
    staff = signed_in(person("ana", *DRAWS))
    set_up = reverse("admin:jobs_member_set_up_budget", args=[funder.pk])
    assert "Tequio Radio" in said(staff, set_up)
    told = {"limit": "5000.00", "largest": "2000.00", "unit": "month", "count": "3", "starts_on": str(first_day())}
    staff.post(set_up, {**dialog(staff, set_up), **told, "seller": other.pk}, headers={"HX-Request": "true"})
    made = StandingBudget.objects.get()
    assert made.request.seller_id == other.pk
    budget = agreed(stage, funder)
    assert budget.request.seller_id == stage.seller.pk
    asked(staff, job, budget, seller=other.pk)
    assert not Payout.objects.exists()
    asked(staff, job, budget, seller=stage.seller.pk)
    assert Payment.objects.get().request.budget_id == budget.pk


def test_with_one_account_nobody_is_asked_which(stage: Stage, funder: Member) -> None:
    staff = signed_in(person("ana", *DRAWS))
    set_up = reverse("admin:jobs_member_set_up_budget", args=[funder.pk])
    assert "Who asks, and pays from it?" not in said(staff, set_up)
    assert Seller.objects.count() == 1
    told = {"limit": "5000.00", "largest": "2000.00", "unit": "month", "count": "3", "starts_on": str(first_day())}
    staff.post(set_up, {**dialog(staff, set_up), **told}, headers={"HX-Request": "true"})
    assert StandingBudget.objects.get().request.seller_id == stage.seller.pk


def test_an_organisation_s_approver_is_asked(stage: Stage, funder: Member) -> None:
    Organisation.objects.create(
        member=funder, legal_name="Sol, A.C.", approver_name="Elena", approver_email="elena@sol.example"
    )
    budget = agreed(stage, funder)
    assert budget.request.payer_email == "elena@sol.example"
    assert Message.objects.get(template=Template.BUDGET).to_email == "elena@sol.example"


def test_the_funder_s_own_page_tells_what_was_agreed_spent_and_left_and_stops_it(
    stage: Stage, funder: Member, job: Job
) -> None:
    budget, client = agreed(stage, funder), Client(enforce_csrf_checks=True)
    before = words(client.get(link_of(funder))).replace(NBSP, " ")
    assert "At most 5,000.00" in before
    assert "Nothing was paid from it yet." in before
    asked(signed_in(person("ana", *DRAWS)), job, budget)
    made = PaymentRequest.objects.get(standing_budget=None)
    advance(made.pk, SECONDS)
    text = words(client.get(link_of(funder))).replace(NBSP, " ")
    for told in ("Spent or on its way 1,250.00", "Left 3,750.00", "Starts anew", "Stories in Nahuatl", "Settled"):
        assert told in text, told
    assert "each month" in text

    client.post(link_of(funder), {"stop": budget.request_id})
    assert again(budget).state == BudgetState.STOPPED
    advance(budget.request_id, SECONDS)
    after = words(client.get(link_of(funder)))
    assert "The funder stopped it" in after
    assert "Yes, stop it now" not in after
    assert stage.sandbox.requests("delete-continue")


def test_a_budget_that_waits_for_approval_waits_on_the_funder_s_page(stage: Stage, funder: Member) -> None:
    assert funder.wallet
    asset = funder.wallet.asset
    terms = BudgetTerms(Amount.from_major("5000", asset), Amount.from_major("5000", asset), Unit.MONTH, 3, first_day())
    budget = set_up_budget(funder, terms, by=stage.staff, form_id="waits")
    advance(budget.request_id, SECONDS)
    assert "Standing budget" not in words(Client().get(link_of(funder)))
    requests.send(budget.request_id, by=stage.staff)
    text = words(Client().get(link_of(funder)))
    assert "Look at it and approve : Standing budget: at most" in text
    # Somebody else's page stops nothing.
    stranger = cast.member("Otra Fundación", language="en")
    Client().post(link_of(stranger), {"stop": budget.request_id})
    assert again(budget).state == BudgetState.ASKED


@pytest.mark.parametrize("level", [RiskLevel.TICK, RiskLevel.BLOCK])
def test_who_pays_at_once_answers_the_warnings_in_the_same_dialog(
    stage: Stage, funder: Member, job: Job, level: RiskLevel
) -> None:
    set_risk_level("first_payment", level, cast.staff("admin"))
    budget, staff = agreed(stage, funder), signed_in(person("ana", *DRAWS, "payments.override_risk"))
    asked(staff, job, budget)
    assert not PaymentRequest.objects.filter(standing_budget=None).exists(), "not before it is answered"
    why = {"override_reason": "We spoke."} if level == RiskLevel.BLOCK else {}
    # Nobody has looked at what the dialog did not show.
    unseen = {**dialog(staff, url(job)), "looked_at": "on", "shown_warnings": "", "form_id": "unseen", **why}
    press(staff, job, unseen, budget)
    made = PaymentRequest.objects.get(standing_budget=None)
    assert made.state == RequestState.QUOTED
    requests.cancel(made.pk, by=stage.staff)
    asked(staff, job, budget, looked_at="on", **why)
    made = PaymentRequest.objects.exclude(pk=made.pk).get(standing_budget=None)
    assert made.budget_id == budget.pk
    assert advance(made.pk, SECONDS).state == RequestState.SETTLED
    (answered,) = [entry for entry in timeline([("request", made.pk)]) if entry.kind == "request.warnings_answered"]
    assert (answered.actor.kind, stage.received()) == ("staff", 1250_00)
    assert not violations()
