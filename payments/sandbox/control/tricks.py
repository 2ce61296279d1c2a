"""Things that happen at real wallets behind a client's back. All raise ControlError when they cannot."""

import json
import uuid
from typing import Any

from payments.sandbox.errors import ControlError
from payments.sandbox.provider import Provider
from payments.sandbox.resources import settlement
from payments.sandbox.wallets import NAME, RESERVED, Wallet


def change_wallet(provider: Provider, name: str, body: dict[str, Any]) -> Wallet:
    """Change the public name, close or reopen the wallet, change its fee, or move it to another address."""
    wallet = provider.wallets.any(name)
    unknown = set(body) - {"publicName", "disabled", "fee", "name", "keepOld"}
    if unknown:
        raise ControlError(f"unknown: {', '.join(sorted(unknown))}")
    fee = body.get("fee", {})
    provider.store.run(
        "update wallets set public_name = ?, disabled = ?, fee_fixed = ?, fee_bps = ? where name = ?",
        body.get("publicName", wallet.public_name),
        bool(body.get("disabled", wallet.disabled)),
        int(fee.get("fixed", wallet.fee.fixed)),
        int(fee.get("percentBps", wallet.fee.percent_bps)),
        name,
    )
    if "name" in body:
        _rename(provider, name, str(body["name"]), keep_old=bool(body.get("keepOld")))
    return provider.wallets.any(str(body.get("name", name)))


def _rename(provider: Provider, old: str, new: str, *, keep_old: bool) -> None:
    if not NAME.match(new) or new in RESERVED or provider.store.one("select 1 from wallets where name = ?", new):
        raise ControlError(f"a wallet cannot be called {new!r}")
    with provider.store.transaction():
        provider.store.run("update wallets set name = ? where name = ?", new, old)
        for table in ("incoming", "quotes", "outgoing"):
            provider.store.run(f"update {table} set wallet = ? where wallet = ?", new, old)  # noqa: S608 - our names
        if keep_old:
            provider.store.insert("former_names", name=old, now=new)


def delete_wallet(provider: Provider, name: str) -> None:
    """The wallet and everything in it."""
    provider.wallets.any(name)
    with provider.store.transaction():
        for table in ("incoming", "quotes", "outgoing"):
            provider.store.run(f"delete from {table} where wallet = ?", name)  # noqa: S608 - our names
        provider.store.run("delete from wallets where name = ?", name)


def forget(provider: Provider, resource_id: str) -> None:
    """The resource is gone; money that moved stays where it is."""
    tables = ("incoming", "quotes", "outgoing", "grants")
    forgotten = [provider.store.run(f"delete from {table} where id = ?", resource_id) for table in tables]  # noqa: S608
    if not any(forgotten):
        raise ControlError("nothing to forget")


def complete(provider: Provider, payment_id: str) -> None:
    """The receiver wants no more payments into this incoming payment."""
    if not provider.store.run("update incoming set completed = 1 where id = ? and not completed", payment_id):
        raise ControlError("no such open incoming payment")


def pay_in(provider: Provider, payment_id: str, amount: int) -> int:
    """Somebody else pays; how many minor units were accepted."""
    return settlement.accept(provider, payment_id, f"control-{uuid.uuid4()}", amount)


def cancel(provider: Provider, payment_id: str, reason: str) -> None:
    """The payer's wallet gives up on a payment of which nothing was sent."""
    row = provider.store.one(
        "select * from outgoing where id = ? and state in ('funding', 'sending') and delivery is null", payment_id
    )
    if row is None:
        raise ControlError("no such unsent outgoing payment")
    metadata = {**json.loads(row["metadata"] or "{}"), "cancellationReason": reason}
    with provider.store.transaction():
        provider.store.run(
            "update outgoing set state = 'failed', metadata = ? where id = ?", json.dumps(metadata), payment_id
        )
        if row["state"] == "sending":
            provider.wallets.add_to_balance(row["wallet"], row["debit"])
