"""Grants that need no person (to receive, to quote), what was spent under one, and giving grants back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from ledger import clock
from payments.engine.backoff import after_failure
from payments.engine.queries import GRANT
from payments.engine.steps.base import ENGINE, SignedStep, setback
from payments.engine.transitions import begin, move
from payments.models import Grant, Payment, PaymentRequest, WalletAddress
from payments.models.grants import GrantKind
from payments.openpayments.client import Client, incoming_access, quote_access
from payments.openpayments.errors import OpenPaymentsError, Refused, UnsafeUrl
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken, Continuation, GrantAnswer, SpentAmounts
from payments.presentation.reasons import why
from payments.states import GrantState, PaymentState
from payments.tokens import continuation_of, token_columns, token_of

#: Its secrets are kept for so long while the wallet does not say that an approval has ended.
GIVE_UP_CLEANING = timedelta(days=1)


def payer_of(request: PaymentRequest, grant: Grant) -> WalletAddress:
    """The wallet that `grant` lets pay for `request`: nearly always the row that was read with the request."""
    return request.payer_wallet if grant.wallet_id == request.payer_wallet_id else grant.wallet


@dataclass(frozen=True)
class RequestAccessGrant(SignedStep):
    """A grant to receive or to quote, for which the wallet asks nobody."""

    operation = Operation.REQUEST_GRANT

    grant_id: str
    auth_server: str
    kind: str
    payment_id: str

    @classmethod
    def plan(cls, request: PaymentRequest, payment: Payment, wallet: WalletAddress, kind: str) -> RequestAccessGrant:
        grant = Grant(
            request=request, kind=kind, wallet=wallet, auth_server=wallet.auth_server, key=request.seller.active_key
        )
        begin(grant, actor=ENGINE)
        signer = request.seller.signer(grant.key_id)
        return cls(request.pk, signer, grant.pk, wallet.auth_server, kind, payment.pk)

    @property
    def address(self) -> str:
        return self.auth_server

    def call(self, client: Client, deadline: Deadline) -> GrantAnswer:
        if self.kind == GrantKind.INCOMING:
            access = incoming_access(["create", "read", "complete", "list"])
        else:
            access = quote_access(["create", "read"])
        return client.request_grant(
            self.auth_server, signer=self.signer, access=[access], interact=None, deadline=deadline
        )

    def apply(self, answer: GrantAnswer) -> None:
        grant = GRANT.get(self.grant_id)
        assert answer.token, "the client insists on a token where no interaction was asked for"
        move(grant, GrantState.ACTIVE, actor=ENGINE, **token_columns(grant, answer.token))

    def failed(self, error: OpenPaymentsError) -> None:
        code, params = why(error)
        to = GrantState.LOST if error.outcome_unknown else GrantState.REFUSED
        move(GRANT.get(self.grant_id), to, actor=ENGINE, reason=code, reason_params=params)
        for payment in self._who_waits():
            setback(payment, error)

    def _who_waits(self) -> list[Payment]:
        """Every payment for which a person waits and that needs this access: none of them asks once more by itself."""
        waits = Q(state__in=[PaymentState.NEW, PaymentState.QUOTED])
        if self.kind == GrantKind.INCOMING:
            waits &= Q(receiver_wallet__auth_server=self.auth_server)
        return list(Payment.objects.filter(Q(pk=self.payment_id) | waits, request=self.request_id))


@dataclass(frozen=True)
class PollSpentAmounts(SignedStep):
    """What the wallet says was spent under an approval (`get-outgoing-payment-grant`): to be shown, not believed."""

    operation = Operation.GET_SPENT_AMOUNTS

    grant_id: str
    token: AccessToken
    resource_server: str

    @classmethod
    def plan(cls, request: PaymentRequest, grant: Grant) -> PollSpentAmounts:
        token = token_of(grant)
        assert token, "an active grant has a token"
        server = payer_of(request, grant).resource_server
        return cls(request.pk, request.seller.signer(grant.key_id), grant.pk, token, server)

    @property
    def address(self) -> str:
        return self.resource_server

    def call(self, client: Client, deadline: Deadline) -> SpentAmounts:
        return client.get_spent_amounts(self.resource_server, signer=self.signer, token=self.token, deadline=deadline)

    def apply(self, answer: SpentAmounts) -> None:
        limit = GRANT.get(self.grant_id).limit
        assert limit, "an approval has a limit"
        spent = answer.debit_amount
        if spent is None:
            self._note(0)
        else:
            self._note(spent.value if spent.asset == limit.asset else None)

    def failed(self, error: OpenPaymentsError) -> None:
        """Not every wallet offers it."""
        del error
        self._note(None)

    def _note(self, spent: int | None) -> None:
        told = {"spent_value": spent, "spent_checked_at": clock.now(), "asks_spent": False}
        Grant.objects.filter(pk=self.grant_id).update(**told)


@dataclass(frozen=True)
class CancelGrant(SignedStep):
    """Give an approval back, so that nothing can be paid under it any more."""

    operation = Operation.CANCEL_GRANT

    grant_id: str
    continuation: Continuation | None
    token: AccessToken | None

    @classmethod
    def plan(cls, request: PaymentRequest, grant: Grant) -> CancelGrant:
        signer = request.seller.signer(grant.key_id)
        return cls(request.pk, signer, grant.pk, continuation_of(grant), token_of(grant))

    @property
    def address(self) -> str:
        return self.continuation.uri if self.continuation else self.token.manage_url if self.token else ""

    def call(self, client: Client, deadline: Deadline) -> None:
        if self.continuation:
            client.cancel_grant(self.continuation, signer=self.signer, deadline=deadline)
        elif self.token:
            client.revoke_token(self.token, signer=self.signer, deadline=deadline)

    def apply(self, answer: None) -> None:
        del answer
        move(GRANT.get(self.grant_id), GrantState.ENDED, actor=ENGINE, sealed="")

    def failed(self, error: OpenPaymentsError) -> None:
        grant = GRANT.get(self.grant_id)
        code, params = why(error)
        failures = grant.failures + 1
        if isinstance(error, Refused) and error.is_final and (error.gone or error.unauthorized):
            # The wallet no longer knows it: ended all the same.
            move(grant, GrantState.ENDED, actor=ENGINE, reason=code, reason_params=params, sealed="")
        elif isinstance(error, UnsafeUrl) or clock.now() > grant.changed_at + GIVE_UP_CLEANING:
            move(grant, GrantState.ENDED, actor=ENGINE, reason="clean_up_failed", reason_params=params, sealed="")
        else:
            retry_at = after_failure(failures, error.retry_after)
            Grant.objects.filter(pk=grant.pk).update(failures=failures, retry_at=retry_at)
