"""Databases of their own for whoever needs one: files, or databases on the PostgreSQL server of DATABASE_URL.

Migrating one from nothing takes longer than most tests. So it is done once in a run of the suite, by one process for
all of them, and every other database is a copy of that one.
"""

import atexit
import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

PROJECT: Final = Path(__file__).resolve().parents[1]
MIGRATE_SECONDS: Final = 600
#: Where this run keeps what all its processes share. Whoever sets it removes the folder, and what the folder names.
RUN_FOLDER: Final = "TEQUIO_TEST_RUN"
POSTGRESQL: Final = ("postgres", "postgresql")


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
    return Server(url, prefix) if is_postgresql(url) else Files(folder)


def new_prefix() -> str:
    return f"tequio_{secrets.token_hex(4)}"


def is_postgresql(url: str) -> bool:
    return urlsplit(url).scheme in POSTGRESQL


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The URL of a new one, migrated. A database on a server is dropped at the end; a file stays in `folder`."""
    server = os.environ.get("DATABASE_URL", "")
    databases = at(server, folder, new_prefix())
    name = databases.copy(template(server), "tequio")
    yield databases.url(name)
    if is_postgresql(server):
        databases.drop_all()


def template(url: str) -> str:
    """The full name of a database with all its tables and nothing in them: on the server of `url`, or as a file."""
    folder = run_folder()
    made = folder / ("on-server" if is_postgresql(url) else "as-file")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            made.write_text(_migrated(at(url, folder, new_prefix())), encoding="utf-8")
    return made.read_text(encoding="utf-8")


def like_the_template(connection: BaseDatabaseWrapper, folder: Path, name: str = "") -> None:
    """Let Django's test database begin as a copy of the template: a file in `folder`, or one on the server."""
    told = connection.settings_dict["TEST"]
    if connection.vendor == "sqlite":
        told["NAME"] = Files(folder).copy(template(""), name or "test")
        return
    told["TEMPLATE"] = template(os.environ["DATABASE_URL"])
    if name:
        told["NAME"] = name


def run_folder() -> Path:
    """The folder of this run. The first process that asks makes it, and removes it at its end with all it names."""
    if RUN_FOLDER not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="tequio-run-"))
        os.environ[RUN_FOLDER] = str(folder)
        atexit.register(_remove, folder, os.getpid(), os.environ.get("DATABASE_URL", ""))
    return Path(os.environ[RUN_FOLDER])


def _remove(folder: Path, made_by: int, url: str) -> None:
    if os.getpid() != made_by:
        # A process that was forked off it.
        return
    named = folder / "on-server"
    if named.exists():
        Server(url, "").drop(named.read_text(encoding="utf-8"))
    shutil.rmtree(folder, ignore_errors=True)


def _migrated(databases: Databases) -> str:
    full = databases.copy("", "template")
    for command in (["migrate", "--verbosity", "0"], ["createcachetable"]):
        subprocess.run(
            [sys.executable, "-m", "tests.manage", *command],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": databases.url(full)},
            check=True,
            timeout=MIGRATE_SECONDS,
        )
    return full
