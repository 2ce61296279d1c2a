"""Fairness between wallets: a host that keeps failing is left alone for a while, and holds nobody else up."""

import random
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import F

from ledger import clock
from payments.models import WalletHost
from payments.openpayments.errors import NotSent, Unanswered, WalletFailed

#: So many failures in a row, and the host waits its turn.
PATIENCE = 3
FIRST_SECONDS = 10.0
LONGEST_SECONDS = 600.0
#: A call that lasts longer than this may well last until its time-out.
SLOW_SECONDS = 2.0

_calls: dict[object, tuple[str, float]] = {}
_calls_lock = threading.Lock()


@contextmanager
def calling(host: str) -> Iterator[None]:
    """A call of this process to `host` is under way meanwhile."""
    key = object()
    with _calls_lock:
        _calls[key] = (host, time.monotonic())
    try:
        yield
    finally:
        with _calls_lock:
            del _calls[key]


def slow() -> frozenset[str]:
    """Hosts that have kept a call of this process waiting for long, and are not done with it."""
    before = time.monotonic() - SLOW_SECONDS
    with _calls_lock:
        return frozenset(host for host, began in _calls.values() if began < before)


def suspects() -> frozenset[str]:
    """Hosts whose latest call failed."""
    return frozenset(WalletHost.objects.filter(failures__gt=0).values_list("host", flat=True))


def note_outcomes(outcomes: Iterable[tuple[str, object]], suspected: frozenset[str]) -> None:
    """Remember which hosts answered and which did not; a healthy host costs no query."""
    for host, answer in outcomes:
        if isinstance(answer, NotSent | Unanswered | WalletFailed):
            _failed(host)
        elif host in suspected:
            WalletHost.objects.filter(host=host, failures__gt=0).update(
                failures=0, closed_until=None, changed_at=clock.now()
            )


def _failed(host: str) -> None:
    now = clock.now()
    WalletHost.objects.get_or_create(host=host, defaults={"changed_at": now})
    rows = WalletHost.objects.filter(host=host)
    rows.update(failures=F("failures") + 1, changed_at=now)
    failures = rows.values_list("failures", flat=True).get()
    if failures >= PATIENCE:
        seconds = min(FIRST_SECONDS * 2 ** min(failures - PATIENCE, 10), LONGEST_SECONDS)
        rows.update(closed_until=now + timedelta(seconds=seconds * random.uniform(0.75, 1.25)))  # noqa: S311


def in_trouble(now: datetime) -> tuple[frozenset[str], dict[str, datetime]]:
    """Hosts whose latest call failed; and those of them that workers leave alone, with until when."""
    failing = dict(WalletHost.objects.filter(failures__gt=0).values_list("host", "closed_until"))
    return frozenset(failing), {host: until for host, until in failing.items() if until and until > now}
