"""The wallets of this provider: whose they are, in what currency, with which keys."""

import json
import re
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from payments.openpayments import keys
from payments.sandbox.errors import ControlError
from payments.sandbox.fees_and_rates import LARGEST, SendingFee, WalletAsset
from payments.sandbox.store import Store

NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,62}$")
# The tables of what a wallet holds.
HOLDINGS = ("incoming", "quotes", "outgoing")
# Paths of the provider itself.
RESERVED = {"auth", "op", "ilp", "sandbox", "assets", "favicon.ico"}


@dataclass(frozen=True, slots=True)
class Wallet:
    """One account. `balance` is in minor units of `asset`; `public_name` may be missing, as some wallets allow."""

    name: str
    public_name: str | None
    asset: WalletAsset
    balance: int
    fee: SendingFee
    key_id: str
    private_key_pem: str
    disabled: bool

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(
            row["name"],
            row["public_name"],
            WalletAsset(row["asset_code"], row["asset_scale"]),
            row["balance"],
            SendingFee(row["fee_fixed"], row["fee_bps"]),
            row["key_id"],
            row["private_key"],
            bool(row["disabled"]),
        )

    def private_key(self) -> Ed25519PrivateKey:
        return keys.private_key_from_pem(self.private_key_pem)


@dataclass(frozen=True, slots=True)
class NewWallet:
    """An account to open; `balance` in minor units."""

    name: str
    public_name: str | None
    asset: WalletAsset
    balance: int
    fee: SendingFee


class Wallets:
    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base_url = base_url

    def url(self, name: str) -> str:
        return f"{self._base_url}/{name}"

    def name_in(self, url: str) -> str | None:
        """The name in a wallet address of this provider; None when it is not one of ours or not exactly ours."""
        prefix = f"{self._base_url}/"
        name = url.removeprefix(prefix)
        return name if url.startswith(prefix) and NAME.match(name) else None

    def find(self, name: str) -> Wallet | None:
        row = self._store.one("select * from wallets where name = ? and not disabled", name)
        return Wallet.from_row(row) if row else None

    def by_url(self, url: str) -> Wallet | None:
        name = self.name_in(url)
        return self.find(name) if name else None

    def any(self, name: str) -> Wallet:
        """The wallet, disabled or not. Raises ControlError."""
        row = self._store.one("select * from wallets where name = ?", name)
        if row is None:
            raise ControlError(f"no wallet is called {name!r}")
        return Wallet.from_row(row)

    def all(self) -> list[Wallet]:
        return [Wallet.from_row(row) for row in self._store.all("select * from wallets order by created_at, name")]

    def current_name(self, name: str) -> str:
        """The name that a former name leads to, or the name itself."""
        row = self._store.one("select now from former_names where name = ?", name)
        return row["now"] if row else name

    def create(self, new: NewWallet, created_at: float) -> Wallet:
        """Open an account; its own key, which signs what it asks of other providers, is made now."""
        self._check_free(new.name)
        if not 0 <= new.balance <= LARGEST:
            raise ControlError("the balance does not fit")
        self._store.insert(
            "wallets",
            name=new.name,
            public_name=new.public_name,
            asset_code=new.asset.code,
            asset_scale=new.asset.scale,
            balance=new.balance,
            fee_fixed=new.fee.fixed,
            fee_bps=new.fee.percent_bps,
            key_id="",
            private_key="",
            created_at=created_at,
        )
        return self.rotate_key(new.name)

    def change(self, name: str, changes: Mapping[str, Any]) -> Wallet:
        """Change the public name or the fee, close or reopen it, or move it to another address. Raises ControlError."""
        wallet = self.any(name)
        unknown = set(changes) - {"publicName", "disabled", "fee", "name", "keepOld"}
        if unknown:
            raise ControlError(f"unknown: {', '.join(sorted(unknown))}")
        fee = changes.get("fee", {})
        self._store.run(
            "update wallets set public_name = ?, disabled = ?, fee_fixed = ?, fee_bps = ? where name = ?",
            changes.get("publicName", wallet.public_name),
            bool(changes.get("disabled", wallet.disabled)),
            int(fee.get("fixed", wallet.fee.fixed)),
            int(fee.get("percentBps", wallet.fee.percent_bps)),
            name,
        )
        if "name" in changes:
            self._rename(name, str(changes["name"]), keep_old=bool(changes.get("keepOld")))
        return self.any(str(changes.get("name", name)))

    def _rename(self, old: str, new: str, *, keep_old: bool) -> None:
        self._check_free(new)
        with self._store.transaction():
            self._store.run("update wallets set name = ? where name = ?", new, old)
            for table in HOLDINGS:
                self._store.run(f"update {table} set wallet = ? where wallet = ?", new, old)  # noqa: S608 - our names
            if keep_old:
                self._store.insert("former_names", name=old, now=new)

    def _check_free(self, name: str) -> None:
        if not NAME.match(name) or name in RESERVED:
            raise ControlError(f"a wallet cannot be called {name!r}")
        if self._store.one("select 1 from wallets where name = ?", name):
            raise ControlError(f"a wallet called {name!r} exists")

    def delete(self, name: str) -> None:
        """The wallet and everything in it. Raises ControlError."""
        self.any(name)
        with self._store.transaction():
            for table in HOLDINGS:
                self._store.run(f"delete from {table} where wallet = ?", name)  # noqa: S608 - our names
            self._store.run("delete from wallets where name = ?", name)

    def rotate_key(self, name: str) -> Wallet:
        """A new key of the wallet's own in place of the old one, if there was one. Raises ControlError."""
        wallet = self.any(name)
        key = keys.generate_key()
        key_id = f"wallet-{secrets.token_hex(4)}"
        private_key = keys.private_key_to_pem(key)
        self._store.run("update wallets set key_id = ?, private_key = ? where name = ?", key_id, private_key, name)
        self.remove_key(name, wallet.key_id)
        self.put_key(name, dict(keys.public_jwk(key, key_id).to_wire()))
        return self.any(name)

    def put_key(self, name: str, jwk: dict[str, Any]) -> None:
        self._store.run(
            "insert or replace into keys (wallet, kid, jwk) values (?, ?, ?)", name, jwk["kid"], json.dumps(jwk)
        )

    def remove_key(self, name: str, kid: str) -> bool:
        return self._store.run("delete from keys where wallet = ? and kid = ?", name, kid) > 0

    def keys(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(row["jwk"]) for row in self._store.all("select jwk from keys where wallet = ?", name)]

    def add_to_balance(self, name: str, amount: int) -> None:
        self._store.run("update wallets set balance = balance + ? where name = ?", amount, name)
