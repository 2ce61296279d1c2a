"""A database for each life story, copied from a template: a file, or a database on a PostgreSQL server."""

import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.sandbox.process import PROJECT

MIGRATE_SECONDS = 120


class Databases(Protocol):
    """A name is what Django's settings call NAME."""

    def url(self, name: str) -> str: ...

    def copy(self, template: str, name: str) -> str:
        """A new database, equal to `template`, to which nobody may be connected. Returns its full name."""

    def drop(self, name: str) -> None: ...

    def drop_all(self) -> None:
        """Whatever a process that ended early has left."""


class Files:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, name: str) -> str:
        return f"sqlite:///{name}"

    def copy(self, template: str, name: str) -> str:
        path = self._folder / f"{name}.sqlite3"
        if template:
            shutil.copyfile(template, path)
        return str(path)

    def drop(self, name: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(name + suffix).unlink(missing_ok=True)

    def drop_all(self) -> None:
        """The folder goes as a whole."""


class Server:
    def __init__(self, url: str, prefix: str) -> None:
        self._url = url
        self._prefix = prefix

    def url(self, name: str) -> str:
        return urlsplit(self._url)._replace(path=f"/{name}").geturl()

    def copy(self, template: str, name: str) -> str:
        full = f"{self._prefix}_{name}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(statement.format(sql.Identifier(full), sql.Identifier(template or "template1")))
        return full

    def drop(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def drop_all(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            named = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self._prefix])
            for (name,) in named.fetchall():
                self.drop(name)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement)


def at(url: str, folder: Path, prefix: str) -> Databases:
    """On the server that `url` names, with names that begin with `prefix`; else as files in `folder`."""
    return Server(url, prefix) if is_server(url) else Files(folder)


def new_prefix() -> str:
    return f"tequio_faults_{secrets.token_hex(4)}"


def is_server(url: str) -> bool:
    return urlsplit(url).scheme in ("postgres", "postgresql")


def migrated(databases: Databases, name: str) -> str:
    """A database with all its tables and nothing in them; its full name."""
    full = databases.copy("", name)
    for command in (["migrate", "--verbosity", "0"], ["createcachetable"]):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": databases.url(full)},
            check=True,
            timeout=MIGRATE_SECONDS,
        )
    return full
