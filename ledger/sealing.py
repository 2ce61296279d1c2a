"""The sealer: it gives entries their place in the chain, and the tree over it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, Min, OuterRef

from ledger import chain, clock
from ledger.any_text import any_text
from ledger.checkpoints import publishing, tree
from ledger.models import Link, Unsealed

logger = logging.getLogger(__name__)

BATCH = 500
#: Rows that nothing can be made of, told in the log once by each process.
_told: set[str] = set()


@dataclass(frozen=True)
class Backlog:
    """What is recorded and has no link yet."""

    entries: int
    oldest: datetime | None

    @property
    def lag(self) -> timedelta:
        """How long the oldest of them has waited."""
        return max(clock.now() - self.oldest, timedelta(0)) if self.oldest else timedelta(0)


def backlog() -> Backlog:
    waiting = Unsealed.objects.aggregate(entries=Count("entry_id"), oldest=Min("recorded_at"))
    return Backlog(waiting["entries"], waiting["oldest"])


def seal(limit: int = BATCH) -> int:
    """Append links over up to `limit` entries that have none, oldest first, and sign the new head of the tree.

    Returns how many were sealed: 0 also when another sealer was faster, `limit` when there may be more. Any number of
    sealers may run: the chain's index is unique, so of two that extend the same head one commits and one gives way.
    What waits and can't be sealed (no entry, a link already, another digest than its body's) is passed over and logged;
    verification names it. Must not run inside a transaction, because only what is committed may be signed.
    """
    assert limit > 0
    if not Unsealed.objects.exists():
        return 0
    head = _head()
    try:
        with any_text(), transaction.atomic(durable=True):
            sealed = _append(limit)
    except IntegrityError:
        if _head() == head:
            raise
        return 0
    if sealed:
        publishing.advance()
    return sealed


def _append(limit: int) -> int:
    index, previous = _head()  # read before the entries: what another sealer took since then collides on the index
    waiting = list(islice(_sound(), limit))
    links = []
    for entry_id, digest in waiting:
        index += 1
        previous = chain.link_hash(index, previous, digest)
        links.append(Link(index=index, entry_id=entry_id, hash=previous))
    Link.objects.bulk_create(links)
    # With those that had a link already: a forged row, or one of a copy.
    Unsealed.objects.filter(Exists(Link.objects.filter(entry_id=OuterRef("entry_id")))).delete()
    try:
        tree.extend(index)
    except tree.TreeDamaged as damaged:
        logger.error("The tree over the ledger can't be extended: %s. Run verify_ledger.", damaged)  # noqa: TRY400 - no news in where
    return len(links)


def _sound() -> Iterator[tuple[str, str]]:
    """Entries that wait and are what they say they are, oldest first: id and digest."""
    unlinked = Unsealed.objects.exclude(Exists(Link.objects.filter(entry_id=OuterRef("entry_id"))))
    rows = unlinked.order_by("recorded_at", "entry_id").values_list("entry_id", "entry__digest", "entry__body")
    for entry_id, digest, body in rows.iterator(chunk_size=BATCH):
        if _is_sound(entry_id, body, digest):
            yield entry_id, digest
        elif entry_id not in _told:
            _told.add(entry_id)
            logger.error("Entry %s is not sealed: its body has another digest. Run verify_ledger.", entry_id)


def _is_sound(entry_id: object, body: object, digest: str) -> bool:
    """SQLite hands back whatever was put in: bytes, or text that is none."""
    if not isinstance(body, str) or not isinstance(entry_id, str) or not entry_id.isascii():
        return False
    try:
        return chain.body_digest(body) == digest
    except UnicodeEncodeError:
        return False


def _head() -> tuple[int, str]:
    return Link.objects.order_by("-index").values_list("index", "hash").first() or (0, chain.NO_LINK)
