"""What this process remembers of the chain, so that it notices when another database was put in the place of its own.

Each process keeps, in memory, the last link that it has seen. A database that was restored from a backup, rewritten or
swapped does not have it.
"""

import threading
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, Subquery

from ledger import clock
from ledger.kinds import ACCEPTED
from ledger.models import Entry, Link

_lock = threading.Lock()


@dataclass(frozen=True)
class _Seen:
    index: int
    hash: str
    at: datetime


_last: _Seen | None = None


def continues() -> bool:
    """Whether the chain still has the last link that this process saw. One query; may run inside a transaction.

    Once it does not, it stays so until somebody accepts the database's history (`acceptance.accept`).
    """
    global _last  # noqa: PLW0603 - a process has one memory, and only this file writes it
    now = clock.now()
    with _lock:
        seen = _last
    found = _rows(seen)
    if seen and seen.index and found.get(seen.index) != seen.hash and not _accepted_since(seen.at):
        return False
    newest = max(found, default=0)
    with _lock:
        _last = _Seen(newest, found.get(newest, ""), now)
    return True


def forget() -> None:
    """The next look begins anew: for a process that goes on with another database, such as a test."""
    global _last  # noqa: PLW0603 - see above
    with _lock:
        _last = None


def _rows(seen: _Seen | None) -> dict[int, str]:
    newest = Q(index=Subquery(Link.objects.order_by("-index").values("index")[:1]))
    wanted = newest | Q(index=seen.index) if seen else newest
    return dict(Link.objects.filter(wanted).values_list("index", "hash"))


def _accepted_since(moment: datetime) -> bool:
    return Entry.objects.filter(kind=ACCEPTED, recorded_at__gte=moment).exists()
