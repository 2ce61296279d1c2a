"""A fresh token for an approval whose token ran out (Open Payments: `post-token`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from payments.engine.backoff import after_failure
from payments.engine.leases import wake
from payments.engine.queries import GRANT
from payments.engine.steps.base import ENGINE, SignedStep
from payments.engine.transitions import move
from payments.locking import lock
from payments.models import Grant, PaymentRequest
from payments.models.grants import GrantKind
from payments.moving import Moved
from payments.openpayments.client import Client
from payments.openpayments.errors import OpenPaymentsError
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken
from payments.presentation.reasons import why
from payments.states import GrantState
from payments.tokens import token_columns, token_of


@dataclass(frozen=True)
class RotateToken(SignedStep):
    """A fresh token for an approval whose token ran out. The old one dies: only the holder of the grant rotates."""

    operation = Operation.ROTATE_TOKEN

    grant_id: str
    token: AccessToken
    #: Whose approval it is: of a draw, the standing budget's request.
    approval_id: str

    @classmethod
    def plan(cls, request: PaymentRequest, grant: Grant) -> RotateToken:
        token = token_of(grant)
        assert token, "an active grant has a token"
        return cls(request.pk, request.seller.signer(grant.key_id), grant.pk, token, grant.request_id)

    @property
    def address(self) -> str:
        return self.token.manage_url

    @property
    def requests(self) -> tuple[str, ...]:
        """A budget before its draws, as whoever ends a budget locks them."""
        return tuple(dict.fromkeys((self.approval_id, self.request_id)))

    def call(self, client: Client, deadline: Deadline) -> AccessToken:
        return client.rotate_token(self.token, signer=self.signer, deadline=deadline)

    def apply(self, token: AccessToken) -> None:
        grant = self._lock_unrenewed()
        Grant.objects.filter(pk=grant.pk).update(**token_columns(grant, token), lease_until=None)

    def failed(self, error: OpenPaymentsError) -> None:
        grant = self._lock_unrenewed()
        code, params = why(error)
        if grant.kind != GrantKind.OUTGOING:
            # No person is needed for another one.
            move(grant, GrantState.ENDED, actor=ENGINE, reason=code, reason_params=params)
            return
        if error.is_final:
            # Ended at the wallet; or rotated before, and the answer lost: then the old token is dead, and says so now.
            ended: dict[str, Any] = {"reason": "approval_ended", "reason_params": params, "lease_until": None}
            move(grant, GrantState.CANCELLING, actor=ENGINE, **ended)
            if grant.request_id != self.request_id:
                # Of a standing budget, which is over with it.
                wake(grant.request_id)
            return
        failures = grant.failures + 1
        Grant.objects.filter(pk=grant.pk).update(
            lease_until=None,
            failures=failures,
            retry_at=after_failure(failures, error.retry_after),
            reason=code,
            reason_params=params,
        )

    def _lock_unrenewed(self) -> Grant:
        """The approval, locked until the transaction ends.

        Raises Moved when somebody else has renewed its token since, or ended it: what the wallet now says of the token
        that was to be renewed is no news, and must not end an approval that lives.
        """
        grant = lock(GRANT.build(self.grant_id), self.grant_id)
        if token_of(grant) != self.token:
            raise Moved(f"the token of grant {grant.pk} is no longer the one to renew")
        return grant
