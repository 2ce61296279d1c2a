"""Files with what people earn and owe in them are for this program's user alone."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

OWNER_ONLY = 0o600
#: What SQLite keeps beside a database.
BESIDE = ("", "-wal", "-shm", "-journal")


def keep_new_files_private() -> None:
    """From now on whatever this process makes is readable for its user only. To be called where a process begins."""
    os.umask(0o077)


def make_database_private(path: Path) -> None:
    """An SQLite database that was made by an earlier version, or by hand, with what SQLite keeps beside it."""
    make_private(path.with_name(path.name + suffix) for suffix in BESIDE)


def make_private(paths: Iterable[Path]) -> None:
    """Those of `paths` that are files of ours. Somebody else's stay as they are: `check --deploy` tells of them."""
    for path in paths:
        with suppress(OSError):
            if path.is_file():
                path.chmod(OWNER_ONLY)
