"""A worker's turn: many requests side by side, so that waits for wallets overlap and one that hangs holds nobody up.

Each process has a few threads. A call that hangs keeps its thread until its time-out, but not the turn: that ends, and
the next one uses the threads that are free. When the process is told to stop, it stops once its threads have ended.
"""

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from functools import cache

from django.db import connection

from ledger import clock, tracing
from payments.engine import host_turns
from payments.engine.advance import push
from payments.worker import startup
from payments.worker.claims import claim_due_requests

log = logging.getLogger(__name__)

#: Requests that one process works on side by side.
AT_ONCE = 8
#: A thread stays with one request for this long before others get their turn.
REQUEST_SECONDS = 6.0
LOOK_SECONDS = 0.2


@cache
def _threads() -> ThreadPoolExecutor:
    """Made on first use, so that none is lost in a fork."""
    return ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="advance")


def work(seconds: float, first: str | None = None) -> None:
    """Work on what is due, `first` before all others, until nothing is due within the time that is left."""
    startup.start()
    end = time.monotonic() + seconds
    queued_for = first
    running: set[Future[datetime | None]] = set()
    wakes: set[datetime] = set()
    while time.monotonic() < end:
        running |= _begin(first, queued_for)
        first = None
        if running:
            done, running = wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            wakes |= {wake for future in done if (wake := future.result())}
            continue
        now = clock.now()
        soonest = min((wake for wake in wakes if wake > now), default=None)
        left = end - time.monotonic()
        if soonest is None or (soonest - now).total_seconds() > left:
            return
        time.sleep(min((soonest - now).total_seconds(), LOOK_SECONDS))


def _begin(first: str | None, queued_for: str | None) -> set[Future[datetime | None]]:
    free = AT_ONCE - host_turns.at_work()
    if free <= 0:
        return set()
    claimed = claim_due_requests(free, first=first)
    host_turns.begin(claimed)
    # What else is due is not done on behalf of whoever queued this turn.
    on_behalf = tracing.carried(_one)
    return {_threads().submit(on_behalf if each == queued_for else _one, each) for each in claimed}


def _one(request_id: str) -> datetime | None:
    try:
        return push(request_id, REQUEST_SECONDS)
    except Exception:
        # One request's trouble is not the others'; its lease runs out and it comes up again.
        log.exception("request %s could not be advanced", request_id)
        return None
    finally:
        host_turns.end(request_id)
        connection.close()
