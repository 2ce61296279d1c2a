"""What whoever sends money has to answer to a warning, by every door, and what is kept of it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from ledger.api import timeline
from payments.actions import attention, requests, standing_budgets
from payments.actions.set_risk_levels import set_risk_level
from payments.models import PaymentRequest, RiskLevel, RiskOverride
from payments.presentation.reasons import Refusal
from payments.presentation.timeline_text import describe
from payments.risk.answers import RiskAnswer
from payments.risk.warnings import unsent_of, warnings_of
from payments.states import PaymentState, RequestState
from tests.cast import asked, paid_to_maria, person, settled, signed_in, staff, standing_budget
from tests.dialogs import confirm, dialog
from tests.payments.pages import action, page

pytestmark = pytest.mark.django_db

SEE = "payments.view_paymentrequest"
ASK = "payments.request_paymentrequest"
OVERRIDE = "payments.override_risk"
WHY = "Her sister's wallet; we spoke on the phone."


def quoted(state: RequestState = RequestState.QUOTED, **columns: Any) -> PaymentRequest:
    """For Maria, to whose wallet nothing was ever paid."""
    row = asked(state, **columns)
    paid_to_maria(row)
    return row


def level(of: RiskLevel, check: str = "first_payment") -> None:
    set_risk_level(check, of, staff("admin"))


def everything(request: PaymentRequest, reason: str = "") -> RiskAnswer:
    return RiskAnswer(frozenset(each.key for each in warnings_of(unsent_of(request.pk))), reason)


def state_of(request: PaymentRequest) -> str:
    return PaymentRequest.objects.get(pk=request.pk).state


@pytest.fixture
def rosa() -> User:
    return person("rosa", SEE, ASK)


@pytest.fixture
def ana() -> User:
    return person("ana", SEE, ASK, OVERRIDE)


def test_what_is_only_shown_stops_nobody(rosa: User) -> None:
    request = requests.send(quoted().pk, by=rosa)
    assert request.state == RequestState.AWAITING_APPROVAL
    assert "request.warnings_answered" not in [row.kind for row in timeline([("request", request.pk)])]


@pytest.mark.parametrize("strict", [RiskLevel.TICK, RiskLevel.BLOCK])
@pytest.mark.parametrize("door", ["send", "draw", "authorise", "send again", "send anew"])
def test_nothing_is_sent_by_any_door_without_an_answer(door: str, strict: RiskLevel, ana: User) -> None:
    level(strict)
    match door:
        case "send":
            row = quoted()
            with pytest.raises(Refusal, match="Nothing was ever paid"):
                requests.send(row.pk, by=ana)
        case "draw":
            row, budget = quoted(), standing_budget(asked(RequestState.APPROVED))
            with pytest.raises(Refusal, match="Nothing was ever paid"):
                standing_budgets.draw(row.pk, budget.pk, by=ana)
        case "authorise":
            row = quoted(RequestState.AWAITING_AUTHORISATION, requested_by=staff("rosa"))
            with pytest.raises(Refusal, match="Nothing was ever paid"):
                requests.authorise(row.pk, by=ana)
        case "send again":
            row = quoted(RequestState.AWAITING_APPROVAL)
            with pytest.raises(Refusal, match="Nothing was ever paid"):
                requests.send_again(row.pk, by=ana)
        case _:
            row = asked(RequestState.APPROVED)
            payment = paid_to_maria(row, PaymentState.NEEDS_ATTENTION)
            with pytest.raises(Refusal, match="Nothing was ever paid"):
                attention.start_anew(payment.pk, by=ana)
    assert state_of(row) == row.state
    assert not RiskOverride.objects.exists()


def test_a_tick_is_taken_and_kept(rosa: User) -> None:
    level(RiskLevel.TICK)
    row = quoted()
    assert requests.send(row.pk, by=rosa, answer=everything(row)).state == RequestState.AWAITING_APPROVAL
    (entry,) = [each for each in timeline([("request", row.pk)]) if each.kind == "request.warnings_answered"]
    assert describe(entry).text.startswith("Looked at before money is sent: Nothing was ever paid to the wallet of")
    assert [each["check"] for each in entry.data["warnings"]] == ["first_payment"]
    assert "María" not in str(entry.data)


def test_what_nobody_looked_at_refuses_even_when_something_else_was(rosa: User) -> None:
    """Something new since the dialog was opened."""
    level(RiskLevel.TICK)
    row = quoted()
    answer = everything(row)
    level(RiskLevel.TICK, "duplicate")
    paid_to_maria(asked(RequestState.APPROVED), PaymentState.SENT)
    with pytest.raises(Refusal, match="had another payment of") as refused:
        requests.send(row.pk, by=rosa, answer=answer)
    assert "Nothing was ever paid" in str(refused.value) or refused.value.code == "warning_not_looked_at"
    assert state_of(row) == RequestState.QUOTED


def test_a_block_needs_the_permission_and_a_reason(rosa: User, ana: User) -> None:
    level(RiskLevel.BLOCK)
    row = quoted()
    with pytest.raises(Refusal, match="you may not override that"):
        requests.send(row.pk, by=rosa, answer=everything(row, WHY))
    with pytest.raises(Refusal, match="say why"):
        requests.send(row.pk, by=ana, answer=everything(row, "  "))
    assert state_of(row) == RequestState.QUOTED
    requests.send(row.pk, by=ana, answer=everything(row, WHY))
    kept = RiskOverride.objects.get()
    assert (kept.by, kept.reason, kept.check_name) == (ana, WHY, "first_payment")
    (entry,) = [each for each in timeline([("request", row.pk)]) if each.kind == "payment.warning_overridden"]
    assert describe(entry).text == f"Sent past a warning, “First payment to this wallet”: “{WHY}”"
    assert WHY not in str(entry.data)
    assert requests.send_again(row.pk, by=rosa).state == RequestState.AWAITING_APPROVAL, "it is overridden for good"


# The dialogs


def pressed(client: Client, row: PaymentRequest, **more: str) -> None:
    confirm(client, action(row, "send_request"), **more)


def test_the_dialog_asks_for_a_tick_and_takes_no_other(rosa: User) -> None:
    level(RiskLevel.TICK)
    row, client = quoted(), signed_in(rosa)
    shown = client.get(action(row, "send_request")).content.decode()
    assert "Nothing was ever paid to the wallet of María Hernández" in shown
    assert 'name="looked_at"' in shown
    assert 'name="override_reason"' not in shown
    pressed(client, row)
    assert state_of(row) == RequestState.QUOTED
    pressed(client, row, looked_at="on")
    assert state_of(row) == RequestState.AWAITING_APPROVAL


def test_the_dialog_asks_nothing_of_what_is_only_shown(rosa: User) -> None:
    row, client = quoted(), signed_in(rosa)
    shown = client.get(action(row, "send_request")).content.decode()
    assert "Nothing was ever paid" in shown
    assert 'name="looked_at"' not in shown
    pressed(client, row)
    assert state_of(row) == RequestState.AWAITING_APPROVAL


def test_who_may_not_override_is_told_so_and_can_not(rosa: User) -> None:
    level(RiskLevel.BLOCK)
    row, client = quoted(), signed_in(rosa)
    shown = client.get(action(row, "send_request")).content.decode()
    assert "Ask somebody who may override it." in shown
    assert 'name="override_reason"' not in shown
    pressed(client, row, looked_at="on", override_reason=WHY)
    assert state_of(row) == RequestState.QUOTED
    assert not RiskOverride.objects.exists()


def test_who_may_override_writes_why(ana: User) -> None:
    level(RiskLevel.BLOCK)
    row, client = quoted(), signed_in(ana)
    pressed(client, row, looked_at="on", override_reason=" ")
    assert state_of(row) == RequestState.QUOTED
    pressed(client, row, looked_at="on", override_reason=WHY)
    assert state_of(row) == RequestState.AWAITING_APPROVAL
    assert f"ana let it pass: “{WHY.replace(chr(39), '&#x27;')}”" in client.get(page(row)).content.decode()


def test_a_warning_that_came_up_since_the_dialog_was_opened_does_nothing(rosa: User) -> None:
    level(RiskLevel.TICK)
    row, client = quoted(), signed_in(rosa)
    fields = {**dialog(client, action(row, "send_request")), "looked_at": "on"}
    settled()
    answer = client.post(action(row, "send_request"), fields, headers={"HX-Request": "true"})
    assert state_of(row) == RequestState.QUOTED
    assert "Something changed since you opened the dialog" in client.get(answer.headers["HX-Redirect"]).content.decode()


def test_the_pages_of_request_and_payment_say_it(rosa: User) -> None:
    row = quoted()
    reader = signed_in(person("eva", SEE, "payments.view_payment"))
    own = reverse("admin:payments_payment_change", args=[row.payments.get().pk])
    for url in (page(row), own):
        assert "Nothing was ever paid to the wallet of María Hernández" in reader.get(url).content.decode(), url
