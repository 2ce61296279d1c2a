from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import chain, sealing
from ledger.api import Fault, backlog, seal, verify
from ledger.faults import FaultCode
from ledger.models import Entry, Link, Unsealed
from ledger.triggers import ensure_triggers
from tests.ledger import samples
from tests.ledger.conftest import MoveClock
from tests.ledger.tampering import execute, tamper

COLUMNS = "(entry_id, recorded_at)"


@pytest.mark.django_db
def test_links_follow_the_order_of_recording() -> None:
    entries = [samples.settled(f"P{number}") for number in range(5)]
    assert seal() == 5
    links = list(Link.objects.order_by("index"))
    assert [link.index for link in links] == [1, 2, 3, 4, 5]
    assert [link.entry_id for link in links] == [entry.id for entry in entries]
    previous = chain.NO_LINK
    for link, entry in zip(links, entries, strict=True):
        assert link.hash == chain.link_hash(link.index, previous, entry.digest)
        previous = link.hash


@pytest.mark.django_db
def test_sealing_again_does_nothing() -> None:
    samples.settled()
    assert seal() == 1
    assert seal() == 0
    assert Link.objects.count() == 1


@pytest.mark.django_db
def test_a_limit_leaves_the_rest_for_the_next_time() -> None:
    for _ in range(5):
        samples.settled()
    assert [seal(limit=2), seal(limit=2), seal(limit=2), seal(limit=2)] == [2, 2, 1, 0]
    assert list(verify()) == []


@pytest.mark.django_db
def test_an_entry_that_commits_after_newer_ones_is_sealed_too(move_clock: MoveClock) -> None:
    newer = samples.settled("newer")
    assert seal() == 1
    move_clock(timedelta(minutes=-10))
    older = samples.settled("older")
    assert older.id < newer.id
    assert older.recorded_at < newer.recorded_at
    assert seal() == 1
    assert list(Link.objects.order_by("index").values_list("entry_id", flat=True)) == [newer.id, older.id]
    assert list(verify()) == []


@pytest.mark.django_db
def test_the_backlog_says_how_long_entries_wait(move_clock: MoveClock) -> None:
    assert backlog().entries == 0
    assert backlog().lag == timedelta(0)
    samples.settled()
    move_clock(timedelta(hours=1))
    assert backlog().entries == 1
    assert timedelta(minutes=59) < backlog().lag < timedelta(minutes=61)
    seal()
    assert backlog().entries == 0


@pytest.mark.django_db(transaction=True)
def test_sealing_inside_a_transaction_is_refused() -> None:
    samples.settled()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        seal()


@pytest.mark.django_db
def test_an_entry_cannot_leave_the_sealers_list_unsealed() -> None:
    entry = samples.settled()
    with pytest.raises(IntegrityError), transaction.atomic():
        Unsealed.objects.filter(entry=entry).delete()
    assert seal() == 1


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(st.integers(-3600, 3600), st.just("seal")), max_size=25), limit=st.integers(1, 7))
def test_any_order_of_commits_seals_to_a_chain_that_verifies(
    move_clock: MoveClock, steps: list[int | str], limit: int
) -> None:
    for step in steps:
        if isinstance(step, int):
            move_clock(timedelta(seconds=step))
            samples.settled(name="Ana" if step % 2 else "")
        else:
            seal(limit=limit)
    move_clock(timedelta(0))
    samples.seal_all()
    assert Link.objects.count() == Entry.objects.count()
    assert list(verify(allowed_lag=timedelta(0))) == []


@pytest.mark.django_db
def test_rows_that_nothing_can_be_made_of_stop_nobody_and_are_named(caplog: pytest.LogCaptureFixture) -> None:
    """Attack 5: one row put into the list of what waits stopped the sealing for ever."""
    sealed, damaged, waiting = samples.settled("P1"), samples.settled("P2"), samples.settled("P3")
    assert seal(limit=1) == 1
    execute(f"INSERT INTO ledger_unsealed {COLUMNS} VALUES (%s, '2020-01-01 00:00:00')", (sealed.id,))
    tamper("UPDATE ledger_entry SET body = 'x' WHERE id = %s", damaged.id)
    ensure_triggers(connection)
    assert {fault.code for fault in verify()} >= {FaultCode.UNSEALED_TWICE, FaultCode.BODY_CHANGED}
    assert seal() == 1
    assert seal() == 0
    assert Link.objects.get(index=2).entry_id == waiting.id
    assert caplog.text.count(f"Entry {damaged.id} is not sealed") == 1
    left = {FaultCode.BODY_CHANGED, FaultCode.BODY_MALFORMED, FaultCode.UNSEALED}
    assert {fault.code for fault in verify()} == left
    assert {fault.parameters[0][1] for fault in verify()} == {damaged.id}


@pytest.mark.django_db
def test_a_row_that_waits_for_no_entry_stops_nobody_and_is_named() -> None:
    """Foreign keys forbid it; but whoever opens an SQLite file without them, or lifts the constraint, can insert it."""
    waiting = samples.settled()
    with transaction.atomic():
        if connection.vendor == "sqlite":
            execute("PRAGMA defer_foreign_keys = ON")
        else:
            execute("SET CONSTRAINTS ALL DEFERRED")
        execute(f"INSERT INTO ledger_unsealed {COLUMNS} VALUES ('nobody', '2020-01-01 00:00:00')")
        assert [entry for entry, _digest in sealing._sound()] == [waiting.id]
        assert list(verify()) == [Fault.of(FaultCode.UNSEALED_ORPHAN, entry="nobody")]
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_tree_that_cannot_be_computed_does_not_stop_the_sealing(
    key: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(256):
        samples.settled()
    samples.seal_all()
    seen = (folder / "latest").read_bytes()
    tamper("UPDATE ledger_tile SET hash = 'x'")
    samples.settled()
    assert seal() == 1
    assert (folder / "latest").read_bytes() == seen
    assert {fault.code for fault in verify()} == {FaultCode.TRIGGER, FaultCode.TILE_CHANGED}
