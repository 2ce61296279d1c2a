"""A standing budget as people see it: in the back office, in the funder's mail and behind the link in it."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from payments.actions import standing_budgets
from payments.engine.advance import advance
from payments.mail.rendering import render
from payments.models import Message, PaymentRequest, StandingBudget
from payments.models.messages import Template
from payments.models.standing_budgets import BudgetState
from payments.states import RequestState
from tests.cast import person, signed_in
from tests.dialogs import confirm
from tests.driver import SECONDS, Stage
from tests.payments.engine.budgets import active, again, drawn, sent
from tests.payments.pages import action, page, words

pytestmark = pytest.mark.django_db
NBSP = "\N{NO-BREAK SPACE}"


def mail(template: Template, language: str = "en") -> str:
    message = Message.objects.filter(template=template).latest("created_at")
    message.language = language
    return render(message).text.replace(NBSP, " ")


def link(text: str) -> str:
    found = re.search(r"http://testserver(/approve/\S+)", text)
    assert found
    return found[1]


def budget_page(budget: StandingBudget) -> str:
    return reverse("admin:payments_standingbudget_change", args=[budget.pk])


def budget_action(budget: StandingBudget, name: str) -> str:
    return reverse(f"admin:payments_standingbudget_{name}", args=[budget.pk])


def boss() -> Client:
    return signed_in(
        person(
            "boss",
            "payments.view_standingbudget",
            "payments.manage_standingbudget",
            "payments.view_paymentrequest",
            "payments.request_paymentrequest",
            "payments.draw_standingbudget",
        )
    )


def english(client: Client, path: str) -> str:
    with translation.override("en"):
        return words(client.get(f"{path}?lang=en"))


def test_the_funder_is_asked_once_told_of_each_payment_and_stops_it(stage: Stage, client: Client) -> None:
    budget = sent(stage)
    asked = mail(Template.BUDGET)
    assert "asks you to allow at most 500.00 USD each month" in asked
    path = link(asked)
    page_text = english(client, path)
    assert "You allow" in page_text
    assert "3 months" in page_text
    assert "Stop this standing budget" not in page_text
    accepted = re.search(r'name="accepted" value="(\d+)"', client.get(path).content.decode())
    assert accepted
    at_wallet = client.post(path, {"action": "approve", "accepted": accepted[1]})
    stage.come_back(budget.request, stage.sandbox.approve(at_wallet["Location"]))
    advance(budget.request_id, SECONDS)
    advance(drawn(stage, budget).pk, SECONDS)

    told = mail(Template.BUDGET_DRAW)
    assert "María receives: 100.00 USD" in told
    assert "400.00 USD" in told
    assert link(told) == path
    page_text = english(client, path)
    assert "400.00" in page_text
    assert "Translation into Nahuatl" in page_text
    assert "Stop this standing budget" in page_text

    # Reading never stops it; the button does, and pressing it twice does nothing more.
    assert again(budget).state == BudgetState.ACTIVE
    for _ in range(2):
        assert client.post(path, {"action": "stop"}).status_code == 302
    assert again(budget).state == BudgetState.STOPPED
    assert "The funder stopped it" in english(client, path)
    assert "The funder stopped it" in mail(Template.BUDGET_OVER)
    assert Message.objects.filter(template=Template.BUDGET_OVER).count() == 1
    assert stage.sandbox.requests("delete-continue")


def test_stop_does_nothing_to_an_ordinary_request(stage: Stage, client: Client) -> None:
    request = stage.sent()
    client.post(link(mail(Template.APPROVAL)), {"action": "stop"})
    assert PaymentRequest.objects.get(pk=request.pk).state == RequestState.AWAITING_APPROVAL


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_mail_of_a_budget_has_its_words(stage: Stage, language: str) -> None:
    budget = active(stage)
    drawn(stage, budget)
    standing_budgets.stop(budget.pk, by=stage.staff)
    for template in (Template.BUDGET, Template.BUDGET_DRAW, Template.BUDGET_OVER):
        assert "500.00 USD" in mail(template, language)


def test_staff_pay_from_the_budget_on_the_page_of_the_quote(stage: Stage, settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    budget, staff = active(stage), boss()
    request = stage.quoted()
    assert "Pay from the standing budget" in staff.get(page(request)).content.decode()
    confirm(staff, action(request, "draw_request"))
    request.refresh_from_db()
    assert (request.state, request.budget_id) == (RequestState.APPROVED, budget.pk)
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    confirm(staff, budget_action(budget, "compare"))
    told = words(staff.get(budget_page(budget)))
    assert "The same as ours" in told
    assert told.replace(NBSP, " ").count("100.00 USD") >= 3
    listed = words(staff.get(reverse("admin:payments_standingbudget_changelist")))
    assert "400.00" in listed


def test_without_a_budget_nothing_is_offered(stage: Stage) -> None:
    request = stage.quoted()
    staff = boss()
    assert "draw_request" not in staff.get(page(request)).content.decode()


def test_pause_resume_and_stop_by_staff(stage: Stage) -> None:
    budget, staff = active(stage), boss()
    for name, state in (("pause", BudgetState.PAUSED), ("resume", BudgetState.ACTIVE), ("stop", BudgetState.STOPPED)):
        assert confirm(staff, budget_action(budget, name)).status_code == 200
        assert again(budget).state == state
    advance(budget.request_id, SECONDS)
    assert staff.get(budget_page(budget)).status_code == 200


def test_whoever_may_only_look_can_do_nothing(stage: Stage) -> None:
    budget = active(stage)
    auditor = signed_in(person("ada", "payments.view_standingbudget"))
    assert auditor.get(budget_page(budget)).status_code == 200
    for name in ("compare", "pause", "stop"):
        assert auditor.get(budget_action(budget, name)).status_code == 403
        assert auditor.post(budget_action(budget, name), {"seen": "x"}).status_code == 403
    assert again(budget).state == BudgetState.ACTIVE


def test_the_pages_cost_the_same_however_many_were_paid(stage: Stage, client: Client) -> None:
    budget, staff = active(stage), boss()
    path = link(mail(Template.BUDGET))

    def cost() -> list[int]:
        counts = []
        for reader, url in (
            (client, path),
            (staff, budget_page(budget)),
            (staff, reverse("admin:payments_standingbudget_changelist")),
        ):
            with CaptureQueriesContext(connection) as queries:
                assert reader.get(url).status_code == 200
            counts.append(len(queries))
        return counts

    drawn(stage, budget)
    cost()
    one = cost()
    drawn(stage, budget)
    drawn(stage, budget)
    assert cost() == one
