"""The triggers that make the ledger append-only, by whatever way a statement reaches the database.

They are made after every migrate (SQLite silently drops them when a migration rebuilds a table) and compared, text by
text, with what the database has: by the system check, and by `verify_ledger`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

ERASED = "ledger.erased"  # the kind of entry that must name a private part before that part may go
ERASED_SUBJECT = "entry"


@dataclass(frozen=True)
class _Table:
    name: str
    same_row: str  # a new row that would replace this one, in terms of NEW; for SQLite's REPLACE
    deletable_if: str = "FALSE"  # in terms of OLD


_ERASURE_RECORDED = (
    "EXISTS (SELECT 1 FROM ledger_entrysubject s JOIN ledger_entry e ON e.id = s.entry_id"  # noqa: S608 - constants
    f" WHERE s.subject_kind = '{ERASED_SUBJECT}' AND s.subject_id = OLD.entry_id AND e.kind = '{ERASED}')"
)

_TABLES = (
    _Table("ledger_entry", "id = NEW.id"),
    _Table(
        "ledger_entrysubject",
        "entry_id = NEW.entry_id AND subject_kind = NEW.subject_kind AND subject_id = NEW.subject_id",
    ),
    _Table("ledger_link", '"index" = NEW."index" OR entry_id = NEW.entry_id'),
    _Table("ledger_tile", "level = NEW.level AND number = NEW.number"),
    _Table("ledger_checkpoint", "size = NEW.size"),
    _Table("ledger_movement", "id = NEW.id"),
    _Table("ledger_privatepart", "entry_id = NEW.entry_id", _ERASURE_RECORDED),
    _Table(
        "ledger_unsealed",
        "entry_id = NEW.entry_id",
        "EXISTS (SELECT 1 FROM ledger_link l WHERE l.entry_id = OLD.entry_id)",
    ),
)


@dataclass(frozen=True)
class _Trigger:
    name: str
    table: str
    statements: tuple[str, ...]
    fingerprint: tuple[object, ...]  # what the database's own catalogue says of it when it is right


def ensure_triggers(connection: BaseDatabaseWrapper) -> None:
    """Make every trigger that is missing or differs. Does nothing for tables that do not exist yet."""
    wrong = set(check_triggers(connection))
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for trigger in _wanted(connection):
            if trigger.name in wrong:
                cursor.execute(_drop(connection, trigger))
                for statement in trigger.statements:
                    cursor.execute(statement)


def remove_triggers(connection: BaseDatabaseWrapper) -> None:
    """Lift them all: for a migration that rebuilds a table, and for tests that must empty the database."""
    with connection.cursor() as cursor:
        for trigger in _existing(connection):
            cursor.execute(_drop(connection, trigger))


def check_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the triggers that are missing, switched off or changed. Tables that do not exist need none."""
    found = _sqlite_catalogue(connection) if connection.vendor == "sqlite" else _postgresql_catalogue(connection)
    return [trigger.name for trigger in _existing(connection) if found.get(trigger.name) != trigger.fingerprint]


def _existing(connection: BaseDatabaseWrapper) -> list[_Trigger]:
    tables = set(connection.introspection.table_names())
    return [trigger for trigger in _wanted(connection) if trigger.table in tables]


def _wanted(connection: BaseDatabaseWrapper) -> list[_Trigger]:
    make = _sqlite_triggers if connection.vendor == "sqlite" else _postgresql_triggers
    return [trigger for table in _TABLES for trigger in make(table)]


def _drop(connection: BaseDatabaseWrapper, trigger: _Trigger) -> str:
    on_table = "" if connection.vendor == "sqlite" else f" ON {trigger.table}"
    return f"DROP TRIGGER IF EXISTS {trigger.name}{on_table}"


def _sqlite_triggers(table: _Table) -> Iterator[_Trigger]:
    # The last one stops REPLACE even on a connection without `PRAGMA recursive_triggers`.
    replaced = f"EXISTS (SELECT 1 FROM {table.name} WHERE {table.same_row})"  # noqa: S608 - constants of this file
    for operation, condition in (("update", "TRUE"), ("delete", f"NOT ({table.deletable_if})"), ("insert", replaced)):
        name = f"{table.name}_no_{'replace' if operation == 'insert' else operation}"
        sql = (
            f"CREATE TRIGGER {name} BEFORE {operation.upper()} ON {table.name} WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{table.name} is append-only'); END"
        )
        yield _Trigger(name, table.name, (sql,), (sql,))


def _sqlite_catalogue(connection: BaseDatabaseWrapper) -> dict[str, tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {name: (sql,) for name, sql in cursor.fetchall()}


def _postgresql_triggers(table: _Table) -> Iterator[_Trigger]:
    refuse = f"RAISE EXCEPTION '{table.name} is append-only' USING ERRCODE = 'integrity_constraint_violation';"
    # `tgtype` in pg_trigger is a sum: row 1, before 2, delete 8, update 16, truncate 32.
    for operation, each, condition, tgtype in (
        ("update", "ROW", "FALSE", 1 + 2 + 16),
        ("delete", "ROW", table.deletable_if, 1 + 2 + 8),
        ("truncate", "STATEMENT", "FALSE", 2 + 32),
    ):
        name = f"{table.name}_no_{operation}"
        source = f"BEGIN IF {condition} THEN RETURN OLD; END IF; {refuse} END"
        make_function = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${source}$$"
        make_trigger = (
            f"CREATE TRIGGER {name} BEFORE {operation.upper()} ON {table.name}"
            f" FOR EACH {each} EXECUTE FUNCTION {name}()"
        )
        yield _Trigger(name, table.name, (make_function, make_trigger), (tgtype, "O", source, None))


def _postgresql_catalogue(connection: BaseDatabaseWrapper) -> dict[str, tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, t.tgtype, t.tgenabled::text, p.prosrc, t.tgqual::text FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
        )
        return {name: tuple(what) for name, *what in cursor.fetchall()}
