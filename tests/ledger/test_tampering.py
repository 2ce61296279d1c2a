"""Whatever somebody with the database's password does to one row of the ledger is found, and the row is named.

Each tampering is one thing, done with raw SQL, triggers lifted, on a ledger with every kind of row; then it is undone.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from ledger.api import Actor, Fault, erase, keep_if_due, verify
from ledger.checkpoints import tree
from ledger.faults import FaultCode
from ledger.models import Checkpoint, Entry, EntrySubject, Link, PrivatePart, Tile, Unsealed
from ledger.triggers import remove_triggers
from tests.ledger import samples
from tests.ledger.conftest import MoveClock
from tests.ledger.tampering import Row, change_one_byte, execute, recompute, rewrite_chain

pytestmark = pytest.mark.django_db
SEALED = 262
MANY = int(os.environ.get("TAMPERINGS", "300"))  # as many as are proved


@pytest.fixture
def ledger(folder: Path, move_clock: MoveClock) -> None:
    """Sealed entries, more than a kept hash is over; private parts, there and erased; checkpoints; what waits."""
    for number in range(130):
        samples.settled(f"P{number}", name="Ana" if number % 9 == 0 else "")
    erase([PrivatePart.objects.order_by("entry_id")[3].entry_id], actor=Actor.staff(1), reason="member_asked")
    samples.seal_all()
    keep_if_due()
    move_clock(timedelta(hours=2))
    for number in range(130, SEALED - 1):
        samples.settled(f"P{number}", name="Luz" if number % 9 == 0 else "")
    samples.seal_all()
    keep_if_due()
    for number in range(3):
        samples.settled(f"W{number}", name="Eva")
    assert (Link.objects.count(), Tile.objects.count(), Checkpoint.objects.count()) == (SEALED, 1, 2)
    assert list(verify()) == []
    remove_triggers(connection)


@dataclass(frozen=True)
class Tampering:
    """What was done, and what must be named: one of these values, in a fault's parameters."""

    what: str
    named: frozenset[str | int]
    kind: FaultCode | None = None


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


TEXTS = [
    *(("ledger_entry", column) for column in ("id", "kind", "actor_kind", "actor_id", "body", "digest")),
    *(("ledger_entrysubject", column) for column in ("entry_id", "subject_kind", "subject_id")),
    *(("ledger_link", column) for column in ("entry_id", "hash")),
    *(("ledger_privatepart", column) for column in ("entry_id", "salt", "text")),
    ("ledger_unsealed", "entry_id"),
    ("ledger_tile", "hash"),
    ("ledger_checkpoint", "note"),
]
TIMES = ["ledger_entry", "ledger_entrysubject", "ledger_unsealed"]
NUMBERS = [("ledger_link", "index"), ("ledger_tile", "level"), ("ledger_tile", "number"), ("ledger_checkpoint", "size")]
TABLES = {
    "ledger_entry": ("id",),
    "ledger_entrysubject": ("entry_id", "subject_kind", "subject_id"),
    "ledger_link": ("index", "entry_id"),
    "ledger_privatepart": ("entry_id",),
    "ledger_unsealed": ("entry_id",),
    "ledger_tile": ("level", "number"),
    "ledger_checkpoint": ("size",),
}


def pick(random: Random, table: str) -> tuple[int, dict[str, Any]]:
    """One row, by its place in the table's order, and what names it."""
    keys = ", ".join(f'"{key}"' for key in TABLES[table])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {keys} FROM {table} ORDER BY {keys}")
        rows = cursor.fetchall()
    number = random.randrange(len(rows))
    return number, dict(zip(TABLES[table], rows[number], strict=True))


def where(table: str, row: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    return " AND ".join(f'"{key}" = %s' for key in TABLES[table]), tuple(row.values())


def names(row: dict[str, Any]) -> frozenset[str | int]:
    """Texts stand for a row by themselves, and so do its numbers, as they are and as texts."""
    return frozenset(set(row.values()) | {str(value) for value in row.values()})


def another_byte(random: Random) -> Tampering:
    table, column = random.choice(TEXTS)
    condition, values, row = _row(random, table)
    change_one_byte(table, column, Row(condition, values), random.randrange(600), random.randrange(1, 256))
    return Tampering(f"a byte of {table}.{column}", names(row))


def another_time(random: Random) -> Tampering:
    table = random.choice(TIMES)
    condition, values, row = _row(random, table)
    moment = "2026-01-01 00:00:00.5" if random.random() < 0.5 else "2020-02-02 02:02:02"
    execute(f"UPDATE {table} SET recorded_at = %s WHERE {condition}", (moment, *values))
    return Tampering(f"the time of {table}", names(row))


def another_number(random: Random) -> Tampering:
    table, column = random.choice(NUMBERS)
    condition, values, row = _row(random, table)
    by = random.choice([1_000, 7_777])
    execute(f'UPDATE {table} SET "{column}" = "{column}" + {by} WHERE {condition}', values)
    return Tampering(f"{table}.{column}", names(row))


def deleted(random: Random) -> Tampering:
    table = random.choice(list(TABLES))
    condition, values, row = _row(random, table)
    execute(f"DELETE FROM {table} WHERE {condition}", values)
    return Tampering(f"a row of {table} deleted", names(row))


def deleted_with_all_that_is_about_it(random: Random) -> Tampering:
    index = random.randrange(1, SEALED)
    entry = Link.objects.get(index=index).entry_id
    for table in ("ledger_privatepart", "ledger_entrysubject", "ledger_link"):
        execute(f"DELETE FROM {table} WHERE entry_id = %s", (entry,))
    execute("DELETE FROM ledger_entry WHERE id = %s", (entry,))
    return Tampering("a whole entry deleted", frozenset({index}), FaultCode.GAP)


def inserted(random: Random) -> Tampering:
    """A row that looks like its neighbours."""
    entry = random.choice(list(Entry.objects.filter(link__isnull=False).values_list("id", flat=True)))
    waiting = random.choice(list(Unsealed.objects.values_list("entry_id", flat=True)))
    note = random.choice(list(Checkpoint.objects.values_list("note", flat=True)))
    other = entry[:-6] + "XXXXXX"
    copy = "SELECT %s, recorded_at, kind, actor_kind, actor_id, body, digest FROM ledger_entry WHERE id = %s"
    member = "SELECT id, 'member', '1', recorded_at FROM ledger_entry WHERE id = %s"
    choices: list[tuple[str, tuple[Any, ...], frozenset[str | int]]] = [
        (f"INSERT INTO ledger_entry {columns(Entry)} {copy}", (other, entry), frozenset({other})),
        (f"INSERT INTO ledger_entrysubject {columns(EntrySubject)} {member}", (entry,), frozenset({entry})),
        (
            f"INSERT INTO ledger_link {columns(Link)} VALUES (%s, %s, %s)",
            (SEALED + 1, waiting, "0" * 64),
            frozenset({SEALED + 1}),
        ),
        (
            f"INSERT INTO ledger_unsealed {columns(Unsealed)} SELECT id, recorded_at FROM ledger_entry WHERE id = %s",
            (entry,),
            frozenset({entry}),
        ),
        (f"INSERT INTO ledger_tile {columns(Tile)} VALUES (1, 7, %s)", ("0" * 64,), frozenset({7})),
        (f"INSERT INTO ledger_checkpoint {columns(Checkpoint)} VALUES (9, %s)", (note,), frozenset({"9"})),
    ]
    sql, values, named = random.choice(choices)
    execute(sql, values)
    return Tampering(sql[:40], named)


def private_part_inserted(random: Random) -> Tampering:
    without = Entry.objects.filter(private_part=None, link__isnull=False).exclude(kind="ledger.erased")
    entry = random.choice(list(without.values_list("id", flat=True)))
    execute(f"INSERT INTO ledger_privatepart {columns(PrivatePart)} VALUES (%s, '00', '{{}}')", (entry,))
    return Tampering("a private part inserted", frozenset({entry}))


def reordered(random: Random) -> Tampering:
    """Two links change places, and the chain is as it was."""
    first, second = sorted(random.sample(range(1, SEALED + 1), 2))
    _swap(first, second)
    return Tampering("two links swapped", frozenset({first}), FaultCode.CHAIN_BROKEN)


def reordered_and_chained_anew(random: Random) -> Tampering:
    first, second = sorted(random.sample(range(1, SEALED + 1), 2))
    _swap(first, second)
    recompute(first)
    return Tampering(f"swapped {first} and {second}, chained anew", frozenset({first}), FaultCode.CHECKPOINT_DIFFERS)


def changed_and_chained_anew(random: Random) -> Tampering:
    index = random.choice(list(Link.objects.filter(entry__kind="payment.settled").values_list("index", flat=True)))
    rewrite_chain(index, lambda body: body.replace('"1250"', '"9250"'))
    return Tampering(f"link {index}, chained anew", frozenset({index}), FaultCode.CHECKPOINT_DIFFERS)


def inserted_and_chained_anew(random: Random) -> Tampering:
    """What waits is put into the middle."""
    index = random.randrange(1, SEALED)
    waiting = Unsealed.objects.values_list("entry_id", flat=True)[0]
    places = list(Link.objects.filter(index__gte=index).order_by("-index").values_list("index", flat=True))
    for place in places:
        execute('UPDATE ledger_link SET "index" = %s WHERE "index" = %s', (place + 1, place))
    execute(f"INSERT INTO ledger_link {columns(Link)} VALUES (%s, %s, 'x')", (index, waiting))
    execute("DELETE FROM ledger_unsealed WHERE entry_id = %s", (waiting,))
    recompute(index)
    return Tampering(f"inserted at {index}", frozenset({index}), FaultCode.CHECKPOINT_DIFFERS)


def truncated(random: Random) -> Tampering:
    """An older copy: what came after is gone from every table."""
    last = random.randrange(1, SEALED)
    gone = '(SELECT entry_id FROM ledger_link WHERE "index" > %s)'
    for table in ("ledger_privatepart", "ledger_entrysubject"):
        execute(f"DELETE FROM {table} WHERE entry_id IN {gone}", (last,))
    ids = list(Link.objects.filter(index__gt=last).values_list("entry_id", flat=True))
    execute('DELETE FROM ledger_link WHERE "index" > %s', (last,))
    marks = ", ".join(["%s"] * len(ids))
    execute(f"DELETE FROM ledger_entry WHERE id IN ({marks})", tuple(ids))
    execute("DELETE FROM ledger_checkpoint WHERE size > %s", (last,))
    if last < tree.TILE_WIDTH:
        execute("DELETE FROM ledger_tile")
    return Tampering(f"truncated to {last}", frozenset({last + 1}), FaultCode.TRUNCATED)


ATTACKS: list[Callable[[Random], Tampering]] = [
    *[another_byte] * 8,
    *[another_time, another_number, inserted] * 2,
    *[deleted] * 4,
    deleted_with_all_that_is_about_it,
    private_part_inserted,
    reordered,
    reordered_and_chained_anew,
    changed_and_chained_anew,
    inserted_and_chained_anew,
    truncated,
]


def _row(random: Random, table: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    _number, row = pick(random, table)
    condition, values = where(table, row)
    return condition, values, row


def _swap(first: int, second: int) -> None:
    found = dict(Link.objects.filter(index__in=[first, second]).values_list("index", "entry_id"))
    spare = Unsealed.objects.values_list("entry_id", flat=True)[0]
    for place, entry in ((first, spare), (second, found[first]), (first, found[second])):
        execute('UPDATE ledger_link SET entry_id = %s WHERE "index" = %s', (entry, place))


def columns(model: type[Any]) -> str:
    return "(" + ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields) + ")"


def is_named(tampering: Tampering, faults: list[Fault]) -> bool:
    return any(_names(tampering, fault) for fault in faults)


def _names(tampering: Tampering, fault: Fault) -> bool:
    """The row itself; only where everything was computed anew, or is gone, the links among which it is."""
    if tampering.kind not in (None, fault.code):
        return False
    told = dict(fault.parameters)
    if fault.code is FaultCode.GAP or tampering.kind in (FaultCode.CHECKPOINT_DIFFERS, FaultCode.TRUNCATED):
        among = range(int(told["first"]), int(told["last"]) + 1)
        return any(number in among for number in tampering.named)
    return any(value in tampering.named for value in told.values())


def check(times: int, seed: int) -> None:
    random, done = Random(seed), 0
    while done < times:
        with undone():
            attack = random.choice(ATTACKS)
            try:
                with transaction.atomic():
                    tampering = attack(random)
            except IntegrityError:
                continue  # the database itself refused: nothing was done
            found = [fault for fault in verify() if fault.code is not FaultCode.TRIGGER]
            assert is_named(tampering, found), (seed, done, tampering, [fault.sentence() for fault in found])
            done += 1
    assert [fault for fault in verify() if fault.code is not FaultCode.TRIGGER] == []


@pytest.mark.prove
@pytest.mark.usefixtures("ledger")
def test_many_tamperings_are_all_found_and_name_the_row() -> None:
    check(MANY, seed=2026)


@pytest.mark.usefixtures("ledger")
def test_damaged_tables_stop_nothing_and_name_the_row() -> None:
    """SQLite keeps any value in any column; a table may be gone altogether."""
    entry = Entry.objects.filter(link__isnull=False)[0].id
    if connection.vendor == "sqlite":
        for sql, named in (
            ("UPDATE ledger_entry SET body = x'00ff' WHERE id = %s", entry),
            ("UPDATE ledger_entry SET recorded_at = x'00' WHERE id = %s", entry),
            ("UPDATE ledger_entry SET digest = 7.5 WHERE id = %s", entry),
            ("UPDATE ledger_link SET \"index\" = 'many' WHERE entry_id = %s", "many"),
            ("UPDATE ledger_link SET hash = x'ff' WHERE entry_id = %s", entry),
            ("UPDATE ledger_tile SET number = 'x' WHERE %s <> ''", "1 x"),
            ("UPDATE ledger_tile SET hash = x'ff' WHERE %s <> ''", 0),
            ("UPDATE ledger_checkpoint SET note = x'ff' WHERE %s <> ''", f"{SEALED}"),
            ("UPDATE ledger_checkpoint SET size = 'none' WHERE %s <> '' AND size = 131", "none"),
        ):
            with undone():
                execute(sql, (entry,))
                told = [value for fault in verify() for _name, value in fault.parameters]
                assert named in told or str(Link.objects.filter(entry_id=entry).first()) in told, (sql, told)
    for table in ("ledger_tile", "ledger_checkpoint", "ledger_unsealed"):
        with undone():
            execute(f"ALTER TABLE {table} RENAME TO gone")
            codes = set()
            with transaction.atomic():
                codes = {fault.code for fault in verify()}
                transaction.set_rollback(True)
            assert FaultCode.UNREADABLE in codes
