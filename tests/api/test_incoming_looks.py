"""What has arrived is looked at unasked, until nothing more can; whoever is killed makes nothing twice."""

import os
import signal
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from ledger import clock
from payments import tasks
from payments.actions.incoming_looks import PATIENCE, _take
from payments.api.once import GIVEN_UP_AFTER
from payments.client import client
from payments.models import IncomingAsk, IncomingPayment
from payments.states import AttemptState
from tests.api.test_incoming import BODY, PATH, sandbox, sandbox_process, shop, short_waits, stage, tried
from tests.driver import Stage
from tests.faults.naming import Point, Side
from tests.faults.points import Watch, instruments
from tests.jobs.test_api import Program, code

__all__ = ["sandbox", "sandbox_process", "shop", "short_waits", "stage"]
pytestmark = pytest.mark.edits_rows("an administrator lets the seller hold money")
MINUTE, HOUR, DAY = 60, 3600, 86400


def expected(shop: Program, **changes: Any) -> IncomingAsk:
    answer = shop.post(PATH, {**BODY, **changes}, once=f"fund {IncomingAsk.objects.count()}")
    assert answer.status_code == 200, answer.content
    return IncomingAsk.objects.select_related("incoming").get(pk=answer.json()["data"]["id"])


def next_look(asked: IncomingAsk) -> datetime | None:
    return IncomingAsk.objects.get(pk=asked.pk).next_look_at


def looked(stage: Stage, seconds: float) -> int:
    """How often the wallet was asked for one, by whoever came so much later."""
    stage.later(seconds)
    stage.sandbox.clear_requests()
    tasks.look_at_expected_money()
    return len(stage.sandbox.requests("get-incoming-payment"))


def test_what_arrives_is_seen_without_asking_and_then_it_is_left_alone(stage: Stage, shop: Program) -> None:
    asked = expected(shop)
    assert looked(stage, 1) == 0, "whoever asked for it has just been answered"
    assert looked(stage, MINUTE) == 1
    assert looked(stage, 1) == 0, "the next look is a little later"
    stage.sandbox.pay_in(asked.incoming.remote_id, 4000)
    assert looked(stage, HOUR) == 1
    asked.incoming.refresh_from_db()
    assert (asked.incoming.state, asked.incoming.received_value) == (AttemptState.OPEN, 4000)
    stage.sandbox.pay_in(asked.incoming.remote_id, 6000)
    assert looked(stage, HOUR) == 1
    shown = shop.get(f"{PATH}/{asked.pk}").json()["data"]
    assert (shown["received"]["value"], shown["state"]) == ("10000", "done")
    assert next_look(asked) is None
    assert looked(stage, DAY) == 0


def test_one_that_expires_is_read_twice_more_and_then_left_alone(stage: Stage, shop: Program) -> None:
    asked = expected(shop)
    stage.sandbox.pay_in(asked.incoming.remote_id, 4000)
    assert looked(stage, 31 * DAY) == 1
    assert next_look(asked)
    assert looked(stage, 2 * HOUR) == 1
    asked.incoming.refresh_from_db()
    assert (asked.incoming.received_value, asked.incoming.state) == (4000, AttemptState.OPEN)
    assert asked.incoming.closed_at
    assert looked(stage, 2 * HOUR) == 0


def test_a_lost_answer_is_found_and_a_wallet_that_is_down_is_given_up_in_the_end(stage: Stage, shop: Program) -> None:
    lost = {"match": {"operation": "create-incoming-payment"}, "do": "500-after", "times": 1}
    stage.sandbox.faults(lost, {"match": {"operation": "list-incoming-payments"}, "do": "500-before", "times": 1})
    assert code(shop.post(PATH, BODY), 503) == "incoming_unknown"
    looked(stage, MINUTE + 1)
    asked = IncomingAsk.objects.select_related("incoming").get()
    assert asked.incoming.state == AttemptState.OPEN
    assert asked.incoming.remote_id
    stage.sandbox.faults({"match": {"operation": "*"}, "do": "status:503", "times": None})
    assert looked(stage, HOUR) == 0
    assert next_look(asked), "it is asked again"
    looked(stage, 30 * DAY + PATIENCE.total_seconds())
    assert next_look(asked) is None
    asked.incoming.refresh_from_db()
    assert (asked.incoming.state, asked.incoming.closed_at) == (AttemptState.OPEN, None), "nobody said what arrived"


def test_of_two_workers_one_looks(stage: Stage, shop: Program) -> None:
    asked = expected(shop)
    again = IncomingAsk.objects.get(pk=asked.pk)
    assert _take(asked)
    assert not _take(again)
    assert asked.next_look_at
    assert asked.next_look_at > clock.now() + timedelta(seconds=MINUTE / 2)


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_killed_at_any_point_nothing_is_made_twice_and_what_was_made_is_found(stage: Stage, shop: Program) -> None:
    """At each commit and each call of asking for one, just before it and just after."""
    number = 0
    while killed_at(number, shop):
        stage.later(GIVEN_UP_AFTER.total_seconds() + MINUTE)
        made = tried(stage)
        tasks.look_at_expected_money()
        written = IncomingPayment.objects.order_by("created_at", "pk").last() if made else None
        assert not made or (written and written.state == AttemptState.OPEN and written.remote_id), number
        answer = shop.post(PATH, BODY, once=f"fund {number}")
        known = IncomingAsk.objects.order_by("created_at", "pk").last()
        assert known
        if answer.status_code == 200:
            assert (known.incoming.state, tried(stage)) == (AttemptState.OPEN, 1), number
        else:
            # Written, and never asked for: nobody can know that, so none is made.
            assert (code(answer, 503), tried(stage)) == ("incoming_unknown", 0), number
        number += 1
        assert IncomingAsk.objects.count() == IncomingPayment.objects.count() == number
        stage.sandbox.clear_requests()
    assert number >= 8, "there are more points than that"


def killed_at(number: int, shop: Program) -> bool:
    """Ask for one in a process of its own that is killed at its point of that number; whether it got so far."""
    connections.close_all()
    if (child := os.fork()) == 0:
        passed = 0

        def reached(_point: Point, _side: Side) -> None:
            nonlocal passed
            if passed == number:
                os.kill(os.getpid(), signal.SIGKILL)
            passed += 1

        try:
            client.cache_clear()
            instruments.install()
            instruments.watch = Watch(reached)
            shop.post(PATH, BODY, once=f"fund {number}")
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
