"""Money that takes hours to arrive: looks grow rarer than tokens live, and still see it."""

import pytest

from payments.engine.advance import advance
from payments.states import PaymentState, RequestState
from tests.driver import SECONDS, Stage

#: Longer than between any two looks, and than any token lives.
LONG_AFTER = 1900


@pytest.fixture
def sent(stage: Stage) -> str:
    """A payment that was sent hours ago, and of which nothing arrived yet."""
    stage.sandbox.settings(settleOnCommand=True)
    request = advance(stage.approved().pk, 1)
    for _ in range(18):
        stage.later(LONG_AFTER)
        advance(request.pk, 0)
    assert stage.payment(request).state == PaymentState.SENT
    return request.pk


def test_it_is_seen_at_the_next_look(stage: Stage, sent: str) -> None:
    assert stage.sandbox.settle()["ended"] == 1
    stage.later(LONG_AFTER)
    request = advance(sent, SECONDS)
    assert (request.state, stage.payment(request).received_value) == (RequestState.SETTLED, 100_00)


def test_each_look_asks_for_access_once_and_both_wallets_once(stage: Stage, sent: str) -> None:
    stage.sandbox.clear_requests()
    stage.later(LONG_AFTER)
    advance(sent, 0)
    asked = sorted(request["operationId"] for request in stage.sandbox.requests())
    assert asked == ["get-incoming-payment", "get-outgoing-payment", "post-token", "post-token"]


def test_a_payers_wallet_that_gave_up_is_noticed(stage: Stage, sent: str) -> None:
    request = advance(sent, 0)
    order = stage.payment(request).outgoing_payments.get()
    stage.sandbox.cancel(order.remote_id)
    stage.later(LONG_AFTER)
    request = stage.see_through(request)
    assert (request.state, stage.payment(request).state) == (RequestState.FAILED, PaymentState.FAILED)


def test_tokens_that_live_for_seconds_are_used_while_they_live(stage: Stage) -> None:
    stage.sandbox.settings(tokenSeconds=10)
    assert stage.settled().state == RequestState.SETTLED
    assert len(stage.sandbox.requests("post-request")) <= 4
