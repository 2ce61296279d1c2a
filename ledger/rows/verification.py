"""The rooms' tables held against what the ledger carries of their rows: changed, inserted and deleted rows are found.

The program goes on working meanwhile. A row and its newest entry are read in one statement, so they belong together;
what is older than that entry never changes. So whatever differs is a fault, and there is nothing to look at twice.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Q

from ledger.any_text import any_text
from ledger.content import Json
from ledger.damage import going_on
from ledger.faults import Fault, FaultCode
from ledger.models import Entry, EntrySubject
from ledger.rows.snapshots import as_told, columns, has_numbers
from ledger.rows.vouching import CARRIED_OVER, EVERY, Vouched, vouched

_BATCH = 200
_LARGEST_NUMBER = 2**63 - 1  # of a column; a subject may be called by a larger one
_EMPTY: tuple[Json, ...] = (None, "", {})
_Item = TypeVar("_Item")


@dataclass
class RowCounts:
    """Filled while the faults are read."""

    rows: int = 0
    unknowable: int = (
        0  # what names a person in these was erased from the ledger, so nobody can tell whether it changed
    )


def verify_rows(counts: RowCounts | None = None) -> Iterator[Fault]:
    """Every fault of every row that the ledger vouches for. Bounded memory, a handful of queries for 200 rows."""
    counts = counts if counts is not None else RowCounts()
    with any_text():
        for table in vouched():
            yield from _whole(table, counts)


def verify_rows_since(since: datetime, counts: RowCounts | None = None) -> Iterator[Fault]:
    """As `verify_rows`, for rows by which money may still move, and those that entries were recorded about `since`."""
    counts = counts if counts is not None else RowCounts()
    touched: dict[str, set[str]] = defaultdict(set)
    with any_text():
        yield from going_on(Entry._meta.db_table, _touch(touched, since))  # noqa: SLF001 - Django's public name
        for table in vouched():
            if table.live == EVERY:
                yield from _whole(table, counts)
                continue
            if table.live:
                yield from going_on(table.table, _faults(table, table.live, [], counts))
            for keys in _batches(sorted(touched[table.name])):
                yield from going_on(table.table, _of_keys(table, keys, counts))


def untold(table: Vouched) -> Iterator[str]:
    """The keys of rows that no entry carries."""
    for batch in _read(table, "", []):
        histories = _histories(table, {row.key: row.newest for row in batch})
        yield from (row.key for row in batch if histories[row.key].told is None)


def _whole(table: Vouched, counts: RowCounts) -> Iterator[Fault]:
    """What can't be read to its end is a fault, and keeps nobody from looking at the other tables."""
    yield from going_on(table.table, _faults(table, "", [], counts))
    yield from going_on(table.table, _all_gone(table))


def _of_keys(table: Vouched, keys: list[str], counts: RowCounts) -> Iterator[Fault]:
    where, params = _among(table, keys)
    others = f" AND NOT ({table.live})" if table.live else ""
    yield from _faults(table, where + others, params, counts)
    yield from _gone(table, keys)


# What is there


@dataclass(frozen=True)
class _Row:
    pk: Any
    key: str
    newest: str | None  # its newest entry
    reckoned: Mapping[str, bool]  # column: whether it is what it must be
    told: Mapping[str, Json]
    private: Mapping[str, Json]


def _faults(table: Vouched, where: str, params: Sequence[Any], counts: RowCounts) -> Iterator[Fault]:
    for batch in _read(table, where, params):
        counts.rows += len(batch)
        histories = _histories(table, {row.key: row.newest for row in batch})
        for row in batch:
            yield from _row_faults(table, row, histories[row.key], counts)


def _row_faults(table: Vouched, row: _Row, history: "_History", counts: RowCounts) -> Iterator[Fault]:
    if history.told is None:
        yield Fault.of(FaultCode.ROW_UNTOLD, table=table.table, row=row.key)
        return
    wrong = [name for name, value in row.told.items() if name in history.told and history.told[name] != value]
    if history.private is None:
        counts.unknowable += 1
    else:
        wrong += [name for name, value in row.private.items() if history.private.get(name, value) != value]
    wrong += [name for name, right in row.reckoned.items() if not right]
    for name, entry in {**history.rewritten, **dict.fromkeys(wrong, history.entry)}.items():
        yield Fault.of(FaultCode.ROW_CHANGED, table=table.table, row=row.key, column=name, entry=entry)


def _read(table: Vouched, where: str, params: Sequence[Any]) -> Iterator[list[_Row]]:
    """The rows as they are, each with its newest entry as of the same moment, in batches in the order of their keys."""
    quote = connection.ops.quote_name
    of, pk = quote(table.table), f"{quote(table.table)}.{quote(table.model._meta.pk.column)}"  # noqa: SLF001 - Django's public name
    key = f"CAST({of}.{quote(table.key)} AS varchar)"
    newest, about = _newest(table, key)
    right = [f"{of}.{quote(name)} = ({sql})" for name, sql in table.reckoned.items()]
    sql = f"SELECT {', '.join([pk, key, newest, *right, *columns(table)])} FROM {of} WHERE ({where or EVERY})"  # noqa: S608 - names of tables
    last: list[Any] = []
    place = ""
    while True:
        after = f" AND {pk} > {place}" if last else ""
        with connection.cursor() as cursor:
            cursor.execute(f"{sql}{after} ORDER BY {pk} LIMIT {_BATCH}", [*about, *params, *last])
            batch = [_row(table, values) for values in cursor.fetchall()]
        if batch:
            yield batch
        if len(batch) < _BATCH:
            return
        place, *last = _bound(batch[-1].pk)


def _bound(pk: Any) -> tuple[str, Any]:
    """SQL and a parameter for a key: a text that is no UTF-8, which only SQLite keeps, goes as the bytes that it is."""
    if isinstance(pk, str) and not _is_text(pk):
        return "CAST(%s AS text)", pk.encode(errors="surrogateescape")
    return "%s", pk


def _row(table: Vouched, values: Sequence[Any]) -> _Row:
    pk, key, newest, *rest = values
    count = len(table.reckoned)
    told, private = as_told(table, rest[count:])
    right = {name: bool(value) for name, value in zip(table.reckoned, rest[:count], strict=True)}
    return _Row(pk, key, newest, right, told, private)


def _newest(table: Vouched, key: str) -> tuple[str, list[str]]:
    quote = connection.ops.quote_name
    subject, entry = quote(EntrySubject._meta.db_table), quote(Entry._meta.db_table)  # noqa: SLF001 - Django's public name
    own, params = "", [table.name]
    if not table.rides:
        own, params = " AND (e.kind LIKE %s OR e.kind = %s)", [table.name, f"{table.name}.%", CARRIED_OVER]
    entries = f"SELECT s.entry_id FROM {subject} s JOIN {entry} e ON e.id = s.entry_id"  # noqa: S608 - names of tables
    return (
        f"({entries} WHERE s.subject_kind = %s AND s.subject_id = {key}{own} ORDER BY s.recorded_at DESC LIMIT 1)",
        params,
    )


def _among(table: Vouched, keys: Iterable[str]) -> tuple[str, list[Any]]:
    """The condition for the rows of these keys, which may be none that the column can have."""
    texts = [key for key in keys if _is_text(key)]
    wanted: list[Any] = texts
    if has_numbers(table):
        numbers = (int(key) for key in texts if key.isdecimal() and len(key) <= len(str(_LARGEST_NUMBER)))
        wanted = [number for number in numbers if number <= _LARGEST_NUMBER]
    if not wanted:
        return "1 = 0", []
    column = f"{connection.ops.quote_name(table.table)}.{connection.ops.quote_name(table.key)}"
    return f"{column} IN ({', '.join(['%s'] * len(wanted))})", wanted


def _is_text(key: object) -> bool:
    """Whether a query takes it: SQLite may hold bytes in a column of texts, and texts that are no UTF-8."""
    if not isinstance(key, str):
        return False
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


# What is told


@dataclass
class _History:
    """What the entries carry of one row, up to its newest one."""

    newest: str | None
    entry: str = ""  # the last that carries it
    told: Mapping[str, Json] | None = None
    private: Mapping[str, Json] | None = field(default_factory=dict)  # None: it was erased
    rewritten: dict[str, str] = field(default_factory=dict)  # column that was to stay: the entry that has another
    is_over: bool = False

    def add(
        self, table: Vouched, entry: str, told: Mapping[str, Json] | None, private: Mapping[str, Json] | None
    ) -> None:
        before = {**(self.told or {}), **(self.private or {})}
        now = {**(told or {}), **(private or {})}
        for name in table.once:
            if name in now and before.get(name) not in _EMPTY and before[name] != now[name]:
                self.rewritten[name] = entry
        self.entry, self.told, self.private = entry, told, private


def _histories(table: Vouched, newest: Mapping[str, str | None], *, all_of_it: bool = False) -> dict[str, _History]:
    """Of the rows with these keys, what was recorded up to the newest entry of each; or, with `all_of_it`, ever."""
    found = {key: _History(entry) for key, entry in newest.items()}
    about = EntrySubject.objects.filter(subject_kind=table.name, subject_id__in=list(filter(_is_text, newest)))
    if not table.rides:
        about = about.filter(Q(entry__kind__startswith=f"{table.name}.") | Q(entry__kind=CARRIED_OVER))
    in_order = about.order_by("subject_id", "recorded_at", "entry_id")
    told = in_order.values_list("subject_id", "entry_id", "entry__body", "entry__private_part__text")
    for key, entry, body, text in told.iterator(chunk_size=_BATCH):
        history = found[key]
        if history.is_over:
            continue
        history.is_over = entry == history.newest and not all_of_it
        carried, private = _carried(table, key, body, text)
        if carried is not _NOTHING:
            history.add(table, entry, carried, private)
    return found


_NOTHING: dict[str, Json] = {}


def _carried(
    table: Vouched, key: str, body: str, text: str | None
) -> tuple[Mapping[str, Json] | None, Mapping[str, Json] | None]:
    """What an entry carries of the row; `_NOTHING` for one that carries nothing of it, None for one that is gone."""
    try:
        rows = json.loads(body).get("rows", {}).get(table.name, {})
        if key not in rows:
            return _NOTHING, None
        told = _columns_of(rows[key])
        private = _columns_of(json.loads(text)["rows"][table.name][key]) if text and table.private else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        # The ledger's own verification says what is wrong with it.
        return _NOTHING, None
    return told, private if table.private else {}


def _columns_of(carried: Any) -> Mapping[str, Json] | None:
    """Columns by their names, or None for a row that is gone. Raises TypeError for what no entry carries."""
    if carried is not None and not isinstance(carried, dict):
        raise TypeError(carried)
    return carried


# What is gone


def _subjects(table: Vouched) -> Iterator[list[str]]:
    """Every id that entries name as one of the table's rows, in batches."""
    of = connection.ops.quote_name(EntrySubject._meta.db_table)  # noqa: SLF001 - Django's public name
    further = f"FROM {of} WHERE subject_kind = %s AND subject_id > %s ORDER BY subject_id LIMIT {_BATCH}"
    last, is_last = "", False
    while not is_last:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT DISTINCT subject_id {further}", [table.name, last])
            ids = [row[0] for row in cursor.fetchall()]
        is_last = len(ids) < _BATCH
        if ids:
            yield ids
            last = ids[-1]


def _all_gone(table: Vouched) -> Iterator[Fault]:
    for keys in _subjects(table):
        yield from _gone(table, keys)


def _touch(found: dict[str, set[str]], since: datetime) -> Iterator[Fault]:
    """Add to `found` what entries that were recorded since then are about: the ids, by the names of tables."""
    yield from ()
    entries = Entry.objects.filter(recorded_at__gte=since).order_by("recorded_at").values_list("id", flat=True)
    for batch in _batches(filter(_is_text, entries.iterator(chunk_size=_BATCH))):
        for name, key in EntrySubject.objects.filter(entry_id__in=batch).values_list("subject_kind", "subject_id"):
            found[name].add(key)


def _gone(table: Vouched, keys: list[str]) -> Iterator[Fault]:
    """Rows that entries carry and that are not there. The entries are read last: whoever deletes a row says so."""
    where, params = _among(table, keys)
    of, key = connection.ops.quote_name(table.table), connection.ops.quote_name(table.key)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT CAST({key} AS varchar) FROM {of} WHERE {where}", params)  # noqa: S608 - names of tables
        present = {row[0] for row in cursor.fetchall()}
    missing = [key for key in keys if key not in present]
    if not missing:
        return
    for lost, history in _histories(table, dict.fromkeys(missing), all_of_it=True).items():
        if history.told is not None:
            yield Fault.of(FaultCode.ROW_GONE, table=table.table, row=lost, entry=history.entry)


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
