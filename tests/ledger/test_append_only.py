"""What is in the ledger stays as it is, by whatever way a statement reaches the database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection, transaction
from django.db.models import Model, ProtectedError
from pytest_django import Settings

from ledger import clock
from ledger.api import Actor, check_triggers, erase, verify
from ledger.books.closing import close, next_to_close, reckon, reopen
from ledger.faults import FaultCode
from ledger.models import (
    Checkpoint,
    Closing,
    Entry,
    EntrySubject,
    Link,
    Movement,
    PrivatePart,
    Reopening,
    Tile,
    Unsealed,
)
from ledger.triggers import ensure_triggers
from tests.ledger import samples

TABLES = ["ledger_entry", "ledger_entrysubject", "ledger_link", "ledger_privatepart", "ledger_unsealed"]
TABLES += ["ledger_tile", "ledger_checkpoint", "ledger_movement", "ledger_closing", "ledger_reopening"]
COLUMNS = {
    "ledger_entry": "kind",
    "ledger_entrysubject": "recorded_at",
    "ledger_link": "hash",
    "ledger_privatepart": "text",
    "ledger_unsealed": "recorded_at",
    "ledger_tile": "hash",
    "ledger_checkpoint": "note",
    "ledger_movement": "received",
    "ledger_closing": "digest",
    "ledger_reopening": "entry_id",
}
MODELS = [Entry, EntrySubject, Link, PrivatePart, Unsealed, Tile, Checkpoint, Movement, Closing, Reopening]


@pytest.fixture
def ledger(db: None) -> None:
    """One sealed entry with a private part, a month that was closed and reopened, and an entry that waits."""
    samples.settled(name="Ana")
    samples.seal_all()
    samples.booked(clock.now() - timedelta(days=40))
    month = next_to_close()
    assert month
    reopen(close(reckon(month), by=Actor.staff(1)).pk, by=Actor.staff(2))
    samples.settled("P2")
    Tile.objects.create(level=1, number=0, hash="0" * 64)
    Checkpoint.objects.create(size=1, note="signed")


def refused(statement: Callable[[], Any]) -> None:
    before = contents()
    with pytest.raises((DatabaseError, ProtectedError)), transaction.atomic():
        statement()
    assert contents() == before


def contents() -> dict[str, list[Any]]:
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table}")
            found[table] = sorted(cursor.fetchall())
    return found


def raw(sql: str) -> Callable[[], None]:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    return run


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("model", MODELS)
def test_the_orm_can_neither_update_nor_delete(model: type[Model]) -> None:
    column = COLUMNS[model._meta.db_table]
    objects = model._default_manager
    row = objects.all()[0]
    refused(lambda: objects.update(**{column: getattr(row, column)}))
    refused(lambda: objects.bulk_update([row], [column]))
    refused(lambda: row.save(force_update=True))
    refused(row.save)
    refused(lambda: objects.filter(pk=row.pk).delete())
    refused(row.delete)


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("model", MODELS)
def test_the_orm_can_not_upsert(model: type[Model]) -> None:
    row = model._default_manager.all()[0]
    column = COLUMNS[model._meta.db_table]
    unique = [field.name for field in model._meta.pk_fields]
    refused(
        lambda: model._default_manager.bulk_create(
            [row], update_conflicts=True, update_fields=[column], unique_fields=unique
        )
    )


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("table", TABLES)
def test_raw_sql_can_neither_update_nor_delete(table: str) -> None:
    refused(raw(f"UPDATE {table} SET {COLUMNS[table]} = {COLUMNS[table]}"))
    refused(raw(f"DELETE FROM {table}"))


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("recursive_triggers", ["ON", "OFF"])
def test_raw_sql_can_neither_replace_nor_truncate(table: str, recursive_triggers: str) -> None:
    if connection.vendor == "postgresql":
        refused(raw(f"TRUNCATE {table} CASCADE"))
        refused(raw(f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT DO NOTHING; DELETE FROM {table}"))
        return
    raw(f"PRAGMA recursive_triggers = {recursive_triggers}")()
    try:
        refused(raw(f"REPLACE INTO {table} SELECT * FROM {table}"))
        refused(raw(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))
        refused(raw(f"UPDATE OR REPLACE {table} SET {COLUMNS[table]} = 'x'"))
    finally:
        raw("PRAGMA recursive_triggers = ON")()


@pytest.mark.usefixtures("ledger")
def test_a_link_cannot_be_replaced_by_one_for_the_same_entry() -> None:
    entry = Link.objects.get(index=1).entry_id
    insert = "INSERT" if connection.vendor == "postgresql" else "REPLACE"
    refused(raw(f"{insert} INTO ledger_link (\"index\", hash, entry_id) VALUES (9, 'x', '{entry}')"))


@pytest.mark.usefixtures("ledger")
def test_a_private_part_goes_only_once_an_entry_says_so() -> None:
    part = PrivatePart.objects.get()
    refused(lambda: PrivatePart.objects.filter(pk=part.pk).delete())
    assert erase([part.entry_id], actor=Actor.staff(1), reason="member_asked") == 1
    assert not PrivatePart.objects.exists()


@pytest.mark.usefixtures("ledger")
def test_naming_an_entry_as_a_subject_is_no_erasure() -> None:
    part = PrivatePart.objects.get()
    samples.noted(entry=part.entry_id)
    refused(lambda: PrivatePart.objects.filter(pk=part.pk).delete())


@pytest.mark.django_db
def test_every_trigger_is_there_after_migrate() -> None:
    assert check_triggers(connection) == []


@pytest.mark.django_db
def test_a_missing_trigger_is_named_by_check_and_verification() -> None:
    drop("ledger_link_no_delete", "ledger_link")
    assert check_triggers(connection) == ["ledger_link_no_delete"]
    assert [fault.code for fault in verify()] == [FaultCode.TRIGGER]
    with pytest.raises(SystemCheckError, match="ledger_link_no_delete"):
        call_command("check", databases=["default"], fail_level="WARNING")
    ensure_triggers(connection)
    assert check_triggers(connection) == []


@pytest.mark.django_db
def test_a_trigger_that_no_longer_refuses_is_noticed() -> None:
    if connection.vendor == "postgresql":
        raw(
            "CREATE OR REPLACE FUNCTION ledger_entry_no_update() RETURNS trigger LANGUAGE plpgsql"
            " AS $$BEGIN RETURN NEW; END$$"
        )()
        raw("ALTER TABLE ledger_link DISABLE TRIGGER ledger_link_no_update")()
    else:
        for table in ("ledger_entry", "ledger_link"):
            drop(f"{table}_no_update", table)
            raw(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN 0 BEGIN SELECT 1; END")()
    assert check_triggers(connection) == ["ledger_entry_no_update", "ledger_link_no_update"]
    ensure_triggers(connection)
    assert check_triggers(connection) == []


@pytest.mark.django_db(transaction=True)
def test_the_ledger_is_still_append_only_after_a_migration_rebuilt_its_tables(settings: Settings) -> None:
    samples.settled(name="Ana")
    samples.seal_all()
    # Those of the rooms above name some of the ledger's own, which are not among these.
    settings.MIGRATION_MODULES = {"ledger": "tests.ledger.rebuilding.migrations", "payments": None, "jobs": None}
    call_command("migrate", "ledger", verbosity=0)
    try:
        assert check_triggers(connection) == []
        refused(raw("UPDATE ledger_entry SET kind = 'x'"))
        refused(raw("DELETE FROM ledger_link"))
        assert list(verify()) == []
    finally:
        call_command("migrate", "ledger", "0001", verbosity=0)
    assert check_triggers(connection) == []


def drop(trigger: str, table: str) -> None:
    raw(f"DROP TRIGGER {trigger}" + (f" ON {table}" if connection.vendor == "postgresql" else ""))()
