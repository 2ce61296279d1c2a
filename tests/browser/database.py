"""A database of its own for one installation: an SQLite file, or a fresh database on the server of DATABASE_URL."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

POSTGRESQL = ("postgres", "postgresql")


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The new database's URL. A database on a server is dropped at the end; a file stays in `folder`."""
    server = os.environ.get("DATABASE_URL", "")
    if urlsplit(server).scheme not in POSTGRESQL:
        yield f"sqlite:///{folder / 'tequio.sqlite3'}"
        return
    name = f"tequio_installation_{secrets.token_hex(6)}"
    _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def is_postgresql(url: str) -> bool:
    return urlsplit(url).scheme in POSTGRESQL


def _execute(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
