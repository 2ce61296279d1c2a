"""A wallet that nobody can connect to: surely nothing was done there, so it goes on by itself when it is back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from payments.engine.advance import advance
from payments.models import WalletHost
from payments.states import PaymentState, RequestState
from tests.driver import Stage, set_the_stage
from tests.sandbox.process import SandboxProcess

pytestmark = pytest.mark.prove


@pytest.fixture
def own_stage(db: None, settings: Any, tmp_path: Path) -> Iterator[Stage]:
    """A stage with a provider of its own, which may be stopped and started again with all it knew."""
    with SandboxProcess(data=tmp_path / "wallets.sqlite3") as process:
        process.settings(settleDelayMs=0)
        yield set_the_stage(process, settings, tmp_path)


def test_down_before_the_approval_is_collected(own_stage: Stage) -> None:
    request = own_stage.approved()
    own_stage.sandbox.stop()
    request = advance(request.pk, 1)
    assert request.state == RequestState.AWAITING_APPROVAL
    assert request.grants.get(kind="outgoing-payment").state == "returned"
    own_stage.sandbox.start()
    assert advance(request.pk, 15).state == RequestState.SETTLED
    assert own_stage.received() == 100_00


def test_down_from_before_the_approval_is_collected_until_an_hour_later(own_stage: Stage) -> None:
    request = own_stage.approved()
    own_stage.sandbox.stop()
    advance(request.pk, 1)
    own_stage.sandbox.start()
    own_stage.later(3600)
    request = advance(request.pk, 20)
    assert request.state == RequestState.SETTLED, request.reason
    assert own_stage.received() == 100_00


def test_down_after_the_order_was_given(own_stage: Stage) -> None:
    own_stage.sandbox.settings(settleDelayMs=300_000)
    request = advance(own_stage.approved().pk, 2)
    assert own_stage.payment(request).state == PaymentState.SENT
    own_stage.sandbox.stop()
    advance(request.pk, 1)
    assert own_stage.payment(request).state == PaymentState.SENT
    own_stage.sandbox.start()
    own_stage.sandbox.settings(settleDelayMs=0)
    own_stage.later(3600)
    assert advance(request.pk, 20).state == RequestState.SETTLED
    assert own_stage.received() == 100_00


def test_a_host_that_keeps_failing_waits_its_turn(own_stage: Stage) -> None:
    request = own_stage.approved()
    own_stage.sandbox.stop()
    advance(request.pk, 3)
    assert WalletHost.objects.filter(failures__gte=3).exclude(closed_until=None).count() == 1
    own_stage.sandbox.start()
    advance(request.pk, 15)
    assert WalletHost.objects.filter(failures=0, closed_until=None).count() == 1
    assert own_stage.payment(request).state == PaymentState.SETTLED
