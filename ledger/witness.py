"""A witness outside the database: the last head of the chain, in a file.

A database that was restored from a backup is older than its witness; one that was rewritten has another hash at the
witness's index. The file's path is the setting LEDGER_WITNESS_FILE; without it there is no witness.
"""

import fcntl
import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from django.conf import settings

from ledger import clock
from ledger.models import Link

logger = logging.getLogger(__name__)


class Comparison(StrEnum):
    SAME = "same"  # both at the same head; also when the chain has not begun and there is no file
    AHEAD = "ahead"  # the database has gone on since; normal for a moment after sealing
    BEHIND = "behind"  # the database ends before the witness's head: it was restored from an older copy
    DIVERGED = "diverged"  # the database has another history at the witness's index
    MISSING = "missing"  # a path is set and the chain has begun, but there is no readable file
    OFF = "off"  # no path is set


@dataclass(frozen=True)
class _Head:
    installation: str  # the hash of link 1, which no other installation has
    index: int
    hash: str


def compare() -> Comparison:
    """How the chain in the database stands to the witness."""
    path = _path()
    if path is None:
        return Comparison.OFF
    return _compare(_read(path), _current())


def advance() -> None:
    """Bring the witness to the present head, if the chain continues what it saw. Otherwise leave the evidence alone.

    A file that cannot be written is logged, not raised: the sealing before it is committed.
    """
    path = _path()
    if path is None:
        return
    try:
        with _locked(path):
            current = _current()
            comparison = _compare(_read(path), current)
            if comparison in (Comparison.AHEAD, Comparison.MISSING) and current:
                _write(path, current)
            elif comparison in (Comparison.BEHIND, Comparison.DIVERGED):
                logger.warning("The ledger does not continue what its witness saw (%s).", comparison)
    except OSError:
        logger.exception("The ledger's witness could not be written.")


def accept() -> None:
    """Make the present head the witness's, whatever it saw before: an operator has decided that this history counts.

    Raises OSError when the file cannot be written.
    """
    path = _path()
    current = _current()
    if path is not None and current:
        with _locked(path):
            _write(path, current)


def _path() -> Path | None:
    configured = getattr(settings, "LEDGER_WITNESS_FILE", "")
    return Path(configured) if configured else None


def _compare(seen: _Head | None, current: _Head | None) -> Comparison:
    if seen is None:
        return Comparison.MISSING if current else Comparison.SAME
    if current is None or current.index < seen.index:
        return Comparison.BEHIND
    there = Link.objects.filter(index=seen.index).values_list("hash", flat=True).first()
    if there != seen.hash or current.installation != seen.installation:
        return Comparison.DIVERGED
    return Comparison.SAME if current.index == seen.index else Comparison.AHEAD


def _current() -> _Head | None:
    ends = dict(Link.objects.filter(index=1).values_list("index", "hash"))
    last = Link.objects.order_by("-index").values_list("index", "hash").first()
    if last is None:
        return None
    return _Head(installation=ends.get(1, ""), index=last[0], hash=last[1])


def _read(path: Path) -> _Head | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return _Head(str(content["installation"]), int(content["index"]), str(content["hash"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        logger.warning("The ledger's witness cannot be read.", exc_info=True)
        return None


def _write(path: Path, head: _Head) -> None:
    content = json.dumps(asdict(head) | {"at": clock.now().isoformat()}) + "\n"
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """The rename itself survives a power cut only once the folder is on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time, so that a slow sealer cannot put an older head over a newer one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
