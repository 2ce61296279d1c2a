"""Calls to wallets, counted in this process, and added to the database with the next task or POST that is over.

So a call costs no statement, and one task or POST at most one, when all of its hosts are known. A page that is only
read writes nothing: it would wait for whoever writes. What a process has counted since is lost when it is killed:
figures for who watches, not evidence. Commands are not counted.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.http import HttpRequest, HttpResponse

from ledger import clock
from payments.models import HostCalls, WalletAddress
from payments.openpayments.errors import NotSent, OpenPaymentsError, Refused, Unanswered, UnsafeUrl
from payments.openpayments.operations import Operation

log = logging.getLogger(__name__)

#: Under which hosts are counted that no known wallet address names, and those above `MOST_HOSTS`.
OTHER: Final = "other"
#: Figures by host are kept apart for so many: a monitoring system keeps each of them for ever.
MOST_HOSTS: Final = 100
#: Methods that change nothing (RFC 9110, 9.2.1).
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: What was not called for so long is told of no more, and leaves its room to another host.
TOLD_OF: Final = timedelta(days=30)

_Kind, _Outcome = HostCalls.Kind, HostCalls.CallOutcome
KINDS: Final[dict[Operation, HostCalls.Kind]] = {
    Operation.GET_WALLET_ADDRESS: _Kind.WALLET_ADDRESS,
    Operation.GET_KEYS: _Kind.WALLET_ADDRESS,
    Operation.REQUEST_GRANT: _Kind.GRANT,
    Operation.CONTINUE_GRANT: _Kind.GRANT,
    Operation.CANCEL_GRANT: _Kind.GRANT,
    Operation.ROTATE_TOKEN: _Kind.GRANT,
    Operation.REVOKE_TOKEN: _Kind.GRANT,
    Operation.CREATE_INCOMING_PAYMENT: _Kind.INCOMING_PAYMENT,
    Operation.GET_INCOMING_PAYMENT: _Kind.INCOMING_PAYMENT,
    Operation.COMPLETE_INCOMING_PAYMENT: _Kind.INCOMING_PAYMENT,
    Operation.LIST_INCOMING_PAYMENTS: _Kind.INCOMING_PAYMENT,
    Operation.CREATE_QUOTE: _Kind.QUOTE,
    Operation.GET_QUOTE: _Kind.QUOTE,
    Operation.CREATE_OUTGOING_PAYMENT: _Kind.OUTGOING_PAYMENT,
    Operation.GET_OUTGOING_PAYMENT: _Kind.OUTGOING_PAYMENT,
    Operation.LIST_OUTGOING_PAYMENTS: _Kind.OUTGOING_PAYMENT,
    Operation.GET_SPENT_AMOUNTS: _Kind.OUTGOING_PAYMENT,
}


@dataclass
class _Sum:
    calls: int = 0
    seconds: float = 0.0


_Key = tuple[str, str, str]  # host, kind, outcome
_counted: dict[_Key, _Sum] = defaultdict(_Sum)
_named: set[str] = set()
_lock = threading.Lock()


def count(operation: Operation, host: str, error: OpenPaymentsError | None, seconds: float) -> None:
    """Remember one call that is over: its `host` with its port, what went wrong if anything did, how long it took."""
    _add({(host.lower(), KINDS[operation].value, _outcome(error).value): _Sum(1, seconds)})


class CallCountsMiddleware:
    """After what may have changed something: no page that is looked at waits for the database to take our figures."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method not in SAFE:
            write()
        return response


def write(**_signal: Any) -> None:
    """Add to the database what was counted since the last time. Never raises: what failed is counted the next time."""
    global _counted
    with _lock:
        taken, _counted = _counted, defaultdict(_Sum)
    if not taken:
        return
    try:
        _write(taken)
    except Exception:
        log.exception("calls to wallets could not be counted")
        _add(taken)


def lately() -> "list[HostCalls]":
    """All figures of hosts that were called within thirty days."""
    return list(HostCalls.objects.filter(changed_at__gte=clock.now() - TOLD_OF))


def _add(counted: dict[_Key, _Sum]) -> None:
    with _lock:
        for key, more in counted.items():
            of_key = _counted[key]
            of_key.calls += more.calls
            of_key.seconds += more.seconds


def _outcome(error: OpenPaymentsError | None) -> HostCalls.CallOutcome:
    match error:
        case None:
            return _Outcome.OK
        case Refused():
            return _Outcome.REFUSED
        case Unanswered():
            return _Outcome.UNANSWERED
        case NotSent():
            return _Outcome.NOT_SENT
        case UnsafeUrl():
            return _Outcome.UNSAFE
        case _:
            return _Outcome.FAILED


def _write(taken: dict[_Key, _Sum]) -> None:
    named = _told_by_name({host for host, _, _ in taken})
    sums: dict[_Key, _Sum] = defaultdict(_Sum)
    for (host, kind, outcome), more in taken.items():
        of_key = sums[host if host in named else OTHER, kind, outcome]
        of_key.calls += more.calls
        of_key.seconds += more.seconds
    now = connection.ops.adapt_datetimefield_value(clock.now())
    # In one order for all processes, so that no two wait for each other.
    rows = [(*key, of_key.calls, of_key.seconds, now) for key, of_key in sorted(sums.items())]
    table = connection.ops.quote_name(HostCalls._meta.db_table)  # noqa: SLF001 - Django's public name
    # Django's own way to insert or change can't add to what is there.
    sql = (
        f"INSERT INTO {table} (host, kind, outcome, calls, seconds, changed_at)"  # noqa: S608 - a name of ours
        f" VALUES {', '.join(['(%s, %s, %s, %s, %s, %s)'] * len(rows))}"
        " ON CONFLICT (host, kind, outcome) DO UPDATE SET changed_at = excluded.changed_at,"
        f" calls = {table}.calls + excluded.calls, seconds = {table}.seconds + excluded.seconds"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for row in rows for value in row])


def _told_by_name(hosts: set[str]) -> set[str]:
    """Those of `hosts` that have figures of their own: of providers whose wallet addresses have answered, so many."""
    if new := hosts - _named:
        there = set(HostCalls.objects.filter(changed_at__gte=clock.now() - TOLD_OF).values_list("host", flat=True))
        for host in sorted(new):
            if host in there or (len(there) < MOST_HOSTS and _is_a_providers(host)):
                there.add(host)
                _named.add(host)
    return hosts & _named


def _is_a_providers(host: str) -> bool:
    known = WalletAddress.objects.exclude(canonical_id="")
    # One after another: each has an index, an OR of the three has none.
    return any(known.filter(**{column: host}).exists() for column in ("host", "auth_host", "resource_host"))
