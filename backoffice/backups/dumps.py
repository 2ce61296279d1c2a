"""The database's own way of writing itself out whole while others work on it, and of being put back."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _

from backoffice.backups.manifest import UnusableBackup
from backoffice.installation.private_files import make_database_private

#: What of DATABASE_URL the programs of PostgreSQL find in their environment: no list of processes shows a password.
FROM_SETTINGS: Final = {
    "HOST": "PGHOST",
    "PORT": "PGPORT",
    "USER": "PGUSER",
    "PASSWORD": "PGPASSWORD",
    "NAME": "PGDATABASE",
}
FROM_OPTIONS: Final = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
#: Of what a program says about its failure.
LONGEST: Final = 1000


def dump(file: Path) -> None:
    """Write the database into `file`: as it was at one moment, however long that takes. Raises UnusableBackup."""
    if connection.vendor == "sqlite":
        _copy(_sqlite_file(), file)
    else:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")


def load(file: Path) -> None:
    """Put what is in `file` in the place of all that is in the database, or change nothing. Raises UnusableBackup."""
    connection.close()
    if connection.vendor == "sqlite":
        _copy(file, _sqlite_file())
        make_database_private(_sqlite_file())
    else:
        told = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        _run("pg_restore", *told, f"--dbname={connection.settings_dict['NAME']}", str(file))


def is_empty() -> bool:
    return not connection.introspection.table_names()


def _sqlite_file() -> Path:
    return Path(connection.settings_dict["NAME"])


def _copy(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
            read.backup(written)
    except sqlite3.Error as error:
        raise UnusableBackup(_("The database could not be copied: %(why)s.") % {"why": error}) from error


def _run(program: str, *arguments: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are ours
            [program, "--no-password", *arguments], env=_environment(), capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        text = _("The program %(program)s was not found: install the client programs of PostgreSQL.")
        raise UnusableBackup(text % {"program": program}) from error
    if done.returncode:
        text = _("%(program)s failed: %(why)s")
        raise UnusableBackup(text % {"program": program, "why": done.stderr.strip()[-LONGEST:]})


def _environment() -> dict[str, str]:
    told: dict[str, Any] = connection.settings_dict
    found = {variable: told[name] for name, variable in FROM_SETTINGS.items() if told.get(name)}
    found |= {variable: told["OPTIONS"][name] for name, variable in FROM_OPTIONS.items() if told["OPTIONS"].get(name)}
    return {**os.environ, **{name: str(value) for name, value in found.items()}}
