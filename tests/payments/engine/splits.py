"""A cast for splits: several workers, each with a wallet of their own, paid under one approval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payments.actions import wallets
from payments.actions.requests import Contact, RequestLine
from payments.openpayments.amounts import Amount
from tests.payments.engine.conftest import SECONDS, Stage

if TYPE_CHECKING:
    from payments.models import Payment, PaymentRequest


def line(stage: Stage, name: str, amount: str, *, asset: str = "USD", **more: Any) -> RequestLine:
    """A new worker with a wallet at the sandbox, who is to receive `amount` (of their wallet's currency)."""
    wallet = wallets.find_or_add(stage.sandbox.create_wallet(name, asset=asset, balance=0))
    known = wallets.check(wallet.pk, SECONDS).asset
    return RequestLine(wallet, Contact(name, f"{name}@example.org", "es"), Amount.from_major(amount, known), **more)


def split(stage: Stage, *names: str, amount: str = "100.00") -> list[RequestLine]:
    return [line(stage, name, amount) for name in names]


def paid_to(request: PaymentRequest, name: str) -> Payment:
    return request.payments.get(receiver_name=name)


def states(request: PaymentRequest) -> dict[str, str]:
    return dict(request.payments.values_list("receiver_name", "state"))


def received(stage: Stage, name: str) -> int:
    return int(stage.sandbox.wallet(name)["received"])
