"""A worker's turn with webhooks: many endpoints side by side, each told one thing at a time.

The threads are others than those that ask wallets, and a turn does not wait for calls that hang: they keep their thread
until their time-out, and no more than half of the threads are ever with endpoints whose latest try failed.
"""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from functools import cache

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from ledger import clock
from payments.models import WebhookEndpoint
from payments.webhooks.sending import CALL_SECONDS, due, send_next

log = logging.getLogger(__name__)

#: Endpoints that one process serves side by side, and how many of them may be ailing.
AT_ONCE = 8
AILING_AT_ONCE = 4
#: An endpoint has its turn for this long before others get theirs; a worker is at it for this long.
ENDPOINT_SECONDS = 4.0
TURN_SECONDS = 5.0
#: When nothing was heard for this long, what is left hangs: the worker has other things to do.
QUIET_SECONDS = 1.0
#: Longer than a call: a lease only runs out when its holder died.
LEASE = timedelta(seconds=2 * CALL_SECONDS)

_running: dict[str, bool] = {}  # endpoints that this process serves, and whether they are ailing


@cache
def _threads() -> ThreadPoolExecutor:
    """Made on first use, so that none is lost in a fork."""
    return ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="webhooks")


def is_due() -> bool:
    """Whether a worker is wanted: one look at what waits."""
    return _due_endpoints().exists()


def work() -> None:
    """Serve endpoints for which something is due, until nothing is, or the rest hangs, or the turn is over."""
    end = time.monotonic() + TURN_SECONDS
    futures: set[Future[None]] = set()
    while time.monotonic() < end:
        futures |= {_threads().submit(_serve, endpoint) for endpoint in _claimed()}
        done, futures = wait(futures, timeout=QUIET_SECONDS, return_when=FIRST_COMPLETED)
        if not done:
            return


def _due_endpoints() -> QuerySet[WebhookEndpoint]:
    now = clock.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    well = Q(retry_at=None) | Q(retry_at__lte=now)
    waits = Exists(due(now).filter(endpoint=OuterRef("pk")))
    return WebhookEndpoint.objects.filter(free, well, waits, off_at=None)


def _claimed() -> Iterator[WebhookEndpoint]:
    """Those that this process may serve now, longest unserved first, each held from here on."""
    ailing = sum(list(_running.values()))
    for endpoint in _due_endpoints().order_by(F("lease_until").asc(nulls_first=True), "pk")[:AT_ONCE]:
        if len(_running) >= AT_ONCE:
            return
        if endpoint.pk in _running or (endpoint.failures and ailing >= AILING_AT_ONCE) or not _hold(endpoint):
            continue
        ailing += bool(endpoint.failures)
        _running[endpoint.pk] = bool(endpoint.failures)
        yield endpoint


def _serve(endpoint: WebhookEndpoint) -> None:
    end = time.monotonic() + ENDPOINT_SECONDS
    try:
        with _lease(endpoint):
            while send_next(endpoint) and time.monotonic() < end and _hold(endpoint):
                pass
    except Exception:
        # One endpoint's trouble is not the others'.
        log.exception("endpoint %s could not be served", endpoint.pk)
    finally:
        _running.pop(endpoint.pk, None)
        connection.close()


def _hold(endpoint: WebhookEndpoint) -> bool:
    """Take the endpoint, or keep it; False when somebody else has it, or it was switched off or changed meanwhile."""
    until = clock.now() + LEASE
    as_read = WebhookEndpoint.objects.filter(pk=endpoint.pk, lease_until=endpoint.lease_until, off_at=None)
    if not as_read.filter(changed_at=endpoint.changed_at).update(lease_until=until):
        return False
    endpoint.lease_until = until
    return True


@contextmanager
def _lease(endpoint: WebhookEndpoint) -> Iterator[None]:
    """Let go of it in the end, so that the next turn can have it at once."""
    try:
        yield
    finally:
        mine = WebhookEndpoint.objects.filter(pk=endpoint.pk, lease_until=endpoint.lease_until)
        mine.update(lease_until=clock.now())
