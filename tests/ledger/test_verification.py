from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import chain
from ledger.api import Actor, Counts, Fault, erase, verify
from ledger.faults import FaultCode
from ledger.models import Entry, Link, PrivatePart
from ledger.verification import ALLOWED_LAG
from tests.ledger import samples
from tests.ledger.conftest import MoveClock
from tests.ledger.tampering import Row, change_one_byte, nth_row, tamper

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries() -> list[Entry]:
    """Four entries: sealed, sealed with a private part, sealed and erased, waiting."""
    made = [samples.settled("P1"), samples.settled("P2", name="Ana"), samples.settled("P3", name="Luz")]
    erase([made[2].id], actor=Actor.staff(1), reason="member_asked")
    samples.seal_all()
    return [*made, samples.settled("P4")]


def faults(allowed_lag: timedelta = ALLOWED_LAG) -> list[Fault]:
    """What verification finds beside the lifted triggers."""
    return [fault for fault in verify(allowed_lag=allowed_lag) if fault.code is not FaultCode.TRIGGER]


def codes(allowed_lag: timedelta = ALLOWED_LAG) -> set[FaultCode]:
    return {fault.code for fault in faults(allowed_lag)}


def test_a_ledger_left_alone_has_no_fault(entries: list[Entry]) -> None:
    counts = Counts()
    assert list(verify(counts)) == []
    assert (counts.entries, counts.links, counts.unsealed) == (5, 4, 1)


def test_more_entries_than_one_batch_are_all_checked() -> None:
    for _ in range(501):
        samples.noted(job="7")
    samples.seal_all()
    counts = Counts()
    assert list(verify(counts)) == []
    assert (counts.entries, counts.links) == (501, 501)
    last = Link.objects.get(index=501)
    tamper("UPDATE ledger_entry SET kind = 'x.y' WHERE id = %s", last.entry_id)
    assert faults() == [Fault.of(FaultCode.PROJECTION, entry=last.entry_id, column="kind")]


def test_a_changed_body_is_named(entries: list[Entry]) -> None:
    changed = entries[0].body.replace('"1250"', '"9250"')
    tamper("UPDATE ledger_entry SET body = %s WHERE id = %s", changed, entries[0].id)
    assert faults() == [Fault.of(FaultCode.BODY_CHANGED, entry=entries[0].id)]


def test_a_body_changed_together_with_its_digest_breaks_the_chain(entries: list[Entry]) -> None:
    changed = entries[0].body.replace('"1250"', '"9250"')
    sql = "UPDATE ledger_entry SET body = %s, digest = %s WHERE id = %s"
    tamper(sql, changed, chain.body_digest(changed), entries[0].id)
    assert faults() == [Fault.of(FaultCode.CHAIN_BROKEN, index=1, entry=entries[0].id)]


def test_rewriting_one_link_breaks_the_next(entries: list[Entry]) -> None:
    changed = entries[0].body.replace('"1250"', '"9250"')
    digest = chain.body_digest(changed)
    tamper("UPDATE ledger_entry SET body = %s, digest = %s WHERE id = %s", changed, digest, entries[0].id)
    tamper('UPDATE ledger_link SET hash = %s WHERE "index" = 1', chain.link_hash(1, chain.NO_LINK, digest))
    assert faults() == [Fault.of(FaultCode.CHAIN_BROKEN, index=2, entry=entries[1].id)]


@pytest.mark.parametrize("column", ["kind", "actor_kind", "actor_id"])
def test_a_column_that_differs_from_the_body_is_named(entries: list[Entry], column: str) -> None:
    tamper(f"UPDATE ledger_entry SET {column} = 'x.y' WHERE id = %s", entries[0].id)
    assert faults() == [Fault.of(FaultCode.PROJECTION, entry=entries[0].id, column=column)]


def test_a_body_that_we_never_write_is_named(entries: list[Entry]) -> None:
    for body in ("{}", "[]", "x", entries[0].body.replace(":", ": "), '{"v":' + "[" * 50_000 + "]" * 50_000 + "}"):
        sql = "UPDATE ledger_entry SET body = %s, digest = %s WHERE id = %s"
        tamper(sql, body, chain.body_digest(body), entries[0].id)
        assert FaultCode.BODY_MALFORMED in codes()


def test_a_missing_added_or_moved_subject_is_named(entries: list[Entry]) -> None:
    named = [Fault.of(FaultCode.SUBJECTS, entry=entries[0].id)]
    for sql in (
        "DELETE FROM ledger_entrysubject WHERE entry_id = %s AND subject_kind = 'job'",
        "UPDATE ledger_entrysubject SET subject_id = '8' WHERE entry_id = %s AND subject_kind = 'payment'",
        "UPDATE ledger_entrysubject SET recorded_at = '2020-01-01 00:00:00' WHERE entry_id = %s",
    ):
        with undone():
            tamper(sql, entries[0].id)
            assert faults() == named
    with undone():
        tamper(
            "INSERT INTO ledger_entrysubject (entry_id, subject_kind, subject_id, recorded_at)"
            " SELECT id, 'member', '1', recorded_at FROM ledger_entry WHERE id = %s",
            entries[0].id,
        )
        assert faults() == named


def test_a_missing_link_is_a_gap_and_its_entry_lost(entries: list[Entry]) -> None:
    tamper('DELETE FROM ledger_link WHERE "index" IN (2, 3)')
    assert Fault.of(FaultCode.GAP, first=2, last=3) in faults()
    assert codes() == {FaultCode.GAP, FaultCode.UNSEALED_LOST}


def test_a_deleted_entry_is_missed(entries: list[Entry]) -> None:
    for table, column in (
        ("ledger_privatepart", "entry_id"),
        ("ledger_entrysubject", "entry_id"),
        ("ledger_link", "entry_id"),
        ("ledger_entry", "id"),
    ):
        tamper(f"DELETE FROM {table} WHERE {column} = %s", entries[1].id)
    assert faults() == [Fault.of(FaultCode.GAP, first=2, last=2)]


def test_rows_of_a_deleted_entry_are_named(entries: list[Entry]) -> None:
    with undone():  # the database itself would refuse this at the commit
        tamper("DELETE FROM ledger_entry WHERE id = %s", entries[1].id)
        assert set(faults()) == {
            Fault.of(FaultCode.ENTRY_MISSING, index=2, entry=entries[1].id),
            Fault.of(FaultCode.ORPHAN_SUBJECT, entry=entries[1].id, kind="job", id="7"),
            Fault.of(FaultCode.ORPHAN_SUBJECT, entry=entries[1].id, kind="payment", id="P2"),
            Fault.of(FaultCode.ORPHAN_PRIVATE, entry=entries[1].id),
        }


def test_an_entry_that_is_linked_twice_is_named(entries: list[Entry]) -> None:
    drop_unique_entry_of_links()
    digest = entries[0].digest
    link_hash = chain.link_hash(5, Link.objects.get(index=4).hash, digest)
    tamper('INSERT INTO ledger_link ("index", hash, entry_id) VALUES (5, %s, %s)', link_hash, entries[0].id)
    assert faults() == [Fault.of(FaultCode.ENTRY_TWICE, entry=entries[0].id, times=2)]


def test_an_entry_that_waits_too_long_is_named(entries: list[Entry], move_clock: MoveClock) -> None:
    assert faults(allowed_lag=timedelta(minutes=5)) == []
    move_clock(timedelta(minutes=6))
    counts = Counts()
    assert [fault.code for fault in verify(counts, allowed_lag=timedelta(minutes=5))] == [FaultCode.UNSEALED]
    assert timedelta(minutes=5) < counts.lag < timedelta(minutes=7)


def test_a_changed_private_part_is_named(entries: list[Entry]) -> None:
    tamper("""UPDATE ledger_privatepart SET text = '{"worker":"Eva"}'""")
    assert faults() == [Fault.of(FaultCode.PRIVATE_CHANGED, entry=entries[1].id)]


def test_a_private_part_that_went_without_an_entry_is_missed(entries: list[Entry]) -> None:
    tamper("DELETE FROM ledger_privatepart")
    assert faults() == [Fault.of(FaultCode.PRIVATE_MISSING, entry=entries[1].id)]


def test_a_private_part_that_came_back_is_named(entries: list[Entry]) -> None:
    part = PrivatePart.objects.get()
    erase([part.entry_id], actor=Actor.staff(1), reason="member_asked")
    part.save(force_insert=True)
    assert faults() == [Fault.of(FaultCode.PRIVATE_LEFT, entry=part.entry_id)]


def test_a_private_part_that_was_added_later_is_named(entries: list[Entry]) -> None:
    PrivatePart.objects.create(entry=entries[0], salt="00", text="{}")
    assert faults() == [Fault.of(FaultCode.PRIVATE_UNEXPECTED, entry=entries[0].id)]


def test_every_fault_is_listed_not_only_the_first(entries: list[Entry]) -> None:
    tamper("UPDATE ledger_entry SET kind = 'x.y'")
    tamper("UPDATE ledger_link SET hash = 'x'")
    assert len([fault for fault in faults() if fault.code is FaultCode.PROJECTION]) == 5
    assert len([fault for fault in faults() if fault.code is FaultCode.CHAIN_BROKEN]) == 4


TEXTS = [
    *(("ledger_entry", column) for column in ("id", "kind", "actor_kind", "actor_id", "body", "digest")),
    *(("ledger_entrysubject", column) for column in ("entry_id", "subject_kind", "subject_id")),
    *(("ledger_link", column) for column in ("entry_id", "hash")),
    *(("ledger_privatepart", column) for column in ("entry_id", "salt", "text")),
]
TIMES = [("ledger_entry", "recorded_at"), ("ledger_entrysubject", "recorded_at")]
ROWS = {"ledger_entry": 5, "ledger_entrysubject": 9, "ledger_link": 4, "ledger_privatepart": 1}


@pytest.mark.prove
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=st.sampled_from(TEXTS + TIMES), row=st.integers(0, 8), position=st.integers(0, 600), flip=st.integers(1, 255)
)
def test_any_single_byte_that_was_changed_is_reported(
    entries: list[Entry], where: tuple[str, str], row: int, position: int, flip: int
) -> None:
    table, column = where
    with undone():
        if where in TIMES and connection.vendor == "postgresql":
            later = f"recorded_at + interval '{flip} microseconds'"
            tamper(f"UPDATE {table} SET recorded_at = {later} WHERE {nth_row(table, row % ROWS[table]).condition}")
        else:
            change_one_byte(table, column, nth_row(table, row % ROWS[table]), position, flip)
        found = faults()
        assert found != []
        assert all(fault.sentence().encode() for fault in found)


def test_faults_are_told_in_the_readers_language() -> None:
    with translation.override("en"):
        assert Fault.of(FaultCode.GAP, first=2, last=3).sentence() == (
            "The links from 2 to 3 are missing from the chain."
        )


@pytest.mark.parametrize("code", FaultCode)
def test_every_fault_has_a_sentence(code: FaultCode) -> None:
    names = (
        "name first last index entry times kind id column at part table row source size one other level number month"
    )
    assert Fault.of(code, **dict.fromkeys([*names.split(), "erasure"], "given")).sentence().endswith(".")


def test_the_command_says_what_it_checked(entries: list[Entry], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_ledger", no_color=True)
    said = capsys.readouterr().out
    assert "Checked 5 entries and 4 links." in said
    assert "Waiting for their place in the chain: 1, the oldest for 0 seconds." in said
    assert "No fault was found." in said


def test_the_command_fails_and_says_each_fault(entries: list[Entry], capsys: pytest.CaptureFixture[str]) -> None:
    tamper("UPDATE ledger_entry SET kind = 'x.y' WHERE id = %s", entries[0].id)
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_ledger", no_color=True)
    assert stopped.value.code == 1
    said = capsys.readouterr().out
    assert f"The column kind of entry {entries[0].id} differs from its body." in said
    assert "The trigger ledger_entry_no_update is missing or changed" in said
    assert "faults were found." in said


@contextmanager
def undone() -> Iterator[None]:
    """A savepoint that is always rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def drop_unique_entry_of_links() -> None:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "ledger_link")
    unique = next(name for name, what in constraints.items() if what["unique"] and what["columns"] == ["entry_id"])
    if connection.vendor == "postgresql":
        tamper("SET CONSTRAINTS ALL IMMEDIATE")
        tamper(f"ALTER TABLE ledger_link DROP CONSTRAINT {unique}")
    else:  # the index of a UNIQUE column cannot be dropped: make the table again without it
        tamper('CREATE TABLE copy ("index" bigint PRIMARY KEY, hash varchar(64), entry_id varchar(26))')
        tamper('INSERT INTO copy SELECT "index", hash, entry_id FROM ledger_link')
        tamper("DROP TABLE ledger_link")
        tamper("ALTER TABLE copy RENAME TO ledger_link")


@pytest.mark.parametrize("garbled", ['[1,"x"]', '["P1",null]', "[{}]"])
def test_one_garbled_entry_hides_no_later_one(garbled: str) -> None:
    made = [samples.settled(f"P{number}") for number in range(8)]
    samples.seal_all()
    third, seventh = made[2], made[6]
    body = third.body.replace('["P2"]', garbled)
    assert body != third.body
    tamper("UPDATE ledger_entry SET body = %s WHERE id = %s", body, third.id)
    change_one_byte("ledger_entry", "body", Row("id = %s", (seventh.id,)), 40, 1)
    found = faults()
    assert Fault.of(FaultCode.BODY_CHANGED, entry=seventh.id) in found
    assert Fault.of(FaultCode.BODY_MALFORMED, entry=third.id) in found
    assert FaultCode.UNREADABLE not in {fault.code for fault in found}
