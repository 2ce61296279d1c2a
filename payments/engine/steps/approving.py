"""The payer's approval: asking their wallet for it, and collecting it once they came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from ledger import clock
from ledger.api import record
from payments import links
from payments.engine.backoff import after_failure
from payments.engine.queries import GRANT, REQUEST
from payments.engine.steps.base import ENGINE, SignedStep, is_hopeless, stop_asking
from payments.engine.transitions import begin, move
from payments.mail.queue import queue_message
from payments.models import Grant, PaymentRequest, StandingBudget
from payments.models.fields import amount_of
from payments.models.grants import GrantKind
from payments.models.messages import Template
from payments.models.standing_budgets import budget_of
from payments.openpayments.amounts import Amount
from payments.openpayments.client import Client, InteractRequest, Limits, outgoing_access
from payments.openpayments.errors import Meaning, OpenPaymentsError, Refused
from payments.openpayments.interaction import new_nonce
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.openpayments.types import Continuation, GrantAnswer
from payments.presentation.reasons import why
from payments.states import GrantState, PaymentState, RequestState
from payments.tokens import continuation_of, token_columns

#: How long a wallet keeps its page open, unless it says otherwise (it has no way to).
INTERACTION_LIFETIME = timedelta(minutes=10)
PATIENCE = 3
UNSAID_WAIT_SECONDS = 5
#: Whatever a wallet says, it is asked again by then.
LONGEST_WAIT = timedelta(minutes=10)
MOST_AS_TOLD = 20
#: So often a wallet says that it does not know us, before it is believed: our keys may be out of its reach for minutes.
MOST_TRIES_UNKNOWN = 6


@dataclass(frozen=True)
class RequestApprovalGrant(SignedStep):
    """An interactive grant, limited to what the payer was shown for now (`post-request` with `interact`)."""

    operation = Operation.REQUEST_GRANT

    grant_id: str
    auth_server: str
    wallet_address: str
    limit: Amount
    interval: str
    finish_uri: str
    nonce: str

    @classmethod
    def plan(cls, request: PaymentRequest) -> RequestApprovalGrant:
        wallet = request.payer_wallet
        assert request.shown is not None, "the payer was shown an amount"
        limit = amount_of(request.shown, request.asset_code, request.asset_scale)
        assert limit
        budget = budget_of(request)
        grant = Grant(
            request=request,
            kind=GrantKind.OUTGOING,
            wallet=wallet,
            key=request.seller.active_key,
            auth_server=wallet.auth_server,
            limit_debit=limit.value,
            asset_code=limit.asset.code,
            asset_scale=limit.asset.scale,
            interval=budget.interval if budget else "",
        )
        nonce = new_nonce()
        grant.sealed = grant.sealed_with(nonce=nonce)
        begin(grant, actor=ENGINE)
        finish_uri = links.finish_url(request.pk, grant.pk)
        return cls(
            request.pk,
            request.seller.signer(grant.key_id),
            grant.pk,
            wallet.auth_server,
            wallet.canonical_id,
            limit,
            grant.interval,
            finish_uri,
            nonce,
        )

    @property
    def address(self) -> str:
        return self.auth_server

    def call(self, client: Client, deadline: Deadline) -> GrantAnswer:
        limits = Limits(debit_amount=self.limit, interval=self.interval or None)
        access = outgoing_access(["create", "read", "list"], identifier=self.wallet_address, limits=limits)
        return client.request_grant(
            self.auth_server,
            signer=self.signer,
            access=[access],
            interact=InteractRequest(finish_uri=self.finish_uri, nonce=self.nonce),
            deadline=deadline,
        )

    def apply(self, answer: GrantAnswer) -> None:
        if answer.interact is None or answer.continue_ is None:
            # An approval that nobody gave is none: an outgoing grant must go through its owner.
            self._refuse("approval_without_person", {"host": urlsplit(self.auth_server).netloc})
            return
        now = clock.now()
        grant = GRANT.get(self.grant_id)
        wait = answer.continue_.wait_seconds or 0
        sealed = grant.sealed_with(
            finish=answer.interact.finish,
            redirect=answer.interact.redirect,
            continue_uri=answer.continue_.uri,
            continue_token=answer.continue_.token,
        )
        move(
            grant,
            GrantState.PENDING,
            actor=ENGINE,
            sealed=sealed,
            interaction_expires_at=now + INTERACTION_LIFETIME,
            wait_until=now + min(timedelta(seconds=wait), LONGEST_WAIT),
        )
        PaymentRequest.objects.filter(pk=self.request_id).update(
            payer_asked_at=None, failures=0, retry_at=None, reason="", reason_params={}
        )

    def _refuse(self, code: str, params: dict[str, str]) -> None:
        move(GRANT.get(self.grant_id), GrantState.REFUSED, actor=ENGINE, reason=code, reason_params=params)
        stop_asking(self.request_id, code, params)

    def failed(self, error: OpenPaymentsError) -> None:
        code, params = why(error)
        to = GrantState.LOST if error.outcome_unknown else GrantState.REFUSED
        move(GRANT.get(self.grant_id), to, actor=ENGINE, reason=code, reason_params=params)
        request = REQUEST.get(self.request_id)
        failures = request.failures + 1
        if is_hopeless(error) or failures >= PATIENCE:
            stop_asking(request.pk, code, params)
        else:
            PaymentRequest.objects.filter(pk=request.pk).update(
                failures=failures,
                retry_at=after_failure(failures, error.retry_after),
                reason=code,
                reason_params=params,
            )


@dataclass(frozen=True)
class ContinueGrant(SignedStep):
    """Collect what the payer approved (`post-continue`). It can be done once; a lost answer loses the approval."""

    operation = Operation.CONTINUE_GRANT

    grant_id: str
    continuation: Continuation
    interact_ref: str

    @classmethod
    def plan(cls, request: PaymentRequest, grant: Grant) -> ContinueGrant:
        move(grant, GrantState.CONTINUING, actor=ENGINE)
        continuation = continuation_of(grant)
        assert continuation
        signer = request.seller.signer(grant.key_id)
        return cls(request.pk, signer, grant.pk, continuation, grant.secrets["interact_ref"])

    @property
    def address(self) -> str:
        return self.continuation.uri

    def call(self, client: Client, deadline: Deadline) -> GrantAnswer:
        return client.continue_grant(self.continuation, self.interact_ref, signer=self.signer, deadline=deadline)

    def apply(self, answer: GrantAnswer) -> None:
        grant = GRANT.get(self.grant_id)
        more: dict[str, str] = {}
        if answer.continue_:
            more = {"continue_uri": answer.continue_.uri, "continue_token": answer.continue_.token}
        if answer.token is None:
            # The wallet is still busy with it.
            self._back(grant, (answer.continue_.wait_seconds if answer.continue_ else None), more)
            return
        grant.sealed = grant.sealed_with(**more, interact_ref="", redirect="")
        move(grant, GrantState.ACTIVE, actor=ENGINE, **token_columns(grant, answer.token))
        if grant.interval and answer.token.interval == "":
            self._no_intervals(grant)
            return
        approved(REQUEST.get(self.request_id), grant)

    def _no_intervals(self, grant: Grant) -> None:
        """The wallet granted something else: one limit for ever, perhaps. It goes back unused; the payer is told."""
        move(grant, GrantState.CANCELLING, actor=ENGINE, reason="budget_without_intervals")
        request = REQUEST.get(self.request_id)
        if request.state == RequestState.AWAITING_APPROVAL:
            told: dict[str, Any] = {
                "reason": "budget_without_intervals",
                "finished_at": clock.now(),
                "payer_asked_at": None,
            }
            move(request, RequestState.FAILED, actor=ENGINE, **told)
            queue_message(Template.BUDGET_OVER, request=request, occasion=f"over:{request.pk}")

    def failed(self, error: OpenPaymentsError) -> None:
        grant = GRANT.get(self.grant_id)
        code, params = why(error)
        withdrawn = isinstance(error, Refused) and error.signature_refused and grant.failures >= MOST_TRIES_UNKNOWN
        if error.meaning is Meaning.LATER and not withdrawn:
            too_fast = isinstance(error, Refused) and error.too_fast
            wait = max(int(error.retry_after.total_seconds()), UNSAID_WAIT_SECONDS if too_fast else 0)
            self._back(grant, wait or None, {})
        elif withdrawn:
            # The payer said yes, but to a key that our wallet address no longer lists: it can't be collected.
            move(grant, GrantState.CANCELLING, actor=ENGINE, reason="key_withdrawn", reason_params=params)
            ask_again(REQUEST.get(self.request_id), grant, "key_withdrawn")
        elif error.is_final:
            move(grant, GrantState.REFUSED, actor=ENGINE, reason=code, reason_params=params)
            self._say("approval_refused")
        else:
            move(grant, GrantState.CANCELLING, actor=ENGINE, reason="approval_lost", reason_params=params)
            ask_again(REQUEST.get(self.request_id), grant, "approval_lost")

    def _back(self, grant: Grant, wait_seconds: int | None, more: dict[str, str]) -> None:
        failures = grant.failures + 1
        told = min(timedelta(seconds=wait_seconds or 0), LONGEST_WAIT)
        # As the wallet likes it, at first; one that says the same for ever is asked ever more rarely.
        wait = after_failure(failures if not wait_seconds else max(1, failures - MOST_AS_TOLD), told)
        sealed = grant.sealed_with(**more)
        move(grant, GrantState.RETURNED, actor=ENGINE, wait_until=wait, failures=failures, sealed=sealed)

    def _say(self, code: str) -> None:
        PaymentRequest.objects.filter(pk=self.request_id).update(reason=code, reason_params={})


def approved(request: PaymentRequest, grant: Grant) -> None:
    """The payer's approval is in our hands: every payment of the request may be sent under it."""
    if request.state != RequestState.AWAITING_APPROVAL:
        # Cancelled or declined while the answer was on its way: the approval goes back unused.
        move(grant, GrantState.CANCELLING, actor=ENGINE)
        return
    move(request, RequestState.APPROVED, actor=ENGINE, approved_at=clock.now(), failures=0, retry_at=None)
    if budget := budget_of(request):
        StandingBudget.objects.filter(pk=budget.pk).update(grant=grant)
        subjects = {"budget": budget.pk, "request": request.pk, "grant": grant.pk}
        record("budget.approved", actor=ENGINE, subjects=subjects, data={"interval": grant.interval})
    for payment in request.payments.filter(state=PaymentState.QUOTED):
        move(payment, PaymentState.APPROVED, actor=ENGINE, grant=grant, failures=0, retry_at=None)


def ask_again(request: PaymentRequest, grant: Grant, code: str) -> None:
    """The approval was lost before it was used: the same link asks for it once more, and a mail says why."""
    PaymentRequest.objects.filter(pk=request.pk).update(reason=code, reason_params={}, payer_asked_at=None)
    if request.state == RequestState.AWAITING_APPROVAL:
        tell_again(request, grant)


def tell_again(request: PaymentRequest, grant: Grant) -> None:
    template = Template.BUDGET if budget_of(request) else Template.APPROVAL_AGAIN
    queue_message(template, request=request, occasion=f"again:{request.pk}:{grant.pk}")
