"""An answer that comes when somebody else has taken over: nothing is done twice, and what the wallet said is kept."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ledger.api import timeline
from payments.engine import advance as engine
from payments.engine.advance import advance
from payments.engine.leases import acquire
from payments.engine.steps.sending import CreateOutgoing
from payments.states import AttemptState, PaymentState, RequestState

if TYPE_CHECKING:
    import pytest

    from payments.engine.steps.base import Step
    from tests.payments.engine.conftest import Stage

LONGER_THAN_A_LEASE = 60


def planned_order(stage: Stage, request_id: str, monkeypatch: pytest.MonkeyPatch) -> CreateOutgoing:
    """The order to pay, written down by a worker that then went silent before calling."""
    held: list[Step] = []

    class Silent(Exception):
        pass

    def fall_silent(steps: list[Step], _suspected: frozenset[str]) -> None:
        if isinstance(steps[0], CreateOutgoing):
            held.extend(steps)
            raise Silent
        do(steps, _suspected)

    do = engine._do
    with monkeypatch.context() as patched:
        patched.setattr(engine, "_do", fall_silent)
        with contextlib.suppress(Silent):
            advance(request_id, 10)
    (order,) = held
    assert isinstance(order, CreateOutgoing)
    return order


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
    order = planned_order(stage, request.pk, monkeypatch)
    assert acquire(request.pk) is None, "the silent worker still holds its lease"
    answer = engine._call(order)
    stage.later(LONGER_THAN_A_LEASE)
    assert advance(request.pk, 15).state == RequestState.SETTLED
    engine._apply(order, answer)
    assert stage.payment(request).state == PaymentState.SETTLED
    assert stage.payment(request).outgoing_payments.count() == 1
    assert stage.received() == 100_00
    assert "request.late_answer" in [row.kind for row in timeline([("request", request.pk)], limit=400)]


def test_an_order_that_reaches_the_wallet_after_the_fence_brings_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = stage.approved()
    order = planned_order(stage, request.pk, monkeypatch)
    stage.later(LONGER_THAN_A_LEASE)
    assert advance(request.pk, 15).state == RequestState.SETTLED
    engine._apply(order, engine._call(order))
    first = stage.payment(request).outgoing_payments.first()
    assert first
    assert first.state == AttemptState.FAILED
    assert stage.received() == 100_00
