"""The payer's way, driven in the test's own process: asked, sent, approved at a sandbox wallet, come back, settled.

The functions need only the product and a wallet's address; a `Stage` has a whole cast at one sandbox provider.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.models import User
from django.db import connection

from payments import links
from payments.actions import approvals, requests, wallets
from payments.actions.requests import Contact, RequestLine
from payments.engine import evidence
from payments.engine.advance import advance
from payments.models import Payment, PaymentRequest, Seller, WalletAddress
from payments.openpayments.amounts import Amount
from payments.openpayments.keys import generate_key, public_jwk
from payments.states import RequestState
from tests.cast import seller_with_key, staff
from tests.sandbox.process import SandboxProcess

SECONDS = 15.0
SOL = Contact("Fundación Sol", "sol@example.org", "es")
MARIA = Contact("María", "maria@example.org", "es")


def together(*calls: Callable[[], Any]) -> list[Any]:
    """What each call gave, or the exception it raised; all begun at the same time."""

    def one(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - the caller judges it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(one, calls))


def usable(url: str, seconds: float = SECONDS) -> WalletAddress:
    """The wallet address, after its wallet was asked what it is."""
    return wallets.check(wallets.find_or_add(url).pk, seconds)


def at_wallet(request_id: str, accepted: int | None = None) -> str:
    """The payer pressed "approve": the page of their wallet."""
    approvals.approve(request_id, accepted)
    asked = advance(request_id, SECONDS)
    page = approvals.wallet_page(asked)
    assert page, (asked.state, asked.reason)
    return page


def come_back(request_id: str, finish_url: str, *, changed: str = "") -> approvals.Return:
    """What our finish page does with the address; `changed` is added to the reference, as a forger would."""
    query = asked_back(finish_url)
    reference, grant_id = query["interact_ref"] + changed, links.read_return(query["return"])
    return approvals.came_back(request_id, grant_id, interact_ref=reference, hash=query["hash"])


def asked_back(finish_url: str) -> dict[str, str]:
    """What the address says that the wallet sent the payer to."""
    return {name: values[0] for name, values in parse_qs(urlsplit(finish_url).query).items()}


@dataclass
class Stage:
    """Everything a test of the engine needs to tell its story: a seller, a payer in dollars, a worker, the clock."""

    sandbox: SandboxProcess
    seller: Seller
    staff: User
    payer_url: str
    worker_url: str
    clock_file: Path
    asked: int = 0
    offset: float = 0
    #: Seconds that nobody waited for: they were skipped by moving the clocks.
    skipped: float = 0
    skipping: Lock = field(default_factory=Lock)

    @property
    def payer(self) -> WalletAddress:
        return usable(self.payer_url)

    @property
    def worker(self) -> WalletAddress:
        return usable(self.worker_url)

    def wallet(self, name: str, asset: str = "USD", *, balance: int = 0, **more: Any) -> WalletAddress:
        """A new one at the sandbox, of which everything is known."""
        return usable(self.sandbox.create_wallet(name, asset=asset, balance=balance, **more))

    def later(self, seconds: float) -> None:
        """Move the clock of the back office and of the wallets forward."""
        self.offset += seconds
        self.clock_file.write_text(str(self.offset))
        self.sandbox.clock(self.offset)

    def skip(self, seconds: float) -> None:
        """What the engine does in the place of waiting: time passes at once, here and at the wallets."""
        with self.skipping:
            self.skipped += seconds
            self.later(seconds)

    def monotonic(self) -> float:
        """By which the engine measures how long it has waited: however slow the machine, it does as much."""
        return self.skipped

    def ask(self, amount: str = "100.00", **changes: Any) -> PaymentRequest:
        """A new request of the staff, not quoted yet."""
        self.asked += 1
        worker = usable(changes.pop("worker_url", self.worker_url))
        return requests.ask(
            payer_wallet=wallets.find_or_add(changes.pop("payer_url", self.payer_url)),
            payer=SOL,
            seller=self.seller,
            lines=changes.pop("lines", None) or [RequestLine(worker, MARIA, Amount.from_major(amount, worker.asset))],
            title="Translation into Nahuatl",
            reference="PO-7",
            requested_by=self.staff,
            form_id=changes.pop("form_id", f"form-{self.asked}"),
        )

    def quoted(self, **changes: Any) -> PaymentRequest:
        return advance(self.ask(**changes).pk, SECONDS)

    def sent(self, **changes: Any) -> PaymentRequest:
        """Quoted, and the link is with the payer."""
        return requests.send(self.quoted(**changes).pk, by=self.staff)

    def approved(self, **changes: Any) -> PaymentRequest:
        """The payer approved and came back; nothing was collected yet."""
        return self.approve(self.sent(**changes))

    def settled(self, **changes: Any) -> PaymentRequest:
        return advance(self.approved(**changes).pk, SECONDS)

    def send(self, request: PaymentRequest, seconds: float = SECONDS) -> PaymentRequest:
        """Quote what was asked, and send the link; a second person authorises it where that is needed."""
        quoted = advance(request.pk, seconds)
        assert quoted.state == RequestState.QUOTED, quoted.reason
        sent = requests.send(request.pk, by=self.staff)
        if sent.state == RequestState.AWAITING_AUTHORISATION:
            sent = requests.authorise(request.pk, by=staff("luis"))
        return sent

    def at_wallet(self, request: PaymentRequest, accepted: int | None = None) -> str:
        return at_wallet(request.pk, accepted)

    def come_back(self, request: PaymentRequest, finish_url: str) -> approvals.Return:
        return come_back(request.pk, finish_url)

    def approve(self, request: PaymentRequest, accepted: int | None = None) -> PaymentRequest:
        """The payer of a request that was sent approves it in their wallet and comes back."""
        assert self.come_back(request, self.sandbox.approve(self.at_wallet(request, accepted))) == "accepted"
        return request

    def settle(self, request: PaymentRequest, accepted: int | None = None, seconds: float = SECONDS) -> PaymentRequest:
        """The payer of a request that was sent approves it, and the engine goes as far as it can in `seconds`."""
        return advance(self.approve(request, accepted).pk, seconds)

    def see_through(self, request: PaymentRequest, seconds: float = SECONDS) -> PaymentRequest:
        """Two turns of the engine, the second when the wallets can be asked once more about what they called over."""
        advance(request.pk, seconds)
        self.later(int(evidence.APART.total_seconds()) + 1)
        return advance(request.pk, seconds)

    def payment(self, request: PaymentRequest) -> Payment:
        return Payment.objects.get(request=request)

    def received(self, name: str = "maria") -> int:
        """What the wallet of that name has taken in, in minor units."""
        return int(self.sandbox.wallet(name)["received"])


def set_the_stage(sandbox: SandboxProcess, settings: Any, tmp_path: Path) -> Stage:
    """The cast at `sandbox`; the caller has a database."""
    from payments.client import client  # noqa: PLC0415 - the client is made with the settings below

    settings.OPEN_PAYMENTS_TRUSTED_HOSTS = sandbox.trusted_hosts
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    client.cache_clear()
    sandbox.settings(waitSeconds=0)
    key = generate_key()
    seller_url = sandbox.create_wallet("platform", keys=[public_jwk(key, "k1").to_wire()])
    seller = seller_with_key(key, id="platform", name="Tequio", wallet=wallets.find_or_add(seller_url), is_default=True)
    return Stage(
        sandbox=sandbox,
        seller=seller,
        staff=staff("rosa"),
        payer_url=sandbox.create_wallet("sol"),
        worker_url=sandbox.create_wallet("maria", balance=0),
        clock_file=tmp_path / "clock",
    )
