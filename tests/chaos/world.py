"""The world of a run: wallets, their owners' balances, a seller, two people of the staff, and the clock."""

import random
from dataclasses import dataclass, field
from pathlib import Path

from django.contrib.auth.models import User

from payments.actions import set_rules, wallets
from payments.actions.requests import Contact
from payments.models import Seller
from payments.openpayments.amounts import Amount, Asset
from payments.openpayments.keys import Jwk, generate_key, public_jwk
from tests.cast import seller_with_key
from tests.chaos.books import Outgoing
from tests.chaos.clock import VirtualClock
from tests.sandbox.process import SandboxProcess

PAYERS = [
    ("USD", 2, 0, 0),
    ("MXN", 2, 0, 0),
    ("USD", 2, 25, 100),
    ("EUR", 2, 0, 50),
    ("MXN", 2, 500, 0),
    ("JPY", 0, 0, 0),
]
WORKERS = [("MXN", 2), ("USD", 2), ("MXN", 2), ("JPY", 0), ("MXN", 2), ("EUR", 2)]
PER_KIND = 3
#: Of everybody: no wallet keeps anybody from giving back, or paying out, more than they may.
BALANCE = 10**12
#: Real seconds.
LOOK_UP_SECONDS = 4.0
#: Above this a second person authorises, in minor units of every currency.
LIMIT = 150_000


@dataclass
class Account:
    """`started` is what it had and was given since, in minor units: what the audit reckons from."""

    name: str
    url: str
    asset: Asset
    started: int


@dataclass
class World:
    sandbox: SandboxProcess
    #: The provider's own file, for the audit after the run.
    books: Path
    clock: VirtualClock
    seller: Seller
    seller_key: Jwk
    #: The seller's own: the fee comes here, and what is held for workers.
    platform: Account
    staff: User
    colleague: User
    payers: list[Account]
    workers: list[Account]
    refusals: dict[str, int] = field(default_factory=dict)
    #: What payers were shown as the most they pay when they approved, by the grant they approved.
    shown: dict[str, Amount] = field(default_factory=dict)
    #: Outgoing payments that their wallet forgot after they were over.
    forgotten: list[Outgoing] = field(default_factory=list)

    @property
    def accounts(self) -> list[Account]:
        return [*self.payers, *self.workers, self.platform]

    def give(self, account: Account, minor_units: int) -> None:
        """Put money in, or take it out."""
        self.sandbox.control("POST", f"/wallets/{account.name}/balance", {"add": str(minor_units)})
        account.started += minor_units

    def look_up(self, *accounts: Account) -> None:
        """Have their wallet addresses looked up, where they are not known to be usable."""
        for account in accounts:
            known = wallets.find_or_add(account.url)
            if not known.is_usable:
                wallets.check(known.pk, LOOK_UP_SECONDS)

    def refused(self, code: str) -> None:
        self.refusals[code] = self.refusals.get(code, 0) + 1


def build(sandbox: SandboxProcess, books: Path, clock: VirtualClock) -> World:
    sandbox.settings(settleOnCommand=True, settleDelayMs=0, waitSeconds=5, noRouteSeconds=0)
    key = generate_key()
    jwk = public_jwk(key, "k1")
    seller_url = sandbox.create_wallet("platform", balance=BALANCE, keys=[dict(jwk.to_wire())])
    platform = Account("platform", seller_url, Asset("USD", 2), BALANCE)
    wallet = wallets.find_or_add(seller_url)
    seller = seller_with_key(
        key,
        id="platform",
        name="Tequio",
        wallet=wallet,
        is_default=True,
        may_hold_money=True,
        approval_email="treasury@example.org",
    )
    staff = User.objects.create_user("rosa", is_staff=True)
    payers = [
        _account(sandbox, f"payer-{number}-{kind}", PAYERS[kind], BALANCE)
        for number in range(PER_KIND)
        for kind in range(len(PAYERS))
    ]
    workers = [
        _account(sandbox, f"worker-{number}-{kind}", (*WORKERS[kind], 0, 0), BALANCE)
        for number in range(PER_KIND)
        for kind in range(len(WORKERS))
    ]
    for asset in dict.fromkeys(account.asset for account in payers):
        set_rules.set_rule(Amount(LIMIT, asset), staff)
    colleague = User.objects.create_user("tomas", is_staff=True)
    return World(sandbox, books, clock, seller, jwk, platform, staff, colleague, payers, workers)


def _account(sandbox: SandboxProcess, name: str, kind: tuple[str, int, int, int], balance: int) -> Account:
    code, scale, fixed, share = kind
    url = sandbox.create_wallet(
        name, asset=code, scale=scale, balance=balance, fee={"fixed": fixed, "percentBps": share}
    )
    return Account(name, url, Asset(code, scale), balance)


def contact(account: Account) -> Contact:
    return Contact(account.name, f"{account.name}@example.org", "es")


def amount_for(dice: random.Random, asset: Asset) -> Amount:
    """Small, middle, and some that need a second person."""
    value = dice.choice((1, 99, 2_500, 10_000, 25_000, 99_999, 180_000, 450_000))
    return Amount(value, asset)
