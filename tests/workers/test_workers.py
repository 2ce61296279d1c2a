"""Workers come and go, by order or by accident: every payment settles, and none twice. Real processes, real HTTP.

`make bench` tells the same story with 500 payments.
"""

import os
from pathlib import Path

import pytest

from tests.databases import is_postgresql
from tests.workers.house import house
from tests.workers.stories import lose_power_half_way

pytestmark = pytest.mark.prove
SECONDS = 150
#: SQLite is for one machine; several of them need PostgreSQL.
CLUSTERS, PAYMENTS = (4, 40) if is_postgresql(os.environ.get("DATABASE_URL", "")) else (2, 32)

#: All that happened, but for mail, which has its own pace.
ENTRIES = "SELECT COUNT(*) FROM ledger_entry WHERE kind NOT LIKE 'message.%'"


def test_every_payment_settles_once_though_workers_are_killed_and_stopped(tmp_path: Path) -> None:
    with house(tmp_path) as built:
        lose_power_half_way(built, payments=PAYMENTS, clusters=CLUSTERS, seconds=SECONDS)


def test_tasks_that_are_handed_out_again_do_nothing_twice(tmp_path: Path) -> None:
    payments = 4
    with house(tmp_path) as built:
        built.approve(payments)
        queued = built.rows("SELECT payload, lock FROM django_q_ormq")
        assert len(queued) == payments
        built.start(1)
        built.wait_until_at_rest(SECONDS)
        built.stop()
        entries = built.rows(ENTRIES)
        for _ in range(2):
            built.hand_out(queued)
        built.start(2)
        built.wait_until_queue_is_empty(SECONDS)
        built.stop()
        built.check(payments)
        assert built.rows(ENTRIES) == entries


def test_workers_find_what_is_due_without_any_queue(tmp_path: Path) -> None:
    payments = 4
    with house(tmp_path) as built:
        built.approve(payments)
        built.forget_the_queue()
        built.start(1)
        built.wait_until_settled(payments, SECONDS)
        built.stop()
        built.check(payments)


def test_a_worker_that_is_told_to_stop_stops_within_its_turn(tmp_path: Path) -> None:
    payments = 4
    with house(tmp_path) as built:
        built.approve(payments)
        built.start(1, workers=2)
        built.wait_until_settled(1, SECONDS)
        assert built.stop() < 15
