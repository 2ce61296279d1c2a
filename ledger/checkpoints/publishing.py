"""Signing checkpoints, writing them outside the database, and comparing the database with what was written there.

A database that was restored from a backup has fewer links than the folder's `latest` checkpoint was signed for; in one
that was rewritten, as many links have another root. Nothing is signed over either: what is there stays as evidence.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from django.db import IntegrityError, transaction

from ledger import clock
from ledger.checkpoints import directory, keys
from ledger.checkpoints.notes import BadNote, NoteSigner, TreeHead, VerifierKey, signed_head
from ledger.checkpoints.tree import StoredTree, TreeDamaged
from ledger.models import Checkpoint, Entry, Link
from ledger.signals import checkpoint_kept

logger = logging.getLogger(__name__)

#: While entries are recorded, a checkpoint is kept this often: as a file, in the database, and by mail.
KEEP_EVERY = timedelta(hours=1)


class Comparison(StrEnum):
    SAME = "same"  # both at the same head; also when the chain has not begun and there is no checkpoint
    AHEAD = "ahead"  # the database has gone on since; normal for a moment after sealing
    BEHIND = "behind"  # the database ends before the checkpoint: it was restored from an older copy
    DIVERGED = "diverged"  # the database has another history than the one that was signed
    MISSING = "missing"  # a folder is set and the chain has begun, but there is no checkpoint that verifies
    OFF = "off"  # no folder or no key is set


#: Of these nothing may be signed, and no money may move before a person has looked.
OLDER_OR_OTHER = frozenset({Comparison.BEHIND, Comparison.DIVERGED})


@dataclass(frozen=True)
class _Compared:
    """That this checkpoint fits was computed once; while the link at its end is the same, it still does."""

    head: TreeHead
    link: str


_fits: dict[Path, _Compared] = {}


def compare() -> Comparison:
    """How the chain in the database stands to the checkpoint outside; a key that can't be used is logged."""
    try:
        here, known = directory.folder(), keys.known()
    except keys.UnusableKey:
        logger.exception("The ledger's checkpoints cannot be read.")
        return Comparison.OFF
    if here is None or not known:
        return Comparison.OFF
    return _compare(here, _latest(here, known))


def _compare(here: Path, seen: TreeHead | None) -> Comparison:
    last = _last_index()
    if seen is None:
        return Comparison.MISSING if last else Comparison.SAME
    if last < seen.size:
        return Comparison.BEHIND
    if not _continues(here, seen):
        return Comparison.DIVERGED
    return Comparison.SAME if last == seen.size else Comparison.AHEAD


def _continues(here: Path, seen: TreeHead) -> bool:
    link = _hash_of(seen.size)
    if _fits.get(here) != _Compared(seen, link):
        if not _fitting(seen):
            return False
        _fits[here] = _Compared(seen, link)
    return True


def _fitting(seen: TreeHead) -> bool:
    try:
        return StoredTree().root(seen.size) == seen.root
    except TreeDamaged:
        return False


def _latest(here: Path, known: Sequence[VerifierKey]) -> TreeHead | None:
    try:
        note = directory.read(here / directory.LATEST)
        return signed_head(note, known) if note else None
    except (BadNote, OSError):
        logger.warning("The ledger's latest checkpoint cannot be read.", exc_info=True)
        return None


def advance() -> None:
    """Sign the present head of the chain and write it outside, if it continues what was signed before.

    What goes wrong is logged, not raised: the sealing before it is committed.
    """
    try:
        signer, here = keys.signer(), directory.folder()
        if signer and here:
            with directory.locked(here):
                _advance(signer, here)
    except (OSError, keys.UnusableKey, TreeDamaged):
        logger.exception("The ledger's checkpoint could not be written.")


def _advance(signer: NoteSigner, here: Path) -> None:
    comparison = _compare(here, _latest(here, keys.known()))
    if comparison in (Comparison.AHEAD, Comparison.MISSING):
        head = _head(signer)
        directory.write(here, directory.LATEST, signer.sign(str(head)))
        _fits[here] = _Compared(head, _hash_of(head.size))
    elif comparison in OLDER_OR_OTHER:
        logger.warning("The ledger does not continue its latest checkpoint (%s).", comparison)


def keep_if_due() -> None:
    """Sign and keep a checkpoint when the last one that was kept is old and entries came since; the auditor is told.

    What goes wrong is logged, not raised: it is tried again at the next look.
    """
    _keep_if(_is_due)


def keep_now() -> None:
    """As `keep_if_due`, however young the last one is: what was just recorded is not to wait for the hour."""
    _keep_if(lambda: _last_kept() != _last_index())


def _keep_if(is_wanted: Callable[[], bool]) -> None:
    try:
        signer = keys.signer()
        if signer and is_wanted() and compare() not in OLDER_OR_OTHER:
            _keep(signer)
    except (OSError, keys.UnusableKey, TreeDamaged, IntegrityError):
        logger.exception("The ledger's checkpoint could not be kept.")


def _is_due() -> bool:
    kept = _last_kept()
    if kept == _last_index():
        return False
    since = Entry.objects.filter(link__index=kept).values_list("recorded_at", flat=True).first()
    return since is None or clock.now() >= since + KEEP_EVERY


def _last_kept() -> int:
    """Up to which link the newest checkpoint covers."""
    kept = Checkpoint.objects.filter(size__lte=_last_index()).order_by("-size")
    return kept.values_list("size", flat=True).first() or 0


def _keep(signer: NoteSigner) -> None:
    head = _head(signer)
    note = signer.sign(str(head))
    with transaction.atomic():
        Checkpoint(size=head.size, note=note).save(force_insert=True)
        checkpoint_kept.send(Checkpoint, size=head.size, note=note)
    if here := directory.folder():
        with directory.locked(here):
            directory.write(here, directory.dated(head.size), note)


def _head(signer: NoteSigner) -> TreeHead:
    size = _last_index()
    return TreeHead(signer.name, size, StoredTree().root(size))


def _last_index() -> int:
    return Link.objects.order_by("-index").values_list("index", flat=True).first() or 0


def _hash_of(index: int) -> str:
    return Link.objects.filter(index=index).values_list("hash", flat=True).first() or ""


def set_aside_what_does_not_fit() -> TreeHead | None:
    """Move checkpoints of another history out of the way; returns the latest that was given up.

    For an operator who decided that the history in the database counts. Raises OSError and `keys.UnusableKey`.
    """
    here, known = directory.folder(), keys.known()
    if here is None:
        return None
    with directory.locked(here):
        given_up = _latest(here, known)
        if given_up and _is_ours(given_up):
            given_up = None
        directory.set_aside(here, [file for file in directory.files(here) if not _belongs(file, known)])
    return given_up


def _belongs(file: Path, known: Sequence[VerifierKey]) -> bool:
    """Whether a checkpoint is one of this history; then it is listed, also when the backup is older than it."""
    note = directory.read(file)
    try:
        head = signed_head(note, known)
    except BadNote:
        return False
    if not _is_ours(head):
        return False
    if file.name != directory.LATEST:
        Checkpoint.objects.get_or_create(size=head.size, defaults={"note": note})
    return True


def _is_ours(head: TreeHead) -> bool:
    return head.size <= _last_index() and _fitting(head)
