"""The payer's side: the order to pay, and finding out what became of it.

An order whose outcome is unknown is never given again. First the wallet is asked what it did; when it can't tell, the
receiver's incoming payment is completed and read (see `receiving.CompleteIncomingPayment`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger import clock
from payments.engine.backoff import after_failure, next_poll
from payments.engine.queries import OUTGOING_PAYMENT
from payments.engine.steps.access import payer_of
from payments.engine.steps.base import ENGINE, SignedStep, block_of, note_failure
from payments.engine.transitions import begin, move
from payments.models import Grant, OutgoingPayment, Payment, PaymentRequest, Quote
from payments.models.payments import Block
from payments.openpayments.amounts import Amount
from payments.openpayments.client import Client
from payments.openpayments.errors import OpenPaymentsError, Refused
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken
from payments.openpayments.types import RemoteOutgoingPayment as Found
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import why
from payments.states import AttemptState, PaymentState
from payments.tokens import token_of

PAGE_SIZE = 100
MAX_PAGES = 20


@dataclass(frozen=True)
class OutgoingRef:
    """What a call about one order to pay needs to know."""

    outgoing_id: str
    token: AccessToken
    resource_server: str
    wallet_address: str
    quote_url: str

    @classmethod
    def of(cls, request: PaymentRequest, outgoing: OutgoingPayment) -> OutgoingRef:
        token = token_of(outgoing.grant)
        assert token, "orders are given, and looked for, under a living grant"
        wallet = payer_of(request, outgoing.grant)
        return cls(outgoing.pk, token, wallet.resource_server, wallet.canonical_id, outgoing.quote.remote_id)


@dataclass(frozen=True)
class OutgoingStep(SignedStep):
    ref: OutgoingRef

    @property
    def address(self) -> str:
        return self.ref.resource_server

    @property
    def outgoing(self) -> OutgoingPayment:
        return OUTGOING_PAYMENT.get(self.ref.outgoing_id)


@dataclass(frozen=True)
class CreateOutgoingPayment(OutgoingStep):
    """The one call that moves money (`create-outgoing-payment`)."""

    operation = Operation.CREATE_OUTGOING_PAYMENT

    payment_id: str
    description: str

    @classmethod
    def plan(cls, request: PaymentRequest, payment: Payment, quote: Quote) -> CreateOutgoingPayment:
        assert payment.grant
        outgoing = OutgoingPayment(payment=payment, quote=quote, grant=payment.grant)
        begin(outgoing, actor=ENGINE)
        move(payment, PaymentState.SENDING, actor=ENGINE)
        signer = request.seller.signer(payment.grant.key_id)
        return cls(request.pk, signer, OutgoingRef.of(request, outgoing), payment.pk, request.title)

    def call(self, client: Client, deadline: Deadline) -> Found:
        return client.create_outgoing_payment(
            self.ref.resource_server,
            signer=self.signer,
            token=self.ref.token,
            wallet_address=self.ref.wallet_address,
            quote_id=self.ref.quote_url,
            metadata={"description": self.description, "externalRef": self.payment_id, "attempt": self.ref.outgoing_id},
            deadline=deadline,
        )

    def apply(self, found: Found) -> None:
        note_sent(self.outgoing, found)

    def failed(self, error: OpenPaymentsError) -> None:
        outgoing, (code, params) = self.outgoing, why(error)
        if error.outcome_unknown:
            note_unknown(outgoing, code, params)
            return
        move(outgoing, AttemptState.REFUSED, actor=ENGINE, reason=code, reason_params=params)
        failures = outgoing.payment.failures + 1
        over_limit = isinstance(error, Refused) and error.over_limit
        move(
            outgoing.payment,
            PaymentState.APPROVED,
            actor=ENGINE,
            failures=failures,
            retry_at=after_failure(failures, error.retry_after),
            reason="over_limit" if over_limit else code,
            blocked_by=Block.OVER_LIMIT if over_limit else block_of(error),
            reason_params=params,
        )
        end_dead_token(outgoing, error, self.ref.token)


@dataclass(frozen=True)
class FindOutgoingPayment(OutgoingStep):
    """Did the wallet create it after all? Its list tells (`list-outgoing-payments`), matched by quote and attempt."""

    operation = Operation.LIST_OUTGOING_PAYMENTS

    @classmethod
    def plan(cls, request: PaymentRequest, outgoing: OutgoingPayment) -> FindOutgoingPayment:
        return cls(request.pk, request.seller.signer(outgoing.grant.key_id), OutgoingRef.of(request, outgoing))

    def call(self, client: Client, deadline: Deadline) -> Found | None:
        cursor = None
        for _ in range(MAX_PAGES):
            page = client.list_outgoing_payments(
                self.ref.resource_server,
                signer=self.signer,
                token=self.ref.token,
                wallet_address=self.ref.wallet_address,
                cursor=cursor,
                first=PAGE_SIZE,
                deadline=deadline,
            )
            for found in page.items:
                if found.quote_id == self.ref.quote_url or found.metadata.get("attempt") == self.ref.outgoing_id:
                    return found
            if not page.has_next:
                break
            cursor = page.end_cursor
        return None

    def apply(self, found: Found | None) -> None:
        outgoing = self.outgoing
        if found is not None:
            note_sent(outgoing, found)
            return
        payment = outgoing.payment
        polls = payment.polls + 1
        Payment.objects.filter(pk=payment.pk).update(polls=polls, retry_at=next_poll(polls + 1), failures=0)

    def failed(self, error: OpenPaymentsError) -> None:
        end_dead_token(self.outgoing, error, self.ref.token)
        payment = self.outgoing.payment
        note_failure(payment, *why(error))
        # Looking failed is looking all the same: after enough of it the fence decides.
        Payment.objects.filter(pk=payment.pk).update(polls=payment.polls + 1)


@dataclass(frozen=True)
class PollOutgoingPayment(OutgoingStep):
    """Has the payer's wallet given up (`get-outgoing-payment`)? What arrived is asked of the receiver's wallet."""

    operation = Operation.GET_OUTGOING_PAYMENT

    url: str

    @classmethod
    def plan(cls, request: PaymentRequest, outgoing: OutgoingPayment) -> PollOutgoingPayment:
        signer = request.seller.signer(outgoing.grant.key_id)
        return cls(request.pk, signer, OutgoingRef.of(request, outgoing), outgoing.remote_id)

    def call(self, client: Client, deadline: Deadline) -> Found:
        return client.get_outgoing_payment(self.url, signer=self.signer, token=self.ref.token, deadline=deadline)

    def apply(self, found: Found) -> None:
        outgoing = self.outgoing
        if (sent := _within(found.sent_amount, outgoing.quote)) is not None:
            OutgoingPayment.objects.filter(pk=outgoing.pk).update(sent_value=sent)
        if found.failed and outgoing.state == AttemptState.OPEN:
            # What arrived before it failed, if anything, only the receiver's wallet can tell.
            move(outgoing, AttemptState.FAILED, actor=ENGINE, reason="order_failed")
            # News: the receiver's side is closed and read now, not at the next look.
            Payment.objects.filter(pk=outgoing.payment_id).update(retry_at=None, polls=0)

    def failed(self, error: OpenPaymentsError) -> None:
        """Only a help: the receiver's side decides, and is looked at by its own clock."""
        end_dead_token(self.outgoing, error, self.ref.token)


def note_sent(outgoing: OutgoingPayment, found: Found) -> None:
    """The payer's wallet has the order.

    It takes what its quote said, or less. Whatever else it says is kept as a reason, not as an amount: what was really
    taken, its statement tells.
    """
    quoted = outgoing.quote.debit
    assert quoted, "orders are given for quotes"
    debit = _within(found.debit_amount, outgoing.quote)
    odd: dict[str, Any] = {}
    if debit is None:
        params = {"told": format_amount(found.debit_amount), "quoted": format_amount(quoted)}
        odd = {"reason": "debit_differs", "reason_params": params}
    move(
        outgoing,
        AttemptState.OPEN,
        actor=ENGINE,
        remote_id=found.id,
        debit_value=debit,
        sent_value=_within(found.sent_amount, outgoing.quote),
        asset_code=quoted.asset.code,
        asset_scale=quoted.asset.scale,
        **odd,
    )
    move(
        outgoing.payment,
        PaymentState.SENT,
        actor=ENGINE,
        sent_at=clock.now(),
        failures=0,
        polls=0,
        retry_at=next_poll(0),
    )


def _within(told: Amount, quote: Quote) -> int | None:
    """Minor units of the quote's own asset, where the wallet told such and no more than it had quoted."""
    quoted = quote.debit
    assert quoted, "orders are given for quotes"
    return told.value if told.asset == quoted.asset and told.value <= quoted.value else None


def note_unknown(outgoing: OutgoingPayment, code: str, params: dict[str, str]) -> None:
    """Nobody knows whether the wallet has the order."""
    move(outgoing, AttemptState.UNKNOWN, actor=ENGINE, reason=code, reason_params=params)
    move(
        outgoing.payment,
        PaymentState.UNKNOWN,
        actor=ENGINE,
        reason="outcome_unknown",
        reason_params=params,
        failures=0,
        polls=0,
        retry_at=next_poll(0),
    )


def end_dead_token(outgoing: OutgoingPayment, error: OpenPaymentsError, used: AccessToken) -> None:
    """An approval's token that the wallet no longer takes may still be rotated: mark it as run out.

    Not when another request, paid under the same approval, has renewed it meanwhile.
    """
    if isinstance(error, Refused) and error.token_is_dead and token_of(outgoing.grant) == used:
        Grant.objects.filter(pk=outgoing.grant_id).update(token_expires_at=clock.now())
