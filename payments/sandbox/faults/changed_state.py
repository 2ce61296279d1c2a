"""Faults in what the provider remembers: what happens to payments, quotes and grants behind the client's back."""

import uuid
from collections.abc import Mapping
from typing import Any

from payments.sandbox.errors import ControlError
from payments.sandbox.provider import WalletProvider
from payments.sandbox.resources import settlement


def forget(provider: WalletProvider, resource_id: str, _: Mapping[str, Any]) -> dict[str, Any]:
    tables = ("incoming", "quotes", "outgoing", "grants")
    forgotten = [provider.store.run(f"delete from {table} where id = ?", resource_id) for table in tables]  # noqa: S608
    if not any(forgotten):
        raise ControlError("nothing to forget")
    return {}


def complete(provider: WalletProvider, payment_id: str, _: Mapping[str, Any]) -> dict[str, Any]:
    if not provider.store.run("update incoming set completed = 1 where id = ? and not completed", payment_id):
        raise ControlError("no such open incoming payment")
    return {}


def pay_in(provider: WalletProvider, payment_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """`amount` and the answer's `accepted` in minor units, as strings."""
    accepted = settlement.accept(provider, payment_id, f"control-{uuid.uuid4()}", int(body["amount"]))
    return {"accepted": str(accepted)}


def cancel(provider: WalletProvider, payment_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """`reason` is what the payment's metadata says afterwards."""
    row = provider.store.one(
        "select * from outgoing where id = ? and state in ('funding', 'sending') and delivery is null", payment_id
    )
    if row is None:
        raise ControlError("no such unsent outgoing payment")
    reason = str(body.get("reason", "Cancelled by the account holder"))
    settlement.fail(provider, row, reason, refund=row["debit"] if row["state"] == "sending" else 0)
    return {}
