"""The triggers that make the ledger append-only, and closed months closed, by whatever way a statement gets there.

They are made after every migrate (SQLite silently drops them when a migration rebuilds a table) and compared, text by
text, with what the database has: by the system check, and by `verify_ledger`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from ledger.kinds import CLOSED, REOPENED

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
    _Table("ledger_closing", "id = NEW.id OR (month = NEW.month AND number = NEW.number)"),
    _Table("ledger_reopening", "closing_id = NEW.closing_id"),
    _Table("ledger_privatepart", "entry_id = NEW.entry_id", _ERASURE_RECORDED),
    _Table(
        "ledger_unsealed",
        "entry_id = NEW.entry_id",
        "EXISTS (SELECT 1 FROM ledger_link l WHERE l.entry_id = OLD.entry_id)",
    ),
)


@dataclass(frozen=True)
class _Guard:
    """A statement that is refused while `refused_if`, in terms of OLD and NEW, is true."""

    name: str
    table: str
    operation: Literal["insert", "update", "delete", "truncate"]
    refused_if: str
    says: str


@dataclass(frozen=True)
class ClosedRows:
    """Rows of a room above that stay as they are once the month in which they were over is closed.

    `moment` is the column with the moment at which they were over, `unchanged` are those that stay. `may_leave`, in
    terms of NEW, is true of a row that goes on after all because of something new: then `until_it_leaves` change, too.
    """

    table: str
    moment: str
    unchanged: tuple[str, ...]
    until_it_leaves: tuple[str, ...] = ()
    may_leave: str = "FALSE"

    @property
    def columns(self) -> set[str]:
        """All that its triggers read."""
        return {self.moment, *self.unchanged, *self.until_it_leaves, *re.findall(r"NEW\.(\w+)", self.may_leave)}


#: Closings that were not reopened.
_LIVE = "ledger_closing c WHERE NOT EXISTS (SELECT 1 FROM ledger_reopening r WHERE r.closing_id = c.id)"
_CLOSED_UNTIL = f"(SELECT MAX(c.last_day) FROM {_LIVE})"  # noqa: S608 - constants
_CLOSED_BEFORE = f"(SELECT MAX(c.ends_at) FROM {_LIVE})"  # noqa: S608 - constants


def _recorded(kind: str, closing: str) -> str:
    """That an entry of `kind` about that closing is there."""
    return (
        "EXISTS (SELECT 1 FROM ledger_entrysubject s JOIN ledger_entry e ON e.id = s.entry_id"  # noqa: S608 - constants
        f" WHERE s.subject_kind = 'closing' AND s.subject_id = {closing} AND e.id = NEW.entry_id AND e.kind = '{kind}')"
    )


_GUARDS = (
    _Guard(
        "ledger_movement_no_closed_day",
        "ledger_movement",
        "insert",
        f"NEW.day <= {_CLOSED_UNTIL}",
        "that day is in a closed month",
    ),
    _Guard(
        "ledger_closing_is_next",
        "ledger_closing",
        "insert",
        f"NEW.first_day <= {_CLOSED_UNTIL} OR NOT {_recorded(CLOSED, 'NEW.id')}",
        "months are closed once, one after the other, and with an entry",
    ),
    _Guard(
        "ledger_reopening_is_recorded",
        "ledger_reopening",
        "insert",
        f"NOT {_recorded(REOPENED, 'NEW.closing_id')} OR {_CLOSED_UNTIL} <>"  # noqa: S608 - constants
        " (SELECT c.last_day FROM ledger_closing c WHERE c.id = NEW.closing_id)",
        "only the newest closed month is reopened, with an entry",
    ),
)

_rows: dict[str, ClosedRows] = {}


def guard_closed(rows: ClosedRows) -> None:
    """Keep rows of a room above as they are once their month is closed; called while the program starts."""
    _rows[rows.table] = rows


def _guards_of(rows: ClosedRows, *, is_sqlite: bool) -> Iterator[_Guard]:
    differs = "IS NOT" if is_sqlite else "IS DISTINCT FROM"

    def closed(row: str) -> str:
        return f"COALESCE({row}.{rows.moment} < {_CLOSED_BEFORE}, FALSE)"

    name, table, says = f"{rows.table}_closed_no", rows.table, "its month is closed"

    def changes(*columns: str) -> str:
        return "(" + " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns) + ")"

    left = f"({changes(rows.moment, *rows.until_it_leaves)} AND NOT ({rows.may_leave}))"
    update = (
        f"({closed('OLD')} AND ({changes(*rows.unchanged)} OR {left})) OR ({changes(rows.moment)} AND {closed('NEW')})"
    )
    replaces = f"EXISTS (SELECT 1 FROM {table} was WHERE was.id = NEW.id AND {closed('was')})"  # noqa: S608 - as above
    yield _Guard(f"{name}_update", table, "update", update, says)
    yield _Guard(f"{name}_delete", table, "delete", closed("OLD"), says)
    yield _Guard(f"{name}_insert", table, "insert", f"{closed('NEW')} OR {replaces}", says)
    if not is_sqlite:
        yield _Guard(f"{name}_truncate", table, "truncate", f"{_CLOSED_UNTIL} IS NOT NULL", says)


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
        for trigger in _existing(connection):
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


def guarded_rooms() -> set[str]:
    """The rooms above whose migrations meet triggers of ours: a column that one of them names can't be altered."""
    return {table.partition("_")[0] for table in _rows}


def _existing(connection: BaseDatabaseWrapper) -> list[_Trigger]:
    tables = set(connection.introspection.table_names())
    # A room above that is migrated back to before it had these columns has no closed months either.
    tables -= {rows.table for rows in _rows.values() if rows.table in tables and not _has_columns(connection, rows)}
    return [trigger for trigger in _wanted(connection) if trigger.table in tables]


def _has_columns(connection: BaseDatabaseWrapper, rows: ClosedRows) -> bool:
    with connection.cursor() as cursor:
        found = {column.name for column in connection.introspection.get_table_description(cursor, rows.table)}
    return rows.columns <= found


def _wanted(connection: BaseDatabaseWrapper) -> list[_Trigger]:
    is_sqlite = connection.vendor == "sqlite"
    make, make_guard = (_sqlite_triggers, _sqlite_guard) if is_sqlite else (_postgresql_triggers, _postgresql_guard)
    guards = [*_GUARDS, *(guard for rows in _rows.values() for guard in _guards_of(rows, is_sqlite=is_sqlite))]
    return [*(trigger for table in _TABLES for trigger in make(table)), *map(make_guard, guards)]


def _drop(connection: BaseDatabaseWrapper, trigger: _Trigger) -> str:
    on_table = "" if connection.vendor == "sqlite" else f" ON {trigger.table}"
    return f"DROP TRIGGER IF EXISTS {trigger.name}{on_table}"


def _sqlite_triggers(table: _Table) -> Iterator[_Trigger]:
    # The last one stops REPLACE even on a connection without `PRAGMA recursive_triggers`.
    replaced = f"EXISTS (SELECT 1 FROM {table.name} WHERE {table.same_row})"  # noqa: S608 - constants of this file
    for operation, condition in (("update", "TRUE"), ("delete", f"NOT ({table.deletable_if})"), ("insert", replaced)):
        name = f"{table.name}_no_{'replace' if operation == 'insert' else operation}"
        yield _sqlite_trigger(name, table.name, operation, condition, f"{table.name} is append-only")


def _sqlite_guard(guard: _Guard) -> _Trigger:
    return _sqlite_trigger(guard.name, guard.table, guard.operation, guard.refused_if, f"{guard.table}: {guard.says}")


def _sqlite_trigger(name: str, table: str, operation: str, refused_if: str, says: str) -> _Trigger:
    sql = (
        f"CREATE TRIGGER {name} BEFORE {operation.upper()} ON {table} WHEN {refused_if}"
        f" BEGIN SELECT RAISE(ABORT, '{says}'); END"
    )
    return _Trigger(name, table, (sql,), (sql,))


def _sqlite_catalogue(connection: BaseDatabaseWrapper) -> dict[str, tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {name: (sql,) for name, sql in cursor.fetchall()}


#: `tgtype` in pg_trigger is a sum: row 1, before 2, insert 4, delete 8, update 16, truncate 32.
_TYPES = {"insert": 1 + 2 + 4, "delete": 1 + 2 + 8, "update": 1 + 2 + 16, "truncate": 2 + 32}


def _postgresql_triggers(table: _Table) -> Iterator[_Trigger]:
    for operation, condition in (("update", "FALSE"), ("delete", table.deletable_if), ("truncate", "FALSE")):
        name = f"{table.name}_no_{operation}"
        yield _postgresql_trigger(name, table.name, operation, f"NOT ({condition})", f"{table.name} is append-only")


def _postgresql_guard(guard: _Guard) -> _Trigger:
    says = f"{guard.table}: {guard.says}"
    return _postgresql_trigger(guard.name, guard.table, guard.operation, guard.refused_if, says)


def _postgresql_trigger(name: str, table: str, operation: str, refused_if: str, says: str) -> _Trigger:
    refuse = f"RAISE EXCEPTION '{says}' USING ERRCODE = 'integrity_constraint_violation';"
    row = {"insert": "NEW", "update": "NEW", "delete": "OLD", "truncate": "NULL"}[operation]
    source = f"BEGIN IF {refused_if} THEN {refuse} END IF; RETURN {row}; END"
    each = "STATEMENT" if operation == "truncate" else "ROW"
    make_function = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${source}$$"
    make_trigger = (
        f"CREATE TRIGGER {name} BEFORE {operation.upper()} ON {table} FOR EACH {each} EXECUTE FUNCTION {name}()"
    )
    return _Trigger(name, table, (make_function, make_trigger), (_TYPES[operation], "O", source, None))


def _postgresql_catalogue(connection: BaseDatabaseWrapper) -> dict[str, tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, t.tgtype, t.tgenabled::text, p.prosrc, t.tgqual::text FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
        )
        return {name: tuple(what) for name, *what in cursor.fetchall()}
