"""Grants that need no person (to receive, to quote), fresh tokens, and giving grants back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from ledger import clock
from payments.engine.backoff import after_failure
from payments.engine.leases import wake
from payments.engine.reading import GRANT
from payments.engine.steps.base import ENGINE, SignedStep, is_final, setback
from payments.engine.transitions import Moved, begin, move
from payments.models import Grant, Payment
from payments.models.grants import GrantKind
from payments.openpayments.client import incoming_access, quote_access
from payments.openpayments.errors import BadAnswer, NotSent, Refused
from payments.openpayments.types import AccessToken, Continuation
from payments.states import GrantState, PaymentState
from payments.telling.reasons import why

if TYPE_CHECKING:
    from datetime import datetime

    from payments.models import PaymentRequest, WalletAddress
    from payments.openpayments.client import Client
    from payments.openpayments.errors import OpenPaymentsError
    from payments.openpayments.transport import Deadline
    from payments.openpayments.types import GrantAnswer, SpentAmounts

#: A token that lives shorter than this is not used any more …
MARGIN = timedelta(seconds=15)
#: … but one that has only just come is, however short its life: asking for another would bring nothing better.
SHORTEST_LIFETIME = timedelta(seconds=30)
UNSAID_LIFETIME = timedelta(minutes=10)
GIVE_UP_CLEANING = 8
#: Wallets forget a token that ran out long ago (Rafiki: after 30 days), and with it the approval.
KEEP_ALIVE = timedelta(days=7)


def token_columns(grant: Grant, token: AccessToken) -> dict[str, Any]:
    """The columns of `grant` that keep `token`."""
    lifetime = timedelta(seconds=token.expires_in) if token.expires_in is not None else UNSAID_LIFETIME
    return {
        "sealed": grant.sealed_with(token=token.value, manage=token.manage_url),
        "token_expires_at": clock.now() + max(lifetime, SHORTEST_LIFETIME),
        "failures": 0,
        "retry_at": None,
    }


def continuation_of(grant: Grant) -> Continuation | None:
    secrets = grant.secrets
    if not secrets.get("continue_uri"):
        return None
    return Continuation(uri=secrets["continue_uri"], token=secrets["continue_token"], wait_seconds=None)


def token_of(grant: Grant) -> AccessToken | None:
    secrets = grant.secrets
    if not secrets.get("token"):
        return None
    return AccessToken(value=secrets["token"], manage_url=secrets["manage"], expires_in=None)


def payer_of(request: PaymentRequest, grant: Grant) -> WalletAddress:
    """The wallet that `grant` lets pay for `request`: nearly always the row that was read with the request."""
    return request.payer_wallet if grant.wallet_id == request.payer_wallet_id else grant.wallet


def token_is_fresh(grant: Grant, now: datetime) -> bool:
    return grant.token_expires_at is not None and grant.token_expires_at > now + MARGIN


@dataclass(frozen=True)
class AskForAccess(SignedStep):
    """A grant to receive or to quote, for which the wallet asks nobody."""

    grant_id: str
    auth_server: str
    kind: str
    payment_id: str

    @classmethod
    def plan(cls, request: PaymentRequest, payment: Payment, wallet: WalletAddress, kind: str) -> AskForAccess:
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
class RotateToken(SignedStep):
    """A fresh token for an approval whose token ran out. The old one dies: only the holder of the grant rotates."""

    grant_id: str
    token: AccessToken

    @classmethod
    def plan(cls, request: PaymentRequest, grant: Grant) -> RotateToken:
        token = token_of(grant)
        assert token, "an active grant has a token"
        return cls(request.pk, request.seller.signer(grant.key_id), grant.pk, token)

    @property
    def address(self) -> str:
        return self.token.manage_url

    def call(self, client: Client, deadline: Deadline) -> AccessToken:
        return client.rotate_token(self.token, signer=self.signer, deadline=deadline)

    def apply(self, token: AccessToken) -> None:
        grant = self._unrenewed()
        Grant.objects.filter(pk=grant.pk).update(**token_columns(grant, token), lease_until=None)

    def failed(self, error: OpenPaymentsError) -> None:
        grant = self._unrenewed()
        code, params = why(error)
        if isinstance(error, Refused | BadAnswer) or error.outcome_unknown:
            # A rotation whose answer was lost has killed the old token: the approval can't be used any more.
            ended: dict[str, Any] = {"reason": "approval_ended", "reason_params": params, "lease_until": None}
            move(grant, GrantState.CANCELLING, actor=ENGINE, **ended)
            if grant.request_id != self.request_id:
                # Of a standing budget, which is over with it.
                wake(grant.request_id)
            return
        failures = grant.failures + 1
        Grant.objects.filter(pk=grant.pk).update(
            lease_until=None, failures=failures, retry_at=after_failure(failures), reason=code, reason_params=params
        )

    def _unrenewed(self) -> Grant:
        """The approval, held until the transaction ends.

        Raises Moved when somebody else has renewed its token since, or ended it: what the wallet now says of the token
        that was to be renewed is no news, and must not end an approval that lives.
        """
        grant = GRANT.get(self.grant_id)
        unchanged = Grant.objects.filter(pk=grant.pk, sealed=grant.sealed)
        if token_of(grant) != self.token or not unchanged.update(lease_until=None):
            raise Moved(f"the token of grant {grant.pk} is no longer the one to renew")
        return grant


@dataclass(frozen=True)
class LookAtSpent(SignedStep):
    """What the wallet says was spent under an approval (`get-outgoing-payment-grant`): to be shown, not believed."""

    grant_id: str
    token: AccessToken
    resource_server: str

    @classmethod
    def plan(cls, request: PaymentRequest, grant: Grant) -> LookAtSpent:
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
        if isinstance(error, Refused) or is_final(error):
            # The wallet no longer knows it: ended all the same.
            move(grant, GrantState.ENDED, actor=ENGINE, reason=code, reason_params=params, sealed="")
        elif failures >= GIVE_UP_CLEANING and not isinstance(error, NotSent):
            move(grant, GrantState.ENDED, actor=ENGINE, reason="clean_up_failed", reason_params=params, sealed="")
        else:
            Grant.objects.filter(pk=grant.pk).update(failures=failures, retry_at=after_failure(failures))
