"""An answer that comes when somebody else has taken over: nothing is done twice, and what the wallet said is kept."""

import contextlib
from typing import Any, TypeVar

import pytest
from django.db import OperationalError, transaction

from ledger.api import timeline
from payments.actions import standing_budgets
from payments.engine import advance as engine
from payments.engine.advance import advance
from payments.engine.leases import Lease, acquire
from payments.engine.steps.base import Step
from payments.engine.steps.rotate_token import RotateToken
from payments.engine.steps.sending import CreateOutgoingPayment
from payments.models import Grant
from payments.models.standing_budgets import BudgetState
from payments.states import AttemptState, PaymentState, RequestState
from tests.driver import Stage
from tests.payments.engine.budgets import DAY, active, again, drawn

StepKind = TypeVar("StepKind", bound="Step")

LONGER_THAN_A_LEASE = 60


def planned(kind: type[StepKind], request_id: str, monkeypatch: pytest.MonkeyPatch) -> StepKind:
    """The step of this kind, written down by a worker that then went silent before calling."""
    held: list[Step] = []

    class Silent(BaseException):
        pass

    def fall_silent(steps: list[Step]) -> engine.Answered:
        if isinstance(steps[0], kind):
            held.extend(steps)
            raise Silent
        return do(steps)

    do = engine._do
    with monkeypatch.context() as patched:
        patched.setattr(engine, "_do", fall_silent)
        with contextlib.suppress(Silent):
            advance(request_id, 10)
    (step,) = held
    assert isinstance(step, kind)
    return step


def test_only_a_lease_that_was_never_let_go_may_have_left_something_behind(stage: Stage) -> None:
    request = stage.sent()
    lease = acquire(request.pk)
    assert lease
    assert not lease.inherited
    stage.later(LONGER_THAN_A_LEASE)
    next_lease = acquire(request.pk)
    assert next_lease
    assert next_lease.inherited
    assert next_lease.fence == lease.fence + 1


def test_an_order_that_is_carried_out_late_is_found_and_counts_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = stage.approved()
    order = planned(CreateOutgoingPayment, request.pk, monkeypatch)
    assert acquire(request.pk) is None, "the silent worker still holds its lease"
    answer = engine._call(order)
    stage.later(LONGER_THAN_A_LEASE)
    assert stage.see_through(request).state == RequestState.SETTLED
    engine._apply(order, answer)
    assert stage.payment(request).state == PaymentState.SETTLED
    assert stage.payment(request).outgoing_payments.count() == 1
    assert stage.received() == 100_00
    assert "request.late_answer" in [row.kind for row in timeline([("request", request.pk)], limit=400)]


def test_an_order_that_reaches_the_wallet_after_the_fence_brings_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = stage.approved()
    order = planned(CreateOutgoingPayment, request.pk, monkeypatch)
    stage.later(LONGER_THAN_A_LEASE)
    assert stage.see_through(request).state == RequestState.SETTLED
    engine._apply(order, engine._call(order))
    first = stage.payment(request).outgoing_payments.first()
    assert first
    assert first.state == AttemptState.FAILED
    assert stage.received() == 100_00


def test_a_token_that_is_renewed_late_leaves_the_budget_standing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = active(stage)
    stage.later(DAY)
    request = drawn(stage, budget)
    renewal = planned(RotateToken, request.pk, monkeypatch)
    stage.later(LONGER_THAN_A_LEASE)
    assert advance(request.pk, 15).state == RequestState.SETTLED
    engine._apply(renewal, engine._call(renewal))
    advance(budget.request_id, 15)
    assert again(budget).state == BudgetState.ACTIVE
    assert "request.late_answer" in [row.kind for row in timeline([("request", request.pk)], limit=400)]


def test_a_token_that_came_late_is_used_by_whoever_was_about_to_renew_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = active(stage)
    stage.later(DAY)
    request = drawn(stage, budget)
    first = planned(RotateToken, request.pk, monkeypatch)
    stage.later(LONGER_THAN_A_LEASE)
    second = planned(RotateToken, request.pk, monkeypatch)
    engine._apply(first, engine._call(first))
    engine._apply(second, engine._call(second))
    stage.later(LONGER_THAN_A_LEASE)
    assert advance(request.pk, 15).state == RequestState.SETTLED
    assert again(budget).state == BudgetState.ACTIVE


def test_a_token_that_comes_after_the_approval_ended_is_not_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = active(stage)
    stage.later(DAY)
    renewal = planned(RotateToken, drawn(stage, budget).pk, monkeypatch)
    answer = engine._call(renewal)
    standing_budgets.stop(budget.pk, by=stage.staff)
    advance(budget.request_id, 15)
    engine._apply(renewal, answer)
    assert Grant.objects.get(pk=budget.grant_id).sealed == ""


def test_answers_are_kept_though_the_database_ends_the_transaction_that_plans_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PostgreSQL does with one of two that wait for each other."""
    request = stage.approved()
    take_and_decide, ended = engine._taken_and_decided, list[engine.Answered]()

    def end_the_first(lease: Lease, answered: engine.Answered, rests: Any) -> engine.Decided:
        decided = take_and_decide(lease, answered, rests)
        if not ended and isinstance(answered.steps[0], CreateOutgoingPayment):
            ended.append(answered)
            raise OperationalError("deadlock detected")
        return decided

    with monkeypatch.context() as patched:
        # Inside the transaction, which is then taken back.
        patched.setattr(engine, "_taken_and_decided", transaction.atomic(end_the_first))
        assert stage.see_through(request).state == RequestState.SETTLED
    assert ended
    assert not stage.sandbox.requests("list-outgoing-payments"), "nobody had to ask what became of it"
    assert stage.received() == 100_00
