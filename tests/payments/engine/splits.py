"""A cast for splits: several workers, each with a wallet of their own, paid under one approval."""

from typing import Any

from payments.actions.requests import Contact, RequestLine
from payments.models import Payment, PaymentRequest
from payments.openpayments.amounts import Amount
from tests.driver import Stage


def line(stage: Stage, name: str, amount: str, *, asset: str = "USD", **more: Any) -> RequestLine:
    """A new worker with a wallet at the sandbox, who is to receive `amount` (of their wallet's currency)."""
    wallet = stage.wallet(name, asset)
    sum_ = Amount.from_major(amount, wallet.asset)
    return RequestLine(wallet, Contact(name, f"{name}@example.org", "es"), sum_, **more)


def split(stage: Stage, *names: str, amount: str = "100.00") -> list[RequestLine]:
    return [line(stage, name, amount) for name in names]


def paid_to(request: PaymentRequest, name: str) -> Payment:
    return request.payments.get(receiver_name=name)


def states(request: PaymentRequest) -> dict[str, str]:
    return dict(request.payments.values_list("receiver_name", "state"))
