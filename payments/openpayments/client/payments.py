# ruff: noqa: PLR0913, PLR0917 - the members of a request are the arguments of its call
"""Calls to resource servers: incoming payments, quotes, outgoing payments. Answers have to answer what was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from payments.openpayments import parsing
from payments.openpayments.amounts import Amount
from payments.openpayments.client import checks
from payments.openpayments.client.asking import Asking
from payments.openpayments.client.checks import R
from payments.openpayments.operations import Operation
from payments.openpayments.parsing import Reader
from payments.openpayments.signing import Signer
from payments.openpayments.transport import Deadline
from payments.openpayments.types import (
    AccessToken,
    PublicIncomingPayment,
    RemoteIncomingPayment,
    RemoteOutgoingPayment,
    RemoteQuote,
    ResultPage,
    SpentAmounts,
)
from payments.openpayments.wirejson import Json, JsonObject


class PaymentCalls(Asking):
    def create_incoming_payment(
        self,
        resource_server: str,
        *,
        signer: Signer,
        token: AccessToken,
        wallet_address: str,
        amount: Amount | None,
        expires_at: datetime | None,
        metadata: JsonObject | None,
        deadline: Deadline,
    ) -> RemoteIncomingPayment:
        """Prepares `wallet_address` (its id) to receive exactly `amount`, or any when None, until `expires_at`."""
        body: dict[str, Json] = {"walletAddress": wallet_address}
        if amount is not None:
            body["incomingAmount"] = amount.to_wire()
        if expires_at is not None:
            body["expiresAt"] = _written(expires_at)
        if metadata:
            body["metadata"] = metadata

        def read(answer: Reader) -> RemoteIncomingPayment:
            payment = parsing.incoming_payment(answer)
            checks.new_incoming_payment(payment, wallet_address, amount, self.transport.now())
            return payment

        return self._ask(
            Operation.CREATE_INCOMING_PAYMENT,
            _joined(resource_server, "incoming-payments"),
            read,
            deadline=deadline,
            body=body,
            signer=signer,
            token=token.value,
        )

    def get_incoming_payment(
        self, url: str, *, signer: Signer, token: AccessToken, deadline: Deadline
    ) -> RemoteIncomingPayment:
        return self._get(Operation.GET_INCOMING_PAYMENT, url, parsing.incoming_payment, signer, token, deadline)

    def get_public_incoming_payment(self, url: str, *, deadline: Deadline) -> PublicIncomingPayment:
        """What anybody may see: asked without token and signature."""
        return self._ask(Operation.GET_INCOMING_PAYMENT, url, parsing.public_incoming_payment, deadline=deadline)

    def complete_incoming_payment(
        self, url: str, *, signer: Signer, token: AccessToken, deadline: Deadline
    ) -> RemoteIncomingPayment:
        """Closes the incoming payment: nothing can arrive on it any more. What arrived so far is in the answer."""

        def read(answer: Reader) -> RemoteIncomingPayment:
            payment = parsing.incoming_payment(answer)
            checks.same_id(payment, url)
            checks.completed(payment)
            return payment

        return self._ask(
            Operation.COMPLETE_INCOMING_PAYMENT,
            f"{url}/complete",
            read,
            deadline=deadline,
            signer=signer,
            token=token.value,
        )

    def list_incoming_payments(
        self,
        resource_server: str,
        *,
        signer: Signer,
        token: AccessToken,
        wallet_address: str,
        deadline: Deadline,
        first: int | None = None,
        cursor: str | None = None,
    ) -> ResultPage[RemoteIncomingPayment]:
        """Newest first; `first` items (wallets give 20 by default, 100 at most) after `cursor`."""
        return self._list(
            Operation.LIST_INCOMING_PAYMENTS,
            resource_server,
            "incoming-payments",
            parsing.incoming_payment,
            _Span(wallet_address, first, cursor),
            signer,
            token,
            deadline,
        )

    def create_quote(
        self,
        resource_server: str,
        *,
        signer: Signer,
        token: AccessToken,
        wallet_address: str,
        receiver: str,
        deadline: Deadline,
        debit_amount: Amount | None = None,
        receive_amount: Amount | None = None,
        incoming_amount: Amount | None = None,
    ) -> RemoteQuote:
        """What it costs `wallet_address` (the payer's id) to pay `receiver` (an incoming payment's id).

        At most one of `debit_amount` and `receive_amount` is asked for. With neither, the receiver's own amount counts:
        pass it as `incoming_amount` (it is not sent), and the quote is held against it.
        """
        if debit_amount is not None and receive_amount is not None:
            raise ValueError("a quote fixes either what is debited or what is received")
        body: dict[str, Json] = {"walletAddress": wallet_address, "receiver": receiver, "method": "ilp"}
        if debit_amount is not None:
            body["debitAmount"] = debit_amount.to_wire()
        if receive_amount is not None:
            body["receiveAmount"] = receive_amount.to_wire()
        fixed_at_receiver = incoming_amount if debit_amount is None else None
        asked = checks.AskedQuote(wallet_address, receiver, debit_amount, receive_amount or fixed_at_receiver)

        def read(answer: Reader) -> RemoteQuote:
            quote = parsing.quote(answer)
            checks.new_quote(quote, asked, self.transport.now())
            return quote

        return self._ask(
            Operation.CREATE_QUOTE,
            _joined(resource_server, "quotes"),
            read,
            deadline=deadline,
            body=body,
            signer=signer,
            token=token.value,
        )

    def get_quote(self, url: str, *, signer: Signer, token: AccessToken, deadline: Deadline) -> RemoteQuote:
        return self._get(Operation.GET_QUOTE, url, parsing.quote, signer, token, deadline)

    def create_outgoing_payment(
        self,
        resource_server: str,
        *,
        signer: Signer,
        token: AccessToken,
        wallet_address: str,
        quote_id: str,
        metadata: JsonObject | None,
        deadline: Deadline,
    ) -> RemoteOutgoingPayment:
        """Moves money. There is no idempotency key: after an unknown outcome look first, never repeat."""
        body: dict[str, Json] = {"walletAddress": wallet_address, "quoteId": quote_id}
        if metadata:
            body["metadata"] = metadata

        def read(answer: Reader) -> RemoteOutgoingPayment:
            payment = parsing.outgoing_payment(answer)
            checks.new_outgoing_payment(payment, wallet_address, quote_id)
            return payment

        return self._ask(
            Operation.CREATE_OUTGOING_PAYMENT,
            _joined(resource_server, "outgoing-payments"),
            read,
            deadline=deadline,
            body=body,
            signer=signer,
            token=token.value,
        )

    def get_outgoing_payment(
        self, url: str, *, signer: Signer, token: AccessToken, deadline: Deadline
    ) -> RemoteOutgoingPayment:
        return self._get(Operation.GET_OUTGOING_PAYMENT, url, parsing.outgoing_payment, signer, token, deadline)

    def list_outgoing_payments(
        self,
        resource_server: str,
        *,
        signer: Signer,
        token: AccessToken,
        wallet_address: str,
        deadline: Deadline,
        first: int | None = None,
        cursor: str | None = None,
    ) -> ResultPage[RemoteOutgoingPayment]:
        """Newest first; `first` items (wallets give 20 by default, 100 at most) after `cursor`."""
        return self._list(
            Operation.LIST_OUTGOING_PAYMENTS,
            resource_server,
            "outgoing-payments",
            parsing.outgoing_payment,
            _Span(wallet_address, first, cursor),
            signer,
            token,
            deadline,
        )

    def get_spent_amounts(
        self, resource_server: str, *, signer: Signer, token: AccessToken, deadline: Deadline
    ) -> SpentAmounts:
        """Spent so far under the grant of `token`, in the current interval. Not every wallet offers this."""
        return self._ask(
            Operation.GET_SPENT_AMOUNTS,
            _joined(resource_server, "outgoing-payment-grant"),
            parsing.spent_amounts,
            deadline=deadline,
            signer=signer,
            token=token.value,
        )

    def _get(
        self,
        operation: Operation,
        url: str,
        parse: Callable[[Reader], R],
        signer: Signer,
        token: AccessToken,
        deadline: Deadline,
    ) -> R:
        def read(answer: Reader) -> R:
            found = parse(answer)
            checks.same_id(found, url)
            return found

        return self._ask(operation, url, read, deadline=deadline, signer=signer, token=token.value)

    def _list(
        self,
        operation: Operation,
        resource_server: str,
        collection: str,
        parse: Callable[[Reader], R],
        span: _Span,
        signer: Signer,
        token: AccessToken,
        deadline: Deadline,
    ) -> ResultPage[R]:
        def read(answer: Reader) -> ResultPage[R]:
            page = parsing.page(answer, parse)
            for item in page.items:
                checks.same_wallet_address(item, span.wallet_address)
            return page

        url = _joined(resource_server, collection)
        return self._ask(
            operation, url, read, deadline=deadline, query=span.to_query(), signer=signer, token=token.value
        )


@dataclass(frozen=True, slots=True)
class _Span:
    """Which part of which wallet address's list."""

    wallet_address: str
    first: int | None
    cursor: str | None

    def to_query(self) -> dict[str, str]:
        query = {"wallet-address": self.wallet_address}
        if self.first is not None:
            query["first"] = str(self.first)
        if self.cursor is not None:
            query["cursor"] = self.cursor
        return query


def _joined(resource_server: str, collection: str) -> str:
    return f"{resource_server.rstrip('/')}/{collection}"


def _written(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as JavaScript writes it."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
