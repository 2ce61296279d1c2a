"""Standing budgets: approved once, drawn on within the limit of each period, and never above it."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from ledger import clock
from payments.actions import approvals, requests, set_rules, standing_budgets
from payments.engine.advance import advance
from payments.invariants import violations
from payments.models import BudgetPeriod, Grant, Message, PaymentRequest, StandingBudget
from payments.models.messages import Template
from payments.models.standing_budgets import AFTER_THE_START, BudgetState, Unit
from payments.openpayments.amounts import Amount
from payments.presentation.reasons import Refusal
from payments.states import GrantState, PaymentState, RequestState
from tests.cast import person
from tests.driver import SECONDS, Stage, together
from tests.payments.engine.budgets import DAY, active, again, drawn, first_day, refused, reserved, sent, set_up


def settle(request: PaymentRequest) -> PaymentRequest:
    return advance(request.pk, SECONDS)


def test_a_funder_approves_once_and_two_draws_are_paid(stage: Stage) -> None:
    budget = active(stage)
    assert budget.state == BudgetState.ACTIVE
    assert budget.grant
    assert budget.grant.interval.startswith("R3/")
    assert budget.grant.interval.endswith("T06:00:00Z/P1M")
    for _ in range(2):
        assert settle(drawn(stage, budget)).state == RequestState.SETTLED
    assert stage.received() == 200_00
    assert reserved(budget) == [200_00, 0, 0]
    assert len(stage.sandbox.requests("post-continue")) == 1
    assert Message.objects.filter(template=Template.BUDGET_DRAW, to_email="sol@example.org").count() == 2
    assert again(budget).grant.state == GrantState.ACTIVE  # type: ignore[union-attr]
    assert not violations()


def test_what_we_show_is_what_the_wallet_says(stage: Stage) -> None:
    budget = active(stage)
    settle(drawn(stage, budget, "120.00"))
    standing_budgets.compare(budget.pk)
    advance(budget.request_id, SECONDS)
    grant = again(budget).grant
    assert grant
    assert grant.spent_value == reserved(budget)[0] == 120_00


def test_more_than_is_left_is_refused_and_can_be_asked_for_in_the_ordinary_way(stage: Stage) -> None:
    budget = active(stage, "150.00", largest="150.00")
    settle(drawn(stage, budget))
    request = stage.quoted(amount="100.00")
    with refused("budget_too_little_left"):
        standing_budgets.draw(request.pk, budget.pk, by=stage.staff)
    assert reserved(budget) == [100_00, 0, 0]
    assert requests.send(request.pk, by=stage.staff).state == RequestState.AWAITING_APPROVAL


def test_above_the_largest_single_payment_is_refused(stage: Stage) -> None:
    budget = active(stage, largest="99.99")
    with refused("budget_too_large"):
        drawn(stage, budget)


def test_above_the_limit_a_second_person_authorises_a_draw(stage: Stage) -> None:
    budget = active(stage)
    set_rules.set_rule(Amount(99_99, budget.asset), by=stage.staff)
    request = drawn(stage, budget)
    assert request.state == RequestState.AWAITING_AUTHORISATION
    assert reserved(budget) == [0, 0, 0]
    with refused("own_request"):
        requests.authorise(request.pk, by=stage.staff)
    requests.authorise(request.pk, by=person("memo"))
    assert settle(request).state == RequestState.SETTLED
    assert reserved(budget) == [100_00, 0, 0]


def test_each_period_has_the_whole_limit_and_the_last_ends_it(stage: Stage) -> None:
    budget = active(stage, "100.00", largest="100.00", unit=Unit.WEEK)
    for week in range(3):
        stage.later(max(0, int((budget.starts_at + timedelta(weeks=week, hours=1) - clock.now()).total_seconds())))
        advance(budget.request_id, SECONDS)
        assert settle(drawn(stage, budget)).state == RequestState.SETTLED
        with refused("budget_too_little_left"):
            drawn(stage, budget, "0.01")
    assert reserved(budget) == [100_00] * 3
    stage.later(8 * DAY)
    advance(budget.request_id, SECONDS)
    assert again(budget).state == BudgetState.ENDED
    with refused("budget_over"):
        drawn(stage, budget, "0.01")
    assert Grant.objects.get(pk=budget.grant_id).state == GrantState.ENDED
    assert not violations()


def test_months_pass_and_the_token_is_kept_alive(stage: Stage) -> None:
    budget = active(stage)
    for _ in range(8):
        stage.later(8 * DAY)
        advance(budget.request_id, SECONDS)
    assert len(stage.sandbox.requests("post-token")) == 8
    assert settle(drawn(stage, budget)).state == RequestState.SETTLED
    assert sum(reserved(budget)[1:]) == 100_00
    assert not violations()


def test_nothing_is_reserved_just_before_a_period_ends(stage: Stage) -> None:
    budget = active(stage, unit=Unit.WEEK)
    request = drawn(stage, budget)
    stage.later(int((budget.starts_at + timedelta(weeks=1, minutes=-3) - clock.now()).total_seconds()))
    with refused("budget_between_periods"):
        drawn(stage, budget)
    assert advance(request.pk, 2).state == RequestState.APPROVED
    assert not stage.sandbox.requests("create-outgoing-payment")
    stage.later(4 * 60)
    assert settle(request).state == RequestState.SETTLED
    assert reserved(budget) == [0, 100_00, 0]
    assert not violations()


@pytest.mark.django_db(transaction=True)
def test_two_draws_at_once_with_an_expired_token_rotate_it_once(stage: Stage, ledger_that_can_be_emptied: None) -> None:
    del ledger_that_can_be_emptied
    budget = active(stage)
    requests = [drawn(stage, budget) for _ in range(4)]
    Grant.objects.filter(pk=budget.grant_id).update(token_expires_at=clock.now())
    stage.sandbox.clear_requests()
    together(*[partial(advance, request.pk, SECONDS) for request in requests])
    assert {settle(request).state for request in requests} == {RequestState.SETTLED}
    assert len(stage.sandbox.requests("post-token")) == 1
    assert stage.received() == 400_00
    assert not violations()


@pytest.mark.django_db(transaction=True)
def test_draws_at_once_never_exceed_the_limit(stage: Stage, ledger_that_can_be_emptied: None) -> None:
    del ledger_that_can_be_emptied
    budget = active(stage, "250.00", largest="250.00")
    requests = [stage.quoted(amount="100.00") for _ in range(4)]
    answers = together(*[partial(standing_budgets.draw, request.pk, budget.pk, by=stage.staff) for request in requests])
    assert [told.code for told in answers if isinstance(told, Refusal)] == ["budget_too_little_left"] * 2
    assert reserved(budget) == [200_00, 0, 0]
    assert not violations()


def test_the_funder_stops_it_while_a_draw_is_under_way(stage: Stage) -> None:
    budget = active(stage)
    stage.sandbox.settings(settleOnCommand=True)
    under_way = drawn(stage, budget)
    advance(under_way.pk, 2)
    not_ordered = drawn(stage, budget)
    standing_budgets.stop_by_payer(budget.pk)
    advance(budget.request_id, SECONDS)
    assert again(budget).state == BudgetState.STOPPED
    assert Grant.objects.get(pk=budget.grant_id).state == GrantState.ENDED
    # What was not ordered goes back to staff; what was, arrives.
    assert advance(not_ordered.pk, 2).state == RequestState.QUOTED
    stage.sandbox.settle()
    assert settle(under_way).state == RequestState.SETTLED
    assert reserved(budget) == [100_00, 0, 0]
    assert Message.objects.filter(template=Template.BUDGET_OVER).count() == 1
    assert not violations()


def test_an_approved_budget_is_stopped_and_not_cancelled(stage: Stage) -> None:
    """Stopping tells the funder and wakes what waits for the budget; cancelling a request does neither."""
    budget = active(stage)
    with pytest.raises(Refusal, match="Stop it"):
        requests.cancel(budget.request_id, by=stage.staff)
    assert again(budget).state == BudgetState.ACTIVE


def test_a_draw_that_is_cancelled_gives_back_what_it_reserved_and_not_the_approval(stage: Stage) -> None:
    budget = active(stage)
    request = drawn(stage, budget)
    assert reserved(budget) == [100_00, 0, 0]
    requests.cancel(request.pk, by=stage.staff)
    advance(request.pk, SECONDS)
    assert reserved(budget) == [0, 0, 0]
    assert Grant.objects.get(pk=budget.grant_id).state == GrantState.ACTIVE
    assert settle(drawn(stage, budget)).state == RequestState.SETTLED
    assert not violations()


def test_a_payment_that_the_wallet_could_not_send_gives_back_what_it_reserved(stage: Stage) -> None:
    budget = active(stage)
    stage.sandbox.settings(onLowBalance="fail", lowBalanceSeconds=1)
    stage.sandbox.set_balance("sol", 0)
    assert stage.see_through(drawn(stage, budget), 4).state == RequestState.FAILED
    assert reserved(budget) == [0, 0, 0]
    assert not violations()


def test_an_approval_that_was_ended_at_the_wallet_ends_the_budget_and_the_draw_is_not_lost(stage: Stage) -> None:
    budget = active(stage)
    request = drawn(stage, budget)
    Grant.objects.filter(pk=budget.grant_id).update(token_expires_at=clock.now())
    stage.sandbox.faults({"match": {"operation": "post-token"}, "do": "status:404"})
    assert settle(request).state == RequestState.QUOTED
    stage.sandbox.clear_faults()
    advance(budget.request_id, SECONDS)
    assert again(budget).state == BudgetState.STOPPED
    assert again(budget).request.reason == "budget_ended_at_wallet"
    assert reserved(budget) == [0, 0, 0]
    requests.send(request.pk, by=stage.staff)
    assert not violations()


@pytest.mark.edits_rows("our books are made to differ from the wallet")
def test_a_wallet_that_counts_otherwise_is_flagged_and_the_draw_goes_back_to_staff(stage: Stage) -> None:
    budget = active(stage)
    settle(drawn(stage, budget))
    BudgetPeriod.objects.filter(budget=budget).update(limit_value=900_00)
    request = settle(drawn(stage, budget, "450.00"))
    assert (request.state, request.reason) == (RequestState.QUOTED, "budget_wallet_disagrees")
    assert again(budget).disagreed_at
    assert reserved(budget) == [100_00, 0, 0]
    assert stage.received() == 100_00
    assert settle(drawn(stage, budget, "400.00")).state == RequestState.SETTLED
    assert not violations()


@pytest.mark.edits_rows("our books are made to differ from the wallet")
def test_a_first_draw_that_is_refused_tells_of_a_wallet_without_intervals(stage: Stage) -> None:
    budget = active(stage, "50.00", largest="50.00")
    BudgetPeriod.objects.filter(budget=budget).update(limit_value=900_00)
    StandingBudget.objects.filter(pk=budget.pk).update(largest_value=900_00)
    assert settle(drawn(stage, budget)).reason == "budget_without_intervals"


def test_a_wallet_that_grants_without_the_interval_is_recognised(stage: Stage) -> None:
    budget = sent(stage)
    stage.sandbox.faults({"match": {"operation": "post-continue"}, "do": "no-interval"})
    stage.approve(budget.request)
    request = advance(budget.request_id, SECONDS)
    assert (request.state, request.reason) == (RequestState.FAILED, "budget_without_intervals")
    assert set(request.grants.values_list("state", flat=True)) == {GrantState.ENDED}
    assert not violations()


def test_a_pause_holds_draws_and_is_restored(stage: Stage) -> None:
    budget = active(stage)
    request = drawn(stage, budget)
    standing_budgets.pause(budget.pk, by=stage.staff)
    assert again(budget).state == BudgetState.PAUSED
    with refused("budget_paused"):
        drawn(stage, budget)
    assert advance(request.pk, 2).state == RequestState.APPROVED
    assert stage.payment(request).state == PaymentState.APPROVED
    assert not stage.sandbox.requests("create-outgoing-payment")
    standing_budgets.resume(budget.pk, by=stage.staff)
    assert settle(request).state == RequestState.SETTLED


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("budget_in_the_past", {"starts_on": first_day() - timedelta(days=40)}),
        ("budget_too_far", {"starts_on": first_day().replace(day=1) + timedelta(days=400)}),
        ("budget_day", {"starts_on": (first_day().replace(day=1) + timedelta(days=62)).replace(day=29)}),
        ("budget_count", {"count": 0}),
        ("budget_count", {"count": 61}),
        ("budget_largest_above_limit", {"largest": "500.01"}),
        ("nothing_to_pay", {"largest": "0"}),
    ],
)
def test_terms_that_not_every_wallet_keeps_are_refused(stage: Stage, code: str, changes: dict[str, Any]) -> None:
    with refused(code):
        set_up(stage, **changes)
    assert not PaymentRequest.objects.exists()


def test_a_budget_that_nobody_approved_can_be_cancelled_and_declined(stage: Stage) -> None:
    first, second = sent(stage), sent(stage)
    requests.cancel(first.request_id, by=stage.staff)
    approvals.decline(second.request_id, "no")
    assert (again(first).state, again(second).state) == (BudgetState.STOPPED, BudgetState.REFUSED)
    assert not violations()


def test_nothing_is_ordered_at_the_turn_of_a_period_by_wallets_whose_clock_is_behind(stage: Stage) -> None:
    budget = active(stage, "100.00", largest="100.00", unit=Unit.WEEK)
    assert settle(drawn(stage, budget)).state == RequestState.SETTLED
    stage.later(int((budget.starts_at + timedelta(weeks=1, seconds=2) - clock.now()).total_seconds()))
    stage.sandbox.clock(stage.offset - 25)
    request = stage.quoted()
    with refused("budget_between_periods"):
        standing_budgets.draw(request.pk, budget.pk, by=stage.staff)
    stage.later(30)
    stage.sandbox.clock(stage.offset - 25)
    standing_budgets.draw(request.pk, budget.pk, by=stage.staff)
    assert settle(request).state == RequestState.SETTLED
    assert again(budget).disagreed_at is None
    assert reserved(budget) == [100_00, 100_00, 0]


def test_a_draw_that_waits_for_the_next_period_waits_for_wallets_whose_clock_is_behind(stage: Stage) -> None:
    budget = active(stage, unit=Unit.WEEK)
    request = drawn(stage, budget)
    stage.later(int((budget.starts_at + timedelta(weeks=1, minutes=-3) - clock.now()).total_seconds()))
    assert advance(request.pk, 2).state == RequestState.APPROVED
    request.refresh_from_db()
    assert request.next_attempt_at == budget.starts_at + timedelta(weeks=1) + AFTER_THE_START


def test_nothing_is_ordered_before_the_wallets_clock_too_says_that_a_budget_has_begun(stage: Stage) -> None:
    budget = active(stage, starts_on=(first_day().replace(day=1) + timedelta(days=32)).replace(day=1))
    stage.later(int((budget.starts_at + timedelta(seconds=2) - clock.now()).total_seconds()))
    request = stage.quoted()
    with refused("budget_not_begun"):
        standing_budgets.draw(request.pk, budget.pk, by=stage.staff)
