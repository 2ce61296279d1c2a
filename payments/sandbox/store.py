"""The provider's data: one SQLite file, one connection, one thread.

Everything between two awaits is atomic towards other requests, because the process serves all of them on one event
loop; `transaction()` makes it atomic towards the disk as well. Never await inside one.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SCHEMA = """
create table if not exists settings (name text primary key, value text not null);
create table if not exists wallets (
    name text primary key, public_name text, asset_code text not null, asset_scale integer not null,
    balance integer not null, fee_fixed integer not null, fee_bps integer not null,
    key_id text not null, private_key text not null, disabled integer not null default 0, created_at real not null);
create table if not exists former_names (name text primary key, now text not null);
create table if not exists keys (
    wallet text not null references wallets(name) on update cascade on delete cascade,
    kid text not null, jwk text not null, primary key (wallet, kid));
create table if not exists grants (
    id text primary key, client text not null, client_name text, state text not null,
    access text not null, subject text, interaction text unique, interaction_key text, finish_uri text,
    client_nonce text, interact_ref text, key text,
    continue_token text not null, may_continue_at real not null, expires_at real, created_at real not null);
create table if not exists tokens (
    value text primary key, manage text not null unique, grant_id text not null references grants(id) on delete cascade,
    expires_at real not null, created_at real not null);
create table if not exists incoming (
    seq integer primary key autoincrement, id text not null unique, wallet text not null, client text not null,
    amount integer, received integer not null default 0, completed integer not null default 0, expires_at real not null,
    metadata text, secret text not null, created_at real not null);
create table if not exists quotes (
    seq integer primary key autoincrement, id text not null unique, wallet text not null, client text not null,
    receiver text not null, debit integer not null, fee integer not null, receive integer not null,
    receive_code text not null, receive_scale integer not null, used integer not null default 0,
    expires_at real not null, created_at real not null);
create table if not exists outgoing (
    seq integer primary key autoincrement, id text not null unique, wallet text not null, client text not null,
    grant_id text not null, receiver text not null, debit integer not null, fee integer not null,
    receive integer not null, receive_code text not null, receive_scale integer not null,
    sent integer not null default 0, delivered integer not null default 0, state text not null, metadata text,
    due_at real not null, quote_expires_at real not null, delivery text, created_at real not null);
create index if not exists outgoing_by_grant on outgoing (grant_id);
create index if not exists outgoing_by_state on outgoing (state);
create table if not exists deliveries (
    packet text primary key, incoming text not null, amount integer not null, at real not null);
create index if not exists deliveries_by_incoming on deliveries (incoming);
"""

TABLES = tuple(re.findall(r"create table if not exists (\w+)", SCHEMA))


class Store:
    def __init__(self, path: str = ":memory:") -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode=wal")
        self._connection.execute("pragma synchronous=normal")
        self._connection.execute("pragma foreign_keys=on")
        self._connection.executescript(SCHEMA)

    def one(self, sql: str, *parameters: Any) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def all(self, sql: str, *parameters: Any) -> list[sqlite3.Row]:
        return self._connection.execute(sql, parameters).fetchall()

    def run(self, sql: str, *parameters: Any) -> int:
        """Run one statement; how many rows it changed."""
        return self._connection.execute(sql, parameters).rowcount

    def insert(self, table: str, **columns: Any) -> None:
        names = ", ".join(columns)
        marks = ", ".join("?" for _ in columns)
        self.run(f"insert into {table} ({names}) values ({marks})", *columns.values())  # noqa: S608 - names are ours

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in TABLES:
                self.run(f"delete from {table}")  # noqa: S608 - names are ours

    def close(self) -> None:
        self._connection.close()
