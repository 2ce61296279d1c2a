"""The provider's own books, read from its file: what really happened to the money."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from payments.models import OutgoingPayment


@dataclass(frozen=True)
class Outgoing:
    """An outgoing payment at its wallet. `charged` is what the payer has paid for it, or set aside, in minor units."""

    id: str
    state: str
    attempt: str
    wallet: str
    charged: int
    #: What the wallet counts against the approval: all of it, though not all arrived; of a failed one what was sent.
    counted: int
    #: How much of `receive` arrived, in the receiver's units.
    delivered: int
    receive: int
    created_at: datetime


@dataclass(frozen=True)
class Incoming:
    """An incoming payment at its wallet, open or over. `received` minor units ever arrived there."""

    id: str
    wallet: str
    #: The payment of ours that it was made for, by the words that we sent with it.
    payment: str
    received: int


class Books:
    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)
        self._connection.row_factory = sqlite3.Row

    def outgoing(self) -> list[Outgoing]:
        return [_outgoing(row) for row in self._connection.execute("select * from outgoing order by seq")]

    def outgoing_of(self, order: OutgoingPayment) -> Outgoing | None:
        """What the payer's wallet made of `order`, by the quote that was to be used."""
        row = self._connection.execute(
            "select * from outgoing where id = ?", (_last_part(order.quote.remote_id),)
        ).fetchone()
        return _outgoing(row) if row else None

    def incoming(self) -> list[Incoming]:
        """All that were ever made, closed and expired ones too, but for those that their wallet forgot."""
        arrived = self.arrived()
        return [
            Incoming(
                id=row["id"],
                wallet=row["wallet"],
                payment=str(json.loads(row["metadata"] or "{}").get("externalRef", "")),
                received=arrived.get(row["id"], 0),
            )
            for row in self._connection.execute("select id, wallet, metadata from incoming order by seq")
        ]

    def arrived_at(self, incoming_url: str) -> int:
        """Minor units that ever arrived there, also when the incoming payment was forgotten since."""
        return self.arrived().get(_last_part(incoming_url), 0)

    def arrived(self) -> dict[str, int]:
        """What ever arrived, by the last part of the incoming payment's address."""
        rows = self._connection.execute("select incoming, sum(amount) as amount from deliveries group by incoming")
        return {row["incoming"]: row["amount"] for row in rows}

    def paid_in(self) -> dict[str, int]:
        """What ever arrived, by the name of the account."""
        rows = self._connection.execute(
            "select incoming.wallet as wallet, sum(deliveries.amount) as amount"
            " from deliveries join incoming on incoming.id = deliveries.incoming group by incoming.wallet"
        )
        return {row["wallet"]: row["amount"] for row in rows}

    def balances(self) -> dict[str, int]:
        return {row["name"]: row["balance"] for row in self._connection.execute("select name, balance from wallets")}


def _outgoing(row: sqlite3.Row) -> Outgoing:
    metadata = json.loads(row["metadata"] or "{}")
    return Outgoing(
        id=row["id"],
        state=row["state"],
        attempt=str(metadata.get("attempt", "")),
        wallet=row["wallet"],
        charged=_charged(row),
        counted=row["sent"] if row["state"] == "failed" else row["debit"],
        delivered=row["delivered"],
        receive=row["receive"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
    )


def _charged(row: sqlite3.Row) -> int:
    match row["state"]:
        case "sending":
            return int(row["debit"])
        case "completed" if row["delivered"] >= row["receive"]:
            return int(row["debit"])
        case "completed" | "failed":
            return int(row["sent"])
    return 0


def _last_part(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2]
