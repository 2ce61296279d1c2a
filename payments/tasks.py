"""What background workers are told to do. Each may run twice, at once, or late: the rows decide what is left to do."""

import logging
import time
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.tasks import async_task

from ledger.api import seal
from payments.actions import seller_keys, wallets
from payments.engine import prove_wallet
from payments.mail.sending import due_messages, send
from payments.worker.claims import count_due
from payments.worker.pool import AT_ONCE, work

log = logging.getLogger(__name__)

#: A worker stays with payment requests this long before other tasks get their turn.
TURN_SECONDS = 6.0
CHECK_SECONDS = 12.0
#: Short, for a worker that is told to stop ends its turn first.
TICK_SECONDS = 5.0
BETWEEN_LOOKS_SECONDS = 1.0
TICKER = "payments-ticker"
#: A ticker that died is replaced after this long.
TICKER_SECONDS = 15
#: Tasks that wait are enough to keep the workers at it: no more are queued for what is due.
ENOUGH_TASKS = 4
SEAL_AT_ONCE = 500


def advance_request(request_id: str) -> None:
    """Somebody changed this request: work on it, and on what else is due."""
    work(TURN_SECONDS, first=request_id)
    keep_ticking()


def advance_due() -> None:
    work(TURN_SECONDS)
    keep_ticking()


def check_wallet(wallet_id: int) -> None:
    wallets.check(wallet_id, CHECK_SECONDS)


def collect_proof(proof_id: str) -> None:
    """The owner of a wallet came back: collect what their wallet says."""
    prove_wallet.collect(proof_id, CHECK_SECONDS)


def look_at_keys() -> None:
    """Daily: whether the sellers' keys are still published, and which old ones are over."""
    seller_keys.look_daily()


def send_message(message_id: str) -> None:
    send(message_id)


def tick(turn: str = "") -> None:
    """Look for what is due, once a second for a while, and hand it out; then pass the turn on. One at a time."""
    mine = turn or uuid4().hex
    if not cache.add(TICKER, mine, TICKER_SECONDS) and cache.get(TICKER) != mine:
        return
    end = time.monotonic() + TICK_SECONDS
    while time.monotonic() < end and not _others_wait():
        look()
        cache.set(TICKER, mine, TICKER_SECONDS)
        time.sleep(BETWEEN_LOOKS_SECONDS)
    # A name used once: should this task be handed out again, its turn is over.
    following = uuid4().hex
    cache.set(TICKER, following, TICKER_SECONDS)
    async_task("payments.tasks.tick", following)


def _others_wait() -> bool:
    """The only worker of a cluster ticks in the gaps between other tasks."""
    return bool(Conf.WORKERS == 1 and get_broker().queue_size())


def keep_ticking(**_signal: Any) -> None:
    """Start the ticker, or replace one that died with its worker, without waiting for the schedule."""
    if cache.get(TICKER) is None:
        async_task("payments.tasks.tick")


def look() -> None:
    """One look: workers are called for what is due, messages are queued, the ledger is sealed."""
    due = count_due()
    if due and get_broker().queue_size() < ENOUGH_TASKS:
        for _ in range(0, due, AT_ONCE):
            async_task("payments.tasks.advance_due")
    for message_id in due_messages():
        async_task("payments.tasks.send_message", message_id)
    while seal(SEAL_AT_ONCE) == SEAL_AT_ONCE:
        pass
