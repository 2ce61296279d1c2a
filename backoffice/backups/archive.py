"""A backup is a tar file with two members: the manifest, then the database. Anybody can look into it with `tar`."""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from backoffice.backups.dumps import dump
from backoffice.backups.manifest import Manifest, UnusableBackup

MANIFEST: Final = "manifest.json"
DATABASE: Final = "database"
LARGEST_MANIFEST: Final = 1024 * 1024
PIECE: Final = 1024 * 1024


def write(file: Path) -> Manifest:
    """Back the database up into `file`, which is there whole or not at all. Raises UnusableBackup and OSError."""
    if file.exists():
        raise UnusableBackup(_("%(file)s is there already: nothing was written.") % {"file": file})
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        manifest, database, whole = Manifest.of_database(), Path(folder) / DATABASE, Path(folder) / "whole"
        dump(database)
        manifest = replace(manifest, sha256=_digest(database), bytes=database.stat().st_size)
        text = json.dumps(manifest.told(), indent=1).encode()
        with tarfile.open(whole, "w") as archive:
            head = tarfile.TarInfo(MANIFEST)
            head.size, head.mode = len(text), 0o600
            archive.addfile(head, io.BytesIO(text))
            archive.add(database, DATABASE)
        whole.chmod(0o600)
        with whole.open("rb") as written:
            os.fsync(written.fileno())
        whole.rename(file)
    return manifest


@contextmanager
def opened(file: Path, folder: Path) -> Iterator[tuple[Manifest, Path]]:
    """What the backup says of itself, and its database as a file in `folder`, checked to be whole.

    Raises UnusableBackup and OSError.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as inside:
        database = Path(inside) / DATABASE
        try:
            with tarfile.open(file, "r:") as archive:
                manifest = Manifest.read(json.loads(_member(archive, MANIFEST).read(LARGEST_MANIFEST)))
                with database.open("xb") as copy:
                    source = _member(archive, DATABASE)
                    while piece := source.read(PIECE):
                        copy.write(piece)
        except (tarfile.TarError, ValueError, EOFError) as error:
            raise UnusableBackup(_("%(file)s is no backup, or not whole.") % {"file": file}) from error
        if _digest(database) != manifest.sha256:
            raise UnusableBackup(_("%(file)s was changed since it was made, or is not whole.") % {"file": file})
        yield manifest, database


def _member(archive: tarfile.TarFile, name: str) -> io.BufferedReader:
    try:
        found = archive.extractfile(name)
    except KeyError as error:
        raise tarfile.ReadError(name) from error
    if found is None:
        raise tarfile.ReadError(name)
    return found  # type: ignore[return-value]  # a buffered reader by another name


def _digest(file: Path) -> str:
    with file.open("rb") as opened_file:
        return hashlib.file_digest(opened_file, "sha256").hexdigest()
