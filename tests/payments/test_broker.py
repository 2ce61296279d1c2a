"""The queue looks for what is due by itself, and goes on when that fails."""

import time
from datetime import timedelta

import pytest
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from ledger import clock
from ledger.api import backlog
from payments.actions.pausing import pause
from payments.models.pauses import PauseScope
from payments.worker import broker
from tests.cast import asked

pytestmark = pytest.mark.django_db


def queued() -> list[str]:
    """Of the engine's work; jobs are told meanwhile what became of the request."""
    functions = [row.task["func"] for row in OrmQ.objects.order_by("pk")]
    return [function for function in functions if function.startswith("payments.")]


def test_what_is_due_is_handed_out_at_once_and_the_ledger_is_sealed() -> None:
    asked(next_attempt_at=clock.now() - timedelta(seconds=1))
    pause(PauseScope.HOST, "wallet.example", "Counting", None)
    assert backlog().entries
    assert len(get_broker().dequeue()) == 1
    assert queued() == ["payments.tasks.advance_due"]
    assert not backlog().entries


def test_it_is_looked_now_and_then_and_no_more_is_queued_than_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "BETWEEN_LOOKS_SECONDS", 60.0)
    asked(next_attempt_at=clock.now() - timedelta(seconds=1))
    queue = get_broker()
    for _ in range(2):
        queue.dequeue()
    assert queued() == ["payments.tasks.advance_due"]
    for _ in range(2 * broker.ENOUGH_TASKS):
        queue.look()
    assert queue.queue_size() == broker.ENOUGH_TASKS


def test_the_timetable_is_looked_at_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    Schedule.objects.update(next_run=clock.now() - timedelta(seconds=1))
    queue = get_broker()
    queue.look()
    assert queued() == []
    monkeypatch.setattr(queue, "_next_timetable", time.monotonic())
    for _ in range(2):
        queue.look()
    functions = [row.task["func"] for row in OrmQ.objects.all()]
    # All that a fresh installation has in it, each once, and nothing of it was refused.
    assert sorted(functions) == sorted(Schedule.objects.values_list("func", flat=True))
    assert {"payments.tasks.look_at_keys", "jobs.tasks.sweep"} <= set(functions)


def test_a_look_that_fails_holds_up_no_task(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(broker, "count_due", lambda: 1 // 0)
    async_task("payments.tasks.look_at_keys")
    assert len(get_broker().dequeue()) == 1
    assert "could not be looked for" in caplog.text
