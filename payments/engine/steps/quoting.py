"""What it costs the payer that the receiver gets exactly this much; or what this much buys (`create-quote`)."""

from __future__ import annotations

from dataclasses import dataclass

from payments.engine.queries import INCOMING_PAYMENT, PAYMENT, QUOTE
from payments.engine.steps.base import ENGINE, SignedStep, end_dead_grant, progress, setback
from payments.engine.transitions import begin, move
from payments.models import Grant, IncomingPayment, Payment, PaymentRequest, Quote
from payments.openpayments.amounts import Amount
from payments.openpayments.client import Client
from payments.openpayments.errors import OpenPaymentsError, Refused
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken
from payments.openpayments.types import RemoteQuote as Found
from payments.presentation.reasons import why
from payments.states import AttemptState
from payments.tokens import token_of

#: Why a place for money is no longer used: the payer's wallet says that it is completed, expired or not to be reached.
RECEIVER_CLOSED = "receiver_closed"


@dataclass(frozen=True)
class CreateQuote(SignedStep):
    operation = Operation.CREATE_QUOTE

    quote_id: str
    payment_id: str
    incoming_id: str
    grant_id: str
    token: AccessToken
    resource_server: str
    wallet_address: str
    receiver: str
    receive: Amount | None
    debit: Amount | None

    @classmethod
    def plan(cls, request: PaymentRequest, payment: Payment, incoming: IncomingPayment, grant: Grant) -> CreateQuote:
        """At a probe's place, what `payment` pays is asked for; at any other, what its receiver gets."""
        quote = Quote(payment=payment, incoming=incoming, probe=incoming.probe)
        begin(quote, actor=ENGINE)
        wallet = request.payer_wallet
        token = token_of(grant)
        assert token
        return cls(
            request.pk,
            request.seller.signer(grant.key_id),
            quote.pk,
            payment.pk,
            incoming.pk,
            grant.pk,
            token,
            wallet.resource_server,
            wallet.canonical_id,
            incoming.remote_id,
            None if incoming.probe else payment.amount,
            payment.pays if incoming.probe else None,
        )

    @property
    def address(self) -> str:
        return self.resource_server

    def call(self, client: Client, deadline: Deadline) -> Found:
        return client.create_quote(
            self.resource_server,
            signer=self.signer,
            token=self.token,
            wallet_address=self.wallet_address,
            receiver=self.receiver,
            receive_amount=self.receive,
            debit_amount=self.debit,
            deadline=deadline,
        )

    def apply(self, found: Found) -> None:
        quote = QUOTE.get(self.quote_id)
        debit, receive = found.debit_amount, found.receive_amount
        move(
            quote,
            AttemptState.OPEN,
            actor=ENGINE,
            remote_id=found.id,
            expires_at=found.expires_at,
            debit_value=debit.value,
            debit_code=debit.asset.code,
            debit_scale=debit.asset.scale,
            receive_value=receive.value,
            receive_code=receive.asset.code,
            receive_scale=receive.asset.scale,
        )
        progress(self.payment_id)

    def failed(self, error: OpenPaymentsError) -> None:
        code, params = why(error)
        incoming = INCOMING_PAYMENT.get(self.incoming_id)
        if incoming.state == AttemptState.OPEN and isinstance(error, Refused):
            # Completed, expired or unreachable; or no longer what was quoted before, as when a part has arrived: what
            # is there is read, then the next try makes a new place for the money.
            was_quoted = incoming.quotes.exclude(remote_id="").exists()
            if error.receiver_is_closed or (was_quoted and error.is_final):
                move(incoming, AttemptState.FAILED, actor=ENGINE, reason=RECEIVER_CLOSED)
        to = AttemptState.UNKNOWN if error.outcome_unknown else AttemptState.REFUSED
        quote = QUOTE.get(self.quote_id)
        move(quote, to, actor=ENGINE, reason=code, reason_params=params)
        end_dead_grant(self.grant_id, error, self.token)
        setback(PAYMENT.get(self.payment_id), error, self.grant_id)
