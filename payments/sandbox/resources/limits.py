"""What a grant for outgoing payments still allows: cumulative maxima, in all or per period."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from payments.sandbox import schemas
from payments.sandbox.authorization.grants import SandboxGrant
from payments.sandbox.errors import ResourceRefusedError
from payments.sandbox.fees_and_rates import WalletAsset
from payments.sandbox.provider import WalletProvider
from payments.sandbox.resources.intervals import Interval


@dataclass(frozen=True, slots=True)
class Spent:
    """What payments under a grant came to, in minor units. `receive_assets` has one member unless they were mixed."""

    payments: int
    debit: int
    receive: int
    receive_assets: frozenset[WalletAsset]


def spent(provider: WalletProvider, grant: SandboxGrant, item: dict[str, Any]) -> Spent:
    """In the current period when the grant has periods, else ever. Failed payments count what they delivered."""
    period = _period(item, provider.clock.timestamp())
    begin, end = period or (0.0, float("inf"))
    rows = provider.store.all(
        "select * from outgoing where grant_id = ? and created_at >= ? and created_at < ?", grant.id, begin, end
    )
    return Spent(
        payments=len(rows),
        debit=sum(row["sent"] if row["state"] == "failed" else row["debit"] for row in rows),
        receive=sum(row["delivered"] if row["state"] == "failed" else row["receive"] for row in rows),
        receive_assets=frozenset(WalletAsset(row["receive_code"], row["receive_scale"]) for row in rows),
    )


def check(
    provider: WalletProvider, grant: SandboxGrant, item: dict[str, Any], quote: sqlite3.Row, debit_asset: WalletAsset
) -> Spent:
    """What was spent before; raises ResourceRefusedError when a payment by `quote` is more than the grant allows."""
    limits: dict[str, Any] = item.get("limits", {})
    if limits.get("receiver", quote["receiver"]) != quote["receiver"]:
        raise _over()
    if "interval" in limits and _period(item, provider.clock.timestamp()) is None:
        raise _over()
    before = spent(provider, grant, item)
    if "debitAmount" in limits:
        most, asset = schemas.amount(limits["debitAmount"], "debitAmount")
        if asset != debit_asset or before.debit + quote["debit"] > most:
            raise _over()
    if "receiveAmount" in limits:
        most, asset = schemas.amount(limits["receiveAmount"], "receiveAmount")
        assets = before.receive_assets | {WalletAsset(quote["receive_code"], quote["receive_scale"])}
        if assets != {asset} or before.receive + quote["receive"] > most:
            raise _over()
    return before


def _period(item: dict[str, Any], now: float) -> tuple[float, float] | None:
    interval = item.get("limits", {}).get("interval")
    return Interval.parse(interval).period_at(now) if interval else None


def _over() -> ResourceRefusedError:
    return ResourceRefusedError(403, "unauthorized")
