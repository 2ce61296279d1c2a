"""A person who presses waits so many seconds in all, however many wallets are asked; what they began is not cut off."""

import threading
import time
from collections.abc import Iterator

import pytest

from ledger import clock
from payments.engine.advance import advance
from payments.models import IncomingPayment, PaymentRequest
from payments.states import AttemptState, PaymentState, RequestState
from payments.worker import places
from payments.worker.advance_now import advance_now, is_under_way
from payments.worker.claims import claim_due_requests
from tests.driver import SECONDS, Stage, together
from tests.fixtures import short_waits
from tests.payments.engine.splits import split

__all__ = ["short_waits"]

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 0.5
REAL_SLEEP = clock.sleep


def press(request: PaymentRequest, seconds: float = PATIENCE) -> PaymentRequest:
    """As a page does. That it waited no longer than it said, what is still under way tells."""
    return advance_now(request.pk, seconds)


def wait_for_the_rest() -> None:
    """Until what presses left under way is seen to its end."""
    for thread in threading.enumerate():
        if thread.name == "press":
            thread.join(SECONDS)


@pytest.fixture(autouse=True)
def time_is_not_skipped(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a person waits is what this is about."""
    del stage  # which skips it
    monkeypatch.setattr(clock, "sleep", REAL_SLEEP)
    monkeypatch.setattr(clock, "monotonic", time.monotonic)


@pytest.fixture(autouse=True)
def every_place_is_given_back() -> Iterator[None]:
    yield
    wait_for_the_rest()
    taken = [place for place in range(places.PLACES) if places.take()]
    for _ in taken:
        places.give_back()
    assert len(taken) == places.PLACES


def test_a_press_ends_in_time_however_many_receivers_there_are(stage: Stage) -> None:
    request = stage.ask(lines=split(stage, *(f"worker-{number}" for number in range(20)), amount="1.00"))
    slow = {"match": {"operation": "create-incoming-payment"}, "do": "delay", "seconds": 1, "times": None}
    stage.sandbox.faults(slow)
    found = press(request, 1.5)
    assert found.state == RequestState.QUOTING
    assert is_under_way(found)
    wait_for_the_rest()
    assert not IncomingPayment.objects.filter(state=AttemptState.INTENDED).exists()
    assert len(stage.sandbox.requests("create-incoming-payment")) == IncomingPayment.objects.count()
    stage.sandbox.clear_faults()
    assert list(claim_due_requests()) == [request.pk]
    assert advance(request.pk, SECONDS).state == RequestState.QUOTED


def test_an_order_that_outlasts_the_press_is_neither_cut_off_nor_given_twice(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.faults({"match": {"operation": "create-outgoing-payment"}, "do": "delay", "seconds": 2, "times": 1})
    found = press(request, 1.0)
    assert stage.payment(request).state == PaymentState.SENDING
    assert is_under_way(found)
    wait_for_the_rest()
    assert stage.payment(request).state == PaymentState.SENT
    found = advance(request.pk, SECONDS)
    assert found.state == RequestState.SETTLED
    assert not is_under_way(found)
    assert len(stage.sandbox.requests("create-outgoing-payment")) == 1
    assert stage.received() == 100_00


@pytest.mark.usefixtures("no_place")
def test_who_finds_no_place_is_not_kept_waiting_and_a_worker_does_it(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.clear_requests()
    found = press(request, 0.0)
    assert stage.sandbox.requests() == []
    assert is_under_way(found)
    assert list(claim_due_requests()) == [request.pk]


def test_presses_on_a_wallet_that_hangs_take_all_places_and_no_more(stage: Stage) -> None:
    stage.sandbox.faults({"match": {"operation": "post-continue"}, "do": "hang", "seconds": 2, "times": None})
    requests = [stage.approved() for _ in range(places.PLACES + 2)]
    stage.sandbox.clear_requests()
    together(*[lambda request=request: press(request) for request in requests])
    assert len(stage.sandbox.requests("post-continue")) == places.PLACES


def test_a_press_that_fails_gives_its_place_back(stage: Stage) -> None:
    with pytest.raises(PaymentRequest.DoesNotExist):
        advance_now("no such request", PATIENCE)
