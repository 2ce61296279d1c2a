"""The receiver's side: a place for the money, a look at what arrived, and closing it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger import clock
from payments.engine.backoff import after_failure
from payments.engine.queries import INCOMING_PAYMENT, PAYMENT
from payments.engine.steps.base import ENGINE, SignedStep, end_dead_grant, note_failure, progress, setback
from payments.engine.transitions import begin, move
from payments.models import Grant, IncomingPayment, Payment, PaymentRequest
from payments.openpayments.amounts import Amount
from payments.openpayments.client import Client
from payments.openpayments.errors import OpenPaymentsError, Refused
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken
from payments.openpayments.types import RemoteIncomingPayment as Found
from payments.presentation.reasons import why
from payments.states import AttemptState
from payments.tokens import token_of

log = logging.getLogger(__name__)

#: Wallets allow 30 days at most.
LIFETIME = timedelta(days=29)


@dataclass(frozen=True)
class IncomingStep(SignedStep):
    incoming_id: str
    payment_id: str
    grant_id: str
    token: AccessToken

    @property
    def incoming(self) -> IncomingPayment:
        return INCOMING_PAYMENT.get(self.incoming_id)

    @property
    def payment(self) -> Payment:
        return PAYMENT.get(self.payment_id)


@dataclass(frozen=True)
class CreateIncomingPayment(IncomingStep):
    """A fixed amount, so that no more than that can ever arrive (`create-incoming-payment`); none for a probe."""

    resource_server: str
    wallet_address: str
    amount: Amount | None
    expires_at: datetime
    description: str

    @classmethod
    def plan(
        cls, request: PaymentRequest, payment: Payment, grant: Grant, *, probe: bool = False
    ) -> CreateIncomingPayment:
        wallet = payment.receiver_wallet
        incoming = IncomingPayment(
            payment=payment,
            wallet=wallet,
            probe=probe,
            value=0 if probe else payment.value,
            asset_code=payment.asset_code,
            asset_scale=payment.asset_scale,
            expires_at=clock.now() + LIFETIME,
        )
        begin(incoming, actor=ENGINE)
        token = token_of(grant)
        assert token
        assert incoming.expires_at
        return cls(
            request.pk,
            request.seller.signer(grant.key_id),
            incoming.pk,
            payment.pk,
            grant.pk,
            token,
            wallet.resource_server,
            wallet.canonical_id,
            incoming.amount,
            incoming.expires_at,
            request.title,
        )

    @property
    def address(self) -> str:
        return self.resource_server

    def call(self, client: Client, deadline: Deadline) -> Found:
        return client.create_incoming_payment(
            self.resource_server,
            signer=self.signer,
            token=self.token,
            wallet_address=self.wallet_address,
            amount=self.amount,
            expires_at=self.expires_at,
            metadata={"description": self.description, "externalRef": self.payment_id},
            deadline=deadline,
        )

    def apply(self, found: Found) -> None:
        expires_at = found.expires_at or self.expires_at
        move(self.incoming, AttemptState.OPEN, actor=ENGINE, remote_id=found.id, expires_at=expires_at)
        progress(self.payment_id)

    def failed(self, error: OpenPaymentsError) -> None:
        # One that was made after all holds nothing and expires by itself.
        code, params = why(error)
        to = AttemptState.UNKNOWN if error.outcome_unknown else AttemptState.REFUSED
        move(self.incoming, to, actor=ENGINE, reason=code, reason_params=params)
        end_dead_grant(self.grant_id, error)
        setback(self.payment, error)


@dataclass(frozen=True)
class PollIncomingPayment(IncomingStep):
    """What has arrived, as the receiver's wallet says (`get-incoming-payment`): the only proof of settlement."""

    url: str

    @classmethod
    def plan(cls, request: PaymentRequest, incoming: IncomingPayment, grant: Grant) -> PollIncomingPayment:
        token = token_of(grant)
        assert token
        assert incoming.payment_id
        signer = request.seller.signer(grant.key_id)
        return cls(request.pk, signer, incoming.pk, incoming.payment_id, grant.pk, token, incoming.remote_id)

    @property
    def address(self) -> str:
        return self.url

    def call(self, client: Client, deadline: Deadline) -> Found:
        return client.get_incoming_payment(self.url, signer=self.signer, token=self.token, deadline=deadline)

    def apply(self, found: Found) -> None:
        note_received(self.incoming, found)
        Payment.objects.filter(pk=self.payment_id).update(failures=0)

    def failed(self, error: OpenPaymentsError) -> None:
        end_dead_grant(self.grant_id, error)
        note_failure(self.payment, *why(error))


@dataclass(frozen=True)
class CompleteIncomingPayment(PollIncomingPayment):
    """Complete it, so that nothing more can arrive, and read what did: the fence before any second try."""

    def call(self, client: Client, deadline: Deadline) -> Found:
        try:
            client.complete_incoming_payment(self.url, signer=self.signer, token=self.token, deadline=deadline)
        except Refused as refusal:
            # Already completed or expired, or not ours to complete: reading tells which.
            if refusal.token_is_dead or refusal.gone:
                raise
        except OpenPaymentsError as error:
            # Whether it was completed all the same, and what has arrived, is read: the money may be there.
            log.info("%s", error)
        return client.get_incoming_payment(self.url, signer=self.signer, token=self.token, deadline=deadline)

    def apply(self, found: Found) -> None:
        super().apply(found)
        if not found.completed:
            self._not_closed()

    def failed(self, error: OpenPaymentsError) -> None:
        super().failed(error)
        self._not_closed()

    def _not_closed(self) -> None:
        """Only the wallet's own word closes it: that it can't be found is no proof that nothing arrives."""
        failures = self.incoming.failures + 1
        IncomingPayment.objects.filter(pk=self.incoming_id).update(failures=failures, retry_at=after_failure(failures))


def note_received(incoming: IncomingPayment, found: Found) -> None:
    """Write down what arrived. What a wallet once reported as received never shrinks."""
    received = max(incoming.received_value, found.received_amount.value)
    closed = incoming.closed or found.completed
    IncomingPayment.objects.filter(pk=incoming.pk).update(received_value=received, closed=closed)
    incoming.received_value, incoming.closed = received, closed
    if incoming.state == AttemptState.OPEN and not incoming.probe and received >= incoming.value:
        move(incoming, AttemptState.DONE, actor=ENGINE)
    if incoming.payment:
        total = sum(row.received_value for row in incoming.payment.incoming_payments.all())
        Payment.objects.filter(pk=incoming.payment_id).update(received_value=total)
