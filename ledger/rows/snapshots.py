"""A row as the database has it, read back in the transaction of the entry that carries it.

It is read, not told by the caller: what an entry carries is what was stored. Values are read without Django's models,
so that verification sees what is there and not what a field makes of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection

from ledger import clock
from ledger.canonical import LARGEST_EXACT
from ledger.content import Json
from ledger.models import EntrySubject
from ledger.rows.vouching import Vouched, carried_by

#: Between two entries about one row, which are in the order of their times.
NEXT = timedelta(microseconds=1)
_EVER = datetime(1, 1, 1, tzinfo=UTC)
_TABLE = EntrySubject._meta.db_table  # noqa: SLF001 - Django's public name

Rows = dict[str, dict[str, Json]]  # name, id, and the columns; None when an entry says that the row is gone


@dataclass
class Snapshots:
    """What an entry carries of the rows that it is about, and when it may be recorded at the earliest."""

    told: Rows = field(default_factory=dict)
    private: Rows = field(default_factory=dict)
    not_before: datetime = _EVER


def take(kind: str, subjects: Mapping[str, Sequence[str]]) -> Snapshots:
    """The rows that an entry of `kind` about `subjects` carries, as the caller's transaction has left them.

    A row that another transaction is changing is left out: its own entry will carry it.
    """
    found = Snapshots()
    for table in carried_by(kind, subjects):
        for identity in subjects[table.name]:
            _take_one(found, table, identity, is_gone=kind in table.gone_by)
    return found


def _take_one(found: Snapshots, table: Vouched, identity: str, *, is_gone: bool) -> None:
    if has_numbers(table) and not identity.isdecimal():
        return
    with connection.cursor() as cursor:
        cursor.execute(_read_one(table, connection.vendor), [table.name, identity, identity])
        row = cursor.fetchone()
    if row is None:
        if is_gone:
            found.told.setdefault(table.name, {})[identity] = None
        return
    *values, newest = row
    told, private = as_told(table, values)
    found.told.setdefault(table.name, {})[identity] = told
    if private:
        found.private.setdefault(table.name, {})[identity] = private
    if newest is not None:
        found.not_before = max(found.not_before, _aware(newest) + NEXT)


def as_told(table: Vouched, values: Sequence[Any]) -> tuple[dict[str, Json], dict[str, Json]]:
    """What is told of a row, in the body and in the private part, of `values` in the order of `columns`."""
    kinds = _kinds(table)
    plain = {name: _json(kind, value) for (name, kind), value in zip(kinds, values, strict=True)}
    return {name: plain[name] for name in (*table.told, *table.present)}, {name: plain[name] for name in table.private}


def columns(table: Vouched) -> list[str]:
    """The SQL of each value that is told of a row."""
    quote = connection.ops.quote_name
    of = quote(table.table)
    # On SQLite a bare column of a moment or a truth is converted, whatever is in it; an expression is read as it is.
    bare = "{}.{}" if connection.vendor == "postgresql" else "coalesce({}.{}, NULL)"
    plain = [bare.format(of, quote(name)) for name in (*table.told, *table.private)]
    return [*plain, *(f"{of}.{quote(name)} <> ''" for name in table.present)]


@cache
def _kinds(table: Vouched) -> list[tuple[str, str]]:
    plain = [(name, _kind(table, name)) for name in (*table.told, *table.private)]
    return [*plain, *((name, "boolean") for name in table.present)]


@cache
def _kind(table: Vouched, name: str) -> str:
    """How the database stores a column: `integer`, `boolean`, `moment`, `json` or `text`."""
    match table.column(name).db_type(connection):
        case "datetime" | "timestamp with time zone":
            return "moment"
        case "bool" | "boolean":
            return "boolean"
        case "jsonb":
            return "json"
        case str() as type_ if type_.split("(")[0].split()[0] in {"varchar", "text", "char"}:
            return "json" if table.column(name).get_internal_type() == "JSONField" else "text"
        case _:
            return "integer"


def has_numbers(table: Vouched) -> bool:
    """Whether its rows are named by whole numbers."""
    return _kind(table, table.key) == "integer"


@cache
def _read_one(table: Vouched, vendor: str) -> str:
    quote = connection.ops.quote_name
    of, subject = quote(table.table), quote(_TABLE)
    newest = f"(SELECT max(recorded_at) FROM {subject} WHERE subject_kind = %s AND subject_id = %s)"  # noqa: S608 - names of tables
    # The lock keeps what was read true until the entry that carries it is committed.
    lock = " FOR NO KEY UPDATE SKIP LOCKED" if vendor == "postgresql" else ""
    return f"SELECT {', '.join(columns(table))}, {newest} FROM {of} WHERE {of}.{quote(table.key)} = %s{lock}"  # noqa: S608 - names of tables


def _json(kind: str, raw: Any) -> Json:
    """What the database holds, as an entry carries it. What the program never writes there comes out as such."""
    if raw is None:
        return None
    match kind:
        case "integer" if type(raw) is int:
            return raw if abs(raw) <= LARGEST_EXACT else str(raw)
        case "boolean" if raw in (0, 1):
            return bool(raw)
        case "moment":
            return _moment(raw)
        case "json":
            return _parsed(raw)
        case "text" if isinstance(raw, str):
            return raw
    return f"{type(raw).__name__} {raw!r}"


def _moment(raw: Any) -> str:
    if isinstance(raw, str):  # SQLite: UTC, as text, whose order is right only in this one form
        try:
            moment = datetime.fromisoformat(raw)
        except ValueError:
            return f"no moment: {raw}"
        return clock.instant(moment.replace(tzinfo=UTC)) if str(moment) == raw else f"no moment: {raw}"
    return clock.instant(raw) if isinstance(raw, datetime) else f"no moment: {raw!r}"


def _parsed(raw: Any) -> Json:
    if not isinstance(raw, str):
        return f"no JSON: {raw!r}"
    try:
        parsed: Json = json.loads(raw)
    except (ValueError, RecursionError):
        return f"no JSON: {raw}"
    return parsed


def _aware(raw: Any) -> datetime:
    moment = datetime.fromisoformat(raw) if isinstance(raw, str) else raw
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
