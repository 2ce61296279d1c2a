"""Turns at wallets' hosts: a host that fails, hangs or is merely large takes no more than its share of the workers.

A request takes a turn at every host that it may call: its payer's and its receivers', those of their authorization and
of their resource servers, all by the same rule. What is wrong with a host stands in its row (`WalletHost`), for all
processes; what this process is at, it knows by itself.
"""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus

from django.db.models import F

from ledger import clock
from payments.models import WalletHost
from payments.openpayments.errors import NotSent, Refused, Unanswered, UnsafeUrl, WalletFailed
from payments.openpayments.operations import Operation

#: Requests of one process at one host at a time: fewer than it works on, so that the others keep their turn.
AT_ONE_HOST = 6
#: At a host whose latest call failed, or that keeps a call waiting: one, to see whether it is well again.
AT_A_BAD_HOST = 1
#: So long those wait that have no turn at such a host.
NEXT_TURN = timedelta(seconds=5)
#: So many failures in a row, and workers leave the host alone.
PATIENCE = 3
FIRST_SECONDS = 10.0
LONGEST_SECONDS = 600.0
#: A call that lasts longer than this may well last until its time-out.
SLOW_SECONDS = 2.0
#: The payer's wallet asks the receiver's for these: that it could not do them may be the other's fault.
WITH_ANOTHER_WALLET = frozenset({Operation.CREATE_QUOTE, Operation.CREATE_OUTGOING_PAYMENT})
#: Said by what stands before a wallet that is down, or overrun: its own, whatever was asked.
DOWN = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})


@dataclass(frozen=True)
class _CallUnderWay:
    request_id: str
    host: str
    began: float = field(default_factory=time.monotonic)

    @property
    def is_slow(self) -> bool:
        return time.monotonic() - self.began > SLOW_SECONDS


_at_work: dict[str, frozenset[str]] = {}
_calls: dict[object, _CallUnderWay] = {}
_lock = threading.Lock()


# What this process is at.


def begin(requests: dict[str, frozenset[str]]) -> None:
    """Count `requests`, each with all hosts that it may call, as worked on by this process until their `end`."""
    with _lock:
        _at_work.update(requests)


def end(request_id: str) -> None:
    with _lock:
        _at_work.pop(request_id, None)


def at_work() -> int:
    """On how many requests this process works."""
    with _lock:
        return len(_at_work)


@contextmanager
def calling(request_id: str, host: str) -> Iterator[None]:
    """A call of this process to `host`, for that request, is under way meanwhile."""
    key = object()
    with _lock:
        _calls[key] = _CallUnderWay(request_id, host)
    try:
        yield
    finally:
        with _lock:
            del _calls[key]


# What all processes know.


def suspects() -> frozenset[str]:
    """Hosts whose latest call failed."""
    return frozenset(WalletHost.objects.filter(failures__gt=0).values_list("host", flat=True))


def note_outcomes(outcomes: Iterable[tuple[str, object]], suspected: frozenset[str]) -> None:
    """Remember which hosts failed, and which are well again; a healthy host costs no query.

    `outcomes` are answers and errors of calls that were made at once: a host fails once with all of them, or not.
    """
    said: dict[str, set[bool]] = defaultdict(set)
    for host, answer in outcomes:
        if (failed := has_failed(answer)) is not None:
            said[host].add(failed)
    for host, verdicts in said.items():
        if False not in verdicts:
            _blame(host)
        elif host in suspected:
            well = {"failures": 0, "closed_until": None, "changed_at": clock.now()}
            WalletHost.objects.filter(host=host, failures__gt=0).update(**well)


def has_failed(answer: object) -> bool | None:
    """Whether what came of a call is surely the fault of the host that was called; None when it says nothing of it."""
    match answer:
        case NotSent() | Unanswered():
            return True
        case WalletFailed() if answer.status in DOWN:
            return True
        case WalletFailed() if answer.operation in WITH_ANOTHER_WALLET or answer.is_redirect:
            return None
        case WalletFailed():
            return True
        case Refused():
            return answer.status == HTTPStatus.TOO_MANY_REQUESTS
        case UnsafeUrl():
            return None
        case _:
            return False


def _blame(host: str) -> None:
    now = clock.now()
    WalletHost.objects.get_or_create(host=host, defaults={"changed_at": now})
    rows = WalletHost.objects.filter(host=host)
    rows.update(failures=F("failures") + 1, changed_at=now)
    failures = rows.values_list("failures", flat=True).get()
    if failures >= PATIENCE:
        seconds = min(FIRST_SECONDS * 2 ** min(failures - PATIENCE, 10), LONGEST_SECONDS)
        rows.update(closed_until=now + timedelta(seconds=seconds * random.uniform(0.75, 1.25)))  # noqa: S311


class Turns:
    """Who may begin at `now` in this process. Made for one claim: it counts what the claim begins."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        failing = dict(WalletHost.objects.filter(failures__gt=0).values_list("host", "closed_until"))
        self._closed = {host: until for host, until in failing.items() if until and until > now}
        self._bad = set(failing)
        slow: dict[str, set[str]] = defaultdict(set)
        with _lock:
            for call in _calls.values():
                if call.is_slow:
                    slow[call.request_id].add(call.host)
                    self._bad.add(call.host)
            # A request that hangs somewhere is nowhere else: it takes no turn at the hosts that are well.
            self._busy = Counter(host for pk, hosts in _at_work.items() for host in slow.get(pk, hosts))

    def full(self) -> frozenset[str]:
        """Hosts at which nobody else may begin."""
        most = {host: AT_A_BAD_HOST if host in self._bad else AT_ONE_HOST for host in self._busy}
        return frozenset(host for host, requests in self._busy.items() if requests >= most[host])

    def put_off(self, hosts: Iterable[str]) -> dict[str, datetime]:
        """Those of `hosts` that are left alone for longer than a moment, each with until when."""
        bad = dict.fromkeys(self.full() & self._bad, self.now + NEXT_TURN)
        return {host: until for host in hosts if (until := self._closed.get(host) or bad.get(host))}

    def begin(self, hosts: frozenset[str]) -> None:
        self._busy.update(hosts)
