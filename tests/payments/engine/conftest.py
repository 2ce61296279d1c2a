"""A stage for the engine: a real sandbox provider, a seller whose key it knows, a payer and a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User

from payments import links
from payments.actions import approvals, requests, wallets
from payments.actions.requests import Contact, RequestLine
from payments.engine import backoff
from payments.engine.advance import advance
from payments.models import Payment, PaymentRequest, Seller
from payments.openpayments.amounts import Amount
from payments.openpayments.keys import generate_key, public_jwk
from tests.sandbox.fixtures import sandbox, sandbox_process
from tests.sellers import seller_with_key

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.process import SandboxProcess

__all__ = ["sandbox", "sandbox_process"]

SECONDS = 15.0


@dataclass
class Stage:
    """Everything a test of the engine needs to tell its story."""

    sandbox: SandboxProcess
    seller: Seller
    staff: User
    payer_url: str
    worker_url: str
    clock_file: Path
    asked: int = 0
    offset: int = 0

    def later(self, seconds: int) -> None:
        """Move the clock of the back office and of the wallets forward."""
        self.offset += seconds
        self.clock_file.write_text(str(self.offset))
        self.sandbox.clock(self.offset)

    def ask(self, amount: str = "100.00", **changes: Any) -> PaymentRequest:
        """A new request of the staff, not quoted yet."""
        self.asked += 1
        worker = wallets.find_or_add(changes.pop("worker_url", self.worker_url))
        asset = wallets.check(worker.pk, SECONDS).asset
        return requests.ask(
            payer_wallet=wallets.find_or_add(changes.pop("payer_url", self.payer_url)),
            payer=Contact("Fundación Sol", "sol@example.org", "es"),
            seller=self.seller,
            lines=changes.pop("lines", None)
            or [RequestLine(worker, Contact("María", "maria@example.org", "es"), Amount.from_major(amount, asset))],
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

    def at_wallet(self, request: PaymentRequest, accepted: int | None = None) -> str:
        """The payer pressed "approve": the page of their wallet."""
        approvals.approve(request.pk, accepted)
        page = approvals.wallet_page(advance(request.pk, SECONDS))
        assert page, PaymentRequest.objects.get(pk=request.pk).reason
        return page

    def come_back(self, request: PaymentRequest, finish_url: str) -> approvals.Return:
        """What the finish page does with the address that the wallet sent the payer to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(finish_url).query).items()}
        grant_id = links.read_return(query["return"])
        return approvals.came_back(request.pk, grant_id, interact_ref=query["interact_ref"], hash=query["hash"])

    def approved(self, **changes: Any) -> PaymentRequest:
        """The payer approved and came back; nothing was collected yet."""
        request = self.sent(**changes)
        assert self.come_back(request, self.sandbox.approve(self.at_wallet(request))) == "accepted"
        return request

    def settled(self, **changes: Any) -> PaymentRequest:
        return advance(self.approved(**changes).pk, SECONDS)

    def payment(self, request: PaymentRequest) -> Payment:
        return Payment.objects.get(request=request)

    def received(self) -> int:
        return int(self.sandbox.wallet("maria")["received"])


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backoff and looks a tenth as long: the order of things stays what it is."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.1)
    monkeypatch.setattr(backoff, "POLL_SECONDS", tuple(seconds / 10 for seconds in backoff.POLL_SECONDS))


@pytest.fixture
def stage(db: None, sandbox: SandboxProcess, settings: Any, tmp_path: Path) -> Stage:
    return set_the_stage(sandbox, settings, tmp_path)


def set_the_stage(sandbox: SandboxProcess, settings: Any, tmp_path: Path) -> Stage:
    """The cast at `sandbox`; the caller has a database."""
    from payments.client import client  # noqa: PLC0415 - the client is made with the settings below

    settings.OPEN_PAYMENTS_TRUSTED_HOSTS = [sandbox.trusted_host]
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    client.cache_clear()
    sandbox.settings(waitSeconds=0)
    key = generate_key()
    seller_url = sandbox.create_wallet("platform", keys=[public_jwk(key, "k1").to_wire()])
    wallet = wallets.find_or_add(seller_url)
    seller = seller_with_key(key, id="platform", name="Tequio", wallet=wallet, is_default=True)
    return Stage(
        sandbox=sandbox,
        seller=seller,
        staff=User.objects.create_user("rosa", is_staff=True),
        payer_url=sandbox.create_wallet("sol"),
        worker_url=sandbox.create_wallet("maria", balance=0),
        clock_file=tmp_path / "clock",
    )
