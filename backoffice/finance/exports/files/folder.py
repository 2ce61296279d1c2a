"""Where the files of exports lie: outside everything that is served, readable for the program's user alone."""

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import BinaryIO, Final

from django.conf import settings

from backoffice.installation.private_files import OWNER_ONLY

OWNER_ONLY_FOLDER: Final = 0o700
#: What is not whole yet, or never became so.
PART: Final = ".part"
CHUNK: Final = 2**20


def folder() -> Path:
    place: Path = settings.VAR_DIR / "exports"
    place.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
    return place


@dataclass(frozen=True)
class KeptFile:
    name: str
    size: int  # bytes
    digest: str  # SHA-256 of them, in hexadecimal


class NewFile:
    """A file that has its name only once it is whole, and on the disk."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._part = folder() / f"{name}{PART}"
        self._part.unlink(missing_ok=True)
        self.file: BinaryIO = os.fdopen(os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w+b")

    def keep(self) -> KeptFile:
        """Raises OSError when there is no room for it."""
        self.file.flush()
        os.fsync(self.file.fileno())
        size = self.file.seek(0, os.SEEK_END)
        digest = hashlib.sha256()
        self.file.seek(0)
        while chunk := self.file.read(CHUNK):
            digest.update(chunk)
        self.file.close()
        self._part.rename(folder() / self.name)
        return KeptFile(self.name, size, digest.hexdigest())

    def drop(self) -> None:
        """Whatever became of it; a whole file stays."""
        with suppress(OSError):
            self.file.close()
        self._part.unlink(missing_ok=True)


@contextmanager
def new_file(name: str) -> Iterator[NewFile]:
    """Nothing is left of it unless it was kept."""
    made = NewFile(name)
    try:
        yield made
    finally:
        made.drop()


def opened(name: str, size: int) -> BinaryIO | None:
    """The whole file; None when it is not there, or is not as long as it was."""
    path = folder() / name
    if not name or not path.is_file() or path.stat().st_size != size:
        return None
    return path.open("rb")


def remove(name: str) -> None:
    if name:
        (folder() / name).unlink(missing_ok=True)


def remove_strays(kept: Collection[str], seconds: float) -> None:
    """What processes left that died: all but `kept` that nobody wrote to for so long, by the clock of the disk."""
    older_than = time() - seconds
    for path in folder().iterdir():
        with suppress(FileNotFoundError):
            if path.name not in kept and path.stat().st_mtime < older_than:
                path.unlink()
