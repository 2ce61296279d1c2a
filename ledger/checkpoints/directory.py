"""Checkpoints outside the database, in the folder LEDGER_CHECKPOINT_DIR: `latest`, and one for each hour that was busy.

Whoever restores an older database has to put this folder back, too, or is found out: keep it off its backups.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

from django.conf import settings

from ledger import clock

LATEST = "latest"
_LOCK = ".lock"
_SET_ASIDE = "set-aside"


def folder() -> Path | None:
    configured = settings.LEDGER_CHECKPOINT_DIR
    return Path(configured) if configured else None


def read(file: Path) -> str:
    """A file's text; nothing for one that is not there. Raises OSError."""
    try:
        return file.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return ""


def files(here: Path) -> list[Path]:
    """Every checkpoint in the folder, oldest first, `latest` last."""
    if not here.is_dir():
        return []
    found = [path for path in here.iterdir() if path.is_file() and not path.name.startswith(".")]
    return sorted(found, key=lambda path: (path.name == LATEST, path.name))


def dated(size: int) -> str:
    """The name for a checkpoint that is kept: names in order are checkpoints in order."""
    return f"{clock.now().astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}-{size}"


def write(here: Path, name: str, note: str) -> None:
    """Replace the file whole, so that it survives a power cut. Raises OSError."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=here, prefix=".new", delete=False) as file:
        try:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(here / name)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    _sync(here)


def set_aside(here: Path, away: list[Path]) -> None:
    """Move checkpoints of a history that was given up into a folder of their own: they stay as evidence."""
    if away:
        there = here / _SET_ASIDE / f"{clock.now().astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}"
        there.mkdir(parents=True, exist_ok=True)
        for path in away:
            path.rename(there / path.name)
        _sync(there)
        _sync(here)


def _sync(here: Path) -> None:
    """A rename itself survives a power cut only once the folder is on disk."""
    descriptor = os.open(here, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(here: Path) -> Iterator[None]:
    """One writer at a time, so that a slow sealer cannot put an older checkpoint over a newer one. Raises OSError."""
    here.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (here / _LOCK).open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
