"""The sealer: it gives entries their place in the chain."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Min

from ledger import chain, clock, witness
from ledger.models import Link, Unsealed

BATCH = 500


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
    """Append links over up to `limit` entries that have none, oldest first, and bring the witness up to date.

    Returns how many were sealed: 0 also when another sealer was faster, `limit` when there may be more. Any number of
    sealers may run: the chain's index is unique, so of two that extend the same head one commits and one gives way.
    Must not run inside a transaction, because the witness may only see what is committed.
    """
    assert limit > 0
    if not Unsealed.objects.exists():
        return 0
    head = _head()
    try:
        with transaction.atomic(durable=True):
            sealed = _append(limit)
    except IntegrityError:
        if _head() == head:
            raise
        return 0
    if sealed:
        witness.advance()
    return sealed


def _append(limit: int) -> int:
    index, previous = _head()  # read before the entries: what another sealer took since then collides on the index
    waiting = list(
        Unsealed.objects.order_by("recorded_at", "entry_id").values_list("entry_id", "entry__digest")[:limit]
    )
    links = []
    for entry_id, digest in waiting:
        index += 1
        previous = chain.link_hash(index, previous, digest)
        links.append(Link(index=index, entry_id=entry_id, hash=previous))
    Link.objects.bulk_create(links)
    Unsealed.objects.filter(entry_id__in=[entry_id for entry_id, _digest in waiting]).delete()
    return len(links)


def _head() -> tuple[int, str]:
    return Link.objects.order_by("-index").values_list("index", "hash").first() or (0, chain.NO_LINK)
