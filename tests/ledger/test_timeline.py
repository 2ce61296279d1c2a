from datetime import UTC, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from ledger.api import Actor, seal, timeline
from tests.ledger import samples
from tests.ledger.conftest import MoveClock

pytestmark = pytest.mark.django_db


def test_a_timeline_has_everything_about_its_subjects_once_oldest_first(move_clock: MoveClock) -> None:
    made = []
    for minute, (payment, job) in enumerate([("P1", "7"), ("P2", "7"), ("P3", "8"), ("P4", "9")]):
        move_clock(timedelta(minutes=minute))
        made.append(samples.settled(payment, job).id)
    assert [row.entry_id for row in timeline([("job", "7")])] == made[:2]
    assert [row.entry_id for row in timeline([("job", "7"), ("payment", "P2"), ("payment", "P3")])] == made[:3]
    assert timeline([("payment", "7")]) == []
    assert timeline([]) == []


def test_a_limit_keeps_the_newest() -> None:
    made = [samples.settled(f"P{number}").id for number in range(5)]
    assert [row.entry_id for row in timeline([("job", "7"), ("payment", "P4")], limit=2)] == made[-2:]


def test_entries_of_one_moment_keep_the_order_in_which_they_were_recorded() -> None:
    made = [samples.settled().id for _ in range(20)]
    assert [row.entry_id for row in timeline([("job", "7")])] == made


def test_a_row_is_data() -> None:
    entry = samples.settled(name="Ana")
    (row,) = timeline([("job", "7")])
    assert row.kind == "payment.settled"
    assert row.actor == Actor.wallet("wallet.example")
    assert row.subjects == {"job": ["7"], "payment": ["P1"]}
    assert row.data == {"received": {"value": "1250", "assetCode": "USD", "assetScale": 2}}
    assert row.private == {"worker": "Ana"}
    assert row.recorded_at == entry.recorded_at
    assert row.recorded_at.tzinfo is UTC
    assert (row.erased, row.index) == (False, None)
    seal()
    assert timeline([("job", "7")])[0].index == 1


def test_a_long_timeline_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(30):
        samples.settled(name="Ana")
    seal()
    with django_assert_num_queries(1):
        assert len(timeline([("job", "7"), ("payment", "P1")])) == 30
