"""The receiver's side: a place for the money, a look at what arrived, and closing it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from ledger import clock
from payments.books.booking import book
from payments.engine import evidence
from payments.engine.backoff import after_failure
from payments.engine.queries import GRANT, INCOMING_PAYMENT, PAYMENT
from payments.engine.steps.base import ENGINE, SignedStep, end_dead_grant, note_failure, progress, setback
from payments.engine.transitions import begin, move
from payments.models import Grant, IncomingPayment, Payment, PaymentRequest
from payments.openpayments.amounts import LARGEST_VALUE, Amount, Asset
from payments.openpayments.client import Client
from payments.openpayments.errors import BadAnswer, OpenPaymentsError, Refused
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken
from payments.openpayments.types import RemoteIncomingPayment as Found
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import why
from payments.states import FINISHED_PAYMENTS, PAID, AttemptState, PaymentState
from payments.tokens import token_of

log = logging.getLogger(__name__)

#: Short, so that a wallet that is gone keeps nobody waiting for longer; who approves later gets a new one.
LIFETIME = timedelta(days=1)
JUST_ISSUED = timedelta(seconds=20)


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

    operation = Operation.CREATE_INCOMING_PAYMENT

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
        end_dead_grant(self.grant_id, error, self.token)
        setback(self.payment, error, self.grant_id)


@dataclass(frozen=True)
class PollIncomingPayment(IncomingStep):
    """What has arrived, as the receiver's wallet says (`get-incoming-payment`): the only proof of settlement."""

    operation = Operation.GET_INCOMING_PAYMENT

    url: str
    asset: Asset

    @classmethod
    def plan(cls, request: PaymentRequest, incoming: IncomingPayment, grant: Grant) -> PollIncomingPayment:
        token = token_of(grant)
        assert token
        assert incoming.payment_id
        signer = request.seller.signer(grant.key_id)
        asset = Asset(incoming.asset_code, incoming.asset_scale)
        return cls(request.pk, signer, incoming.pk, incoming.payment_id, grant.pk, token, incoming.remote_id, asset)

    @property
    def address(self) -> str:
        return self.url

    def call(self, client: Client, deadline: Deadline) -> Found:
        return self._read(client, deadline)

    def _read(self, client: Client, deadline: Deadline) -> Found:
        found = client.get_incoming_payment(self.url, signer=self.signer, token=self.token, deadline=deadline)
        if found.received_amount.asset != self.asset:
            told = f"received in {found.received_amount.asset}, not in {self.asset}"
            raise BadAnswer(self.operation, self.url, told, "other_amount")
        return found

    def apply(self, found: Found) -> None:
        incoming = self.incoming
        note_received(incoming, found.received_amount.value, completed=found.completed)
        self._look_again(incoming)

    def failed(self, error: OpenPaymentsError) -> None:
        incoming = self.incoming
        # What it says to the token of another request may be about that token.
        own = GRANT.get(self.grant_id).request_id == self.request_id
        denied = own and isinstance(error, Refused) and (error.gone or (error.may_be_gone and self._has_new_token()))
        end_dead_grant(self.grant_id, error, self.token)
        if denied and evidence.note_denied(incoming):
            self._look_again(incoming)
            return
        note_failure(self.payment, *why(error), at_least=error.retry_after)

    def _has_new_token(self) -> bool:
        """Some wallets say of what is gone what they say to a dead token; this one can't be dead yet."""
        return GRANT.get(self.grant_id).changed_at > clock.now() - JUST_ISSUED

    def _look_again(self, incoming: IncomingPayment) -> None:
        """A second answer, a little later, decides about what is over."""
        columns: dict[str, Any] = {"failures": 0}
        if again := evidence.second_read_at(incoming):
            columns["retry_at"] = again
        Payment.objects.filter(pk=self.payment_id).update(**columns)


@dataclass(frozen=True)
class CompleteIncomingPayment(PollIncomingPayment):
    """Complete it, so that nothing more can arrive, and read what did: the fence before any second try."""

    operation = Operation.COMPLETE_INCOMING_PAYMENT

    def call(self, client: Client, deadline: Deadline) -> Found:
        try:
            client.complete_incoming_payment(self.url, signer=self.signer, token=self.token, deadline=deadline)
        except Refused as refusal:
            # Already completed, expired or gone, or not ours to complete: reading tells which.
            if refusal.token_is_dead:
                raise
        except OpenPaymentsError as error:
            # Whether it was completed all the same, and what has arrived, is read: the money may be there.
            log.info("%s", error)
        return self._read(client, deadline)

    def apply(self, found: Found) -> None:
        super().apply(found)
        self._note_try()

    def failed(self, error: OpenPaymentsError) -> None:
        super().failed(error)
        self._note_try()

    def _note_try(self) -> None:
        """Only the wallet's own word closes it: that it can't be found is no proof that nothing arrives."""
        incoming = self.incoming
        if evidence.is_closed(incoming):
            return
        if again := evidence.second_read_at(incoming):
            IncomingPayment.objects.filter(pk=incoming.pk).update(failures=0, retry_at=again)
            return
        failures = incoming.failures + 1
        again = after_failure(failures)
        IncomingPayment.objects.filter(pk=incoming.pk).update(failures=failures, retry_at=again)
        if incoming.over_at is None:
            # It was read, and is as open as before: whoever wants it closed tries no sooner.
            sooner = Q(retry_at=None) | Q(retry_at__lt=again)
            Payment.objects.filter(sooner, pk=self.payment_id).update(retry_at=again)


def note_received(incoming: IncomingPayment, received: int, *, completed: bool) -> None:
    """Write down what has arrived, in minor units, and that its payment, if it had ended, got more than was known."""
    is_news = evidence.note_read(incoming, received, completed=completed)
    if incoming.state == AttemptState.OPEN and not incoming.probe and incoming.received_value >= incoming.value:
        move(incoming, AttemptState.DONE, actor=ENGINE)
    elif is_news:
        evidence.tell(incoming, "incoming.read", ENGINE)
    if incoming.payment_id is None:
        return
    payment = PAYMENT.get(incoming.payment_id)
    total = min(LARGEST_VALUE, sum(row.received_value for row in payment.incoming_payments.all()))
    more = total > payment.received_value
    Payment.objects.filter(pk=payment.pk).update(received_value=total)
    payment.received_value = total
    if more and payment.state in FINISHED_PAYMENTS:
        note_late(payment)
    elif more:
        book([payment.pk])
    incoming.payment = payment


def note_late(payment: Payment) -> None:
    """It had ended, and more has arrived since: a person must see to it, whatever it was called."""
    twice = payment.state in PAID
    move(
        payment,
        PaymentState.NEEDS_ATTENTION,
        actor=ENGINE,
        reason="arrived_twice" if twice else "arrived_late",
        reason_params=arrived(payment),
        late_at=clock.now(),
        settled_at=None,
        owner=None,
        decision="",
    )


def arrived(payment: Payment) -> dict[str, str]:
    """How much arrived of how much, for a reason's sentence."""
    return {"received": format_amount(payment.received), "amount": format_amount(payment.amount)}
