"""What moves the money after an outgoing payment was accepted, and what receives it."""

import asyncio
import contextlib
import hmac
import json
import logging
import sqlite3
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from payments.openpayments.wirejson import UnreadableJsonError, parse_json
from payments.sandbox import wire
from payments.sandbox.errors import PlainError
from payments.sandbox.provider import WalletProvider
from payments.sandbox.resources import incoming, peers
from payments.sandbox.resources.peers import Delivery

log = logging.getLogger(__name__)

# How often due payments are looked for while there are any: the clock they wait on may jump.
TICK_SECONDS = 0.05
RETRY_SECONDS = 0.25
GIVE_UP_SECONDS = 60


class Settlement:
    """Settles accepted payments in the background, each on its own, so that a slow receiver holds up no other."""

    def __init__(self, provider: WalletProvider) -> None:
        self._provider = provider
        self._woken = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """There is, or may be, a payment to settle."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled. Payments left over from an earlier run of the process are taken up again."""
        try:
            while True:
                rows = [] if self._provider.settings.settle_on_command else self._open_payments()
                now = self._provider.clock.timestamp()
                for row in rows:
                    if row["due_at"] <= now and row["id"] not in self._running:
                        self._start(row["id"])
                if rows:
                    await asyncio.sleep(TICK_SECONDS)
                else:
                    await self._woken.wait()
                    self._woken.clear()
        finally:
            self.forget()

    async def settle_now(self, payment_id: str | None) -> tuple[int, int]:
        """Settle one payment, or all that are due, in the order they were made.

        Returns how many of them came to their end, and how many payments are still open after that.
        """
        now = self._provider.clock.timestamp()
        rows = self._open_payments()
        chosen = [
            row["id"] for row in rows if (row["due_at"] <= now if payment_id is None else row["id"] == payment_id)
        ]
        for chosen_id in chosen:
            # One task moves a payment, whoever asks for it: two at once would give its money back as if it had failed.
            if chosen_id not in self._running:
                self._start(chosen_id)
            # "Settled" may only be said once it has arrived, or is back.
            await asyncio.wait([self._running[chosen_id]])
        still_open = {row["id"] for row in self._open_payments()}
        return sum(chosen_id not in still_open for chosen_id in chosen), len(still_open)

    def forget(self) -> None:
        """Stop whatever is being settled: the data is about to go."""
        for task in self._running.values():
            task.cancel()

    def _open_payments(self) -> list[sqlite3.Row]:
        return self._provider.store.all(
            "select id, due_at from outgoing where state in ('funding', 'sending') order by seq"
        )

    def _start(self, payment_id: str) -> None:
        task = asyncio.create_task(self._settle(payment_id))
        self._running[payment_id] = task
        task.add_done_callback(lambda _: self._running.pop(payment_id, None))

    async def _settle(self, payment_id: str) -> None:
        try:
            row = self._row(payment_id)
            if row["state"] == "funding":
                self._fund(row)
            row = self._row(payment_id)
            if row["state"] == "sending":
                await self._send(row)
        except PaymentGoneError:
            return
        except Exception:
            log.exception("settling a payment broke")
            with contextlib.suppress(PaymentGoneError):
                self._later(self._row(payment_id))

    def _fund(self, row: sqlite3.Row) -> None:
        """Set the money aside, wait for it, or give up."""
        provider, settings = self._provider, self._provider.settings
        now = provider.clock.timestamp()
        if row["quote_expires_at"] <= now:
            fail(provider, row, "Quote expired before the payment was funded", refund=0)
            return
        with provider.store.transaction():
            funded = provider.store.run(
                "update wallets set balance = balance - ? where name = ? and balance >= ?",
                row["debit"],
                row["wallet"],
                row["debit"],
            )
            if funded:
                provider.store.run("update outgoing set state = 'sending' where id = ?", row["id"])
                return
        if settings.on_low_balance == "fail" and now >= row["created_at"] + settings.low_balance_seconds:
            fail(provider, row, "Insufficient balance", refund=0)
            return
        self._later(row)

    async def _send(self, row: sqlite3.Row) -> None:
        """Hand the money to the receiver's provider."""
        provider = self._provider
        try:
            delivery = await self._delivery(row)
            accepted = await peers.deliver(provider, delivery, row["id"], row["receive"])
        except peers.ReceiverUnusableError:
            # Completed or paid by someone else: nothing is sent, and real wallets do not call that a failure.
            self._finish(self._row(row["id"]), accepted=0)
            return
        except peers.ReceiverUnreachableError as error:
            log.info("receiver of %s unreachable: %s", row["id"], error)
            row = self._row(row["id"])
            # Once a delivery was tried it may have arrived: then only asking again can tell.
            if row["delivery"] is None and provider.clock.timestamp() >= row["created_at"] + GIVE_UP_SECONDS:
                fail(provider, row, "The receiver could not be reached", refund=row["debit"])
            else:
                self._later(row)
            return
        self._finish(self._row(row["id"]), accepted)

    async def _delivery(self, row: sqlite3.Row) -> Delivery:
        """Where to deliver, written down before the first try so that every later one is the same request."""
        if row["delivery"] is not None:
            return Delivery(**json.loads(row["delivery"]))
        wallet = self._provider.wallets.any(row["wallet"])
        delivery = Delivery.to(await peers.receiver(self._provider, wallet, row["receiver"]))
        written = self._provider.store.run(
            "update outgoing set delivery = ? where id = ? and state = 'sending'",
            json.dumps(asdict(delivery)),
            row["id"],
        )
        if not written:
            raise PaymentGoneError  # cancelled or forgotten while the receiver was asked
        return delivery

    def _finish(self, row: sqlite3.Row, accepted: int) -> None:
        """Delivered in full, in part (a failure), or not at all; what was not sent goes back to the payer."""
        on_the_way = row["debit"] - row["fee"]
        if accepted >= row["receive"]:
            sent, back = on_the_way, 0
        else:
            sent = -(-on_the_way * accepted // row["receive"])
            back = row["debit"] - sent
        state = "failed" if 0 < accepted < row["receive"] else "completed"
        with self._provider.store.transaction():
            self._provider.store.run(
                "update outgoing set state = ?, sent = ?, delivered = ? where id = ?", state, sent, accepted, row["id"]
            )
            self._provider.wallets.add_to_balance(row["wallet"], back)

    def _later(self, row: sqlite3.Row) -> None:
        due_at = self._provider.clock.timestamp() + RETRY_SECONDS
        self._provider.store.run("update outgoing set due_at = ? where id = ?", due_at, row["id"])

    def _row(self, payment_id: str) -> sqlite3.Row:
        row = self._provider.store.one("select * from outgoing where id = ?", payment_id)
        if row is None:
            raise PaymentGoneError
        return row


class PaymentGoneError(Exception):
    """The payment was forgotten or cancelled while it was being settled."""


def fail(provider: WalletProvider, row: sqlite3.Row, reason: str, refund: int) -> None:
    """The outgoing payment is over without success; `refund` minor units go back to the payer."""
    metadata = {**json.loads(row["metadata"] or "{}"), "cancellationReason": reason}
    with provider.store.transaction():
        provider.store.run(
            "update outgoing set state = 'failed', metadata = ? where id = ?", json.dumps(metadata), row["id"]
        )
        provider.wallets.add_to_balance(row["wallet"], refund)


async def deliver(request: Request) -> Response:
    """The receiving end: the caller proves that it knows the incoming payment's secret."""
    provider: WalletProvider = request.app.state.provider
    raw = await wire.read_body(request)
    try:
        body = parse_json(raw)
        assert isinstance(body, dict)
        payment_id, packet, amount = str(body["address"]).rpartition(".")[2], str(body["packet"]), int(body["amount"])
    except (UnreadableJsonError, AssertionError, KeyError, ValueError):
        raise PlainError(400, "Bad Request") from None
    row = provider.store.one("select * from incoming where id = ?", payment_id)
    given = request.headers.get("authorization", "").removeprefix("HMAC ")
    if row is None or not hmac.compare_digest(given.encode(), peers.proof(row["secret"], raw).encode()):
        raise PlainError(403, "Forbidden")
    return JSONResponse({"accepted": str(accept(provider, payment_id, packet, amount))})


def accept(provider: WalletProvider, payment_id: str, packet: str, amount: int) -> int:
    """Credit up to `amount` minor units to an incoming payment; how many fitted. Once per `packet`."""
    with provider.store.transaction():
        known = provider.store.one("select amount from deliveries where packet = ?", packet)
        if known is not None:
            return int(known["amount"])
        row = incoming.find(provider, payment_id)
        accepted = 0
        if provider.settings.completes_unpaid:
            provider.store.run("update incoming set completed = 1 where id = ?", payment_id)
        elif row is not None and incoming.is_open(provider, row):
            room = amount if row["amount"] is None else row["amount"] - row["received"]
            accepted = min(amount, room)
            provider.store.run(
                "update incoming set received = received + ?1, completed = (received + ?1 >= amount) is true"
                " where id = ?2",
                accepted,
                payment_id,
            )
            provider.wallets.add_to_balance(row["wallet"], accepted)
        provider.store.insert(
            "deliveries", packet=packet, incoming=payment_id, amount=accepted, at=provider.clock.timestamp()
        )
    return accepted


ROUTES = [Route("/ilp", deliver, methods=["POST"])]
