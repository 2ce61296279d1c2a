"""Whether an answer answers what was asked. Schemas cannot tell; each check raises UnusableAnswerError."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from payments.openpayments.amounts import Amount
from payments.openpayments.parsing import UnusableAnswerError
from payments.openpayments.types import RemoteIncomingPayment, RemoteOutgoingPayment, RemoteQuote

CLOCK_TOLERANCE: Final = timedelta(seconds=30)


class Resource(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def wallet_address(self) -> str: ...


R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True)
class AskedQuote:
    wallet_address: str
    receiver: str
    debit_amount: Amount | None
    receive_amount: Amount | None


def same_id(found: Resource, url: str) -> None:
    if found.id != url:
        raise UnusableAnswerError("other_id", "this is another resource than the one asked for")


def same_wallet_address(found: Resource, wallet_address: str) -> None:
    """A trailing slash makes no difference: the specification's own examples have both."""
    if found.wallet_address.rstrip("/") != wallet_address.rstrip("/"):
        raise UnusableAnswerError("other_wallet_address", "this belongs to another wallet address")


def new_incoming_payment(
    payment: RemoteIncomingPayment, wallet_address: str, amount: Amount | None, now: datetime
) -> None:
    same_wallet_address(payment, wallet_address)
    if payment.incoming_amount != amount:
        raise UnusableAnswerError("other_amount", "the incoming payment expects another amount")
    if not payment.received_amount.is_zero:
        raise UnusableAnswerError("already_received", "a new incoming payment has already received something")
    if payment.completed:
        raise UnusableAnswerError("already_completed", "a new incoming payment is already completed")
    _not_expired(payment.expires_at, now)


def completed(payment: RemoteIncomingPayment) -> None:
    if not payment.completed:
        raise UnusableAnswerError("not_completed", "the wallet says yes but the incoming payment is still open")


def new_quote(quote: RemoteQuote, asked: AskedQuote, now: datetime) -> None:
    same_wallet_address(quote, asked.wallet_address)
    if quote.receiver != asked.receiver:
        raise UnusableAnswerError("other_receiver", "the quote pays another receiver")
    if asked.receive_amount is not None and quote.receive_amount != asked.receive_amount:
        raise UnusableAnswerError("other_amount", "the quote delivers another amount")
    if asked.debit_amount is not None and not _is_within(quote.debit_amount, asked.debit_amount):
        raise UnusableAnswerError("other_amount", "the quote debits another amount")
    if quote.debit_amount.is_zero or quote.receive_amount.is_zero:
        raise UnusableAnswerError("other_amount", "the quote moves nothing")
    if quote.method != "ilp":
        raise UnusableAnswerError("wrong_shape", "the quote is for another payment method")
    _not_expired(quote.expires_at, now)


def new_outgoing_payment(payment: RemoteOutgoingPayment, wallet_address: str, quote_id: str) -> None:
    same_wallet_address(payment, wallet_address)
    if payment.quote_id is not None and payment.quote_id != quote_id:
        raise UnusableAnswerError("other_quote", "the payment was made from another quote")


def _is_within(debited: Amount, offered: Amount) -> bool:
    """A wallet may need a little less than offered; it never takes more, nor another currency."""
    return debited.asset == offered.asset and debited <= offered


def _not_expired(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at + CLOCK_TOLERANCE <= now:
        raise UnusableAnswerError("expired", "it was already expired when it was made")
