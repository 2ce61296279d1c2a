"""Altering the ledger as someone with the database's password could, with its triggers lifted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from ledger import chain
from ledger.checkpoints import tree
from ledger.models import Link
from ledger.triggers import remove_triggers


def execute(sql: str, parameters: tuple[Any, ...] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def tamper(sql: str, *parameters: Any) -> None:
    """Run a statement with the triggers lifted. They stay away: verification says so, too."""
    remove_triggers(connection)
    execute(sql, parameters)


@dataclass(frozen=True)
class Row:
    """A condition that picks one row."""

    condition: str
    values: tuple[Any, ...] = ()


def nth_row(table: str, number: int) -> Row:
    row = "ctid" if connection.vendor == "postgresql" else "rowid"
    return Row(f"{row} = (SELECT {row} FROM {table} ORDER BY 1 LIMIT 1 OFFSET {number})")


def change_one_byte(table: str, column: str, row: Row, position: int, flip: int) -> None:
    """Change one byte of a stored text: to any other on SQLite, to another letter on PostgreSQL, which checks them."""
    with connection.cursor() as cursor:
        cast = f"CAST({column} AS BLOB)" if connection.vendor == "sqlite" else f"convert_to({column}, 'UTF8')"
        cursor.execute(f"SELECT {cast} FROM {table} WHERE {row.condition}", row.values)
        stored = bytearray(cursor.fetchone()[0])
    position %= len(stored)
    if connection.vendor == "sqlite":
        stored[position] ^= flip
        tamper(f"UPDATE {table} SET {column} = CAST(%s AS TEXT) WHERE {row.condition}", bytes(stored), *row.values)
    else:
        text = bytes(stored).decode()
        position %= len(text)
        other = "x" if text[position] != "x" else "y"
        changed = text[:position] + other + text[position + 1 :]
        tamper(f"UPDATE {table} SET {column} = %s WHERE {row.condition}", changed, *row.values)


def rewrite_chain(index: int, change: Callable[[str], str]) -> None:
    """Change the body at `index` and compute anew whatever follows from it: digest, links, kept hashes."""
    entry = Link.objects.get(index=index).entry
    body = change(entry.body)
    assert body != entry.body
    tamper("UPDATE ledger_entry SET body = %s, digest = %s WHERE id = %s", body, chain.body_digest(body), entry.pk)
    recompute(index)


def recompute(index: int) -> None:
    """The chain from this link on, and all kept hashes, as they follow from the entries."""
    previous = Link.objects.filter(index=index - 1).values_list("hash", flat=True).first() or chain.NO_LINK
    links = Link.objects.filter(index__gte=index).order_by("index").values_list("index", "entry__digest")
    for place, digest in list(links):
        previous = chain.link_hash(place, previous, digest)
        execute('UPDATE ledger_link SET hash = %s WHERE "index" = %s', (previous, place))
    execute("DELETE FROM ledger_tile")
    tree.extend(Link.objects.count())
