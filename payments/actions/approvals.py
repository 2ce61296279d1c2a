"""What the payer does, from their link and on the way back from their wallet. No network here."""

from typing import Literal

from django.db import transaction
from django_q.tasks import async_task

from ledger import clock
from ledger.api import Actor, record
from payments.actions.requests import ADVANCE_TASK, lock_request
from payments.authorisation import needs_second_person
from payments.engine.close_request import end_unsent
from payments.engine.transitions import move
from payments.models import Grant, PaymentRequest
from payments.models.grants import GrantKind
from payments.openpayments.amounts import Amount
from payments.openpayments.interaction import hash_matches
from payments.presentation.reasons import Refusal
from payments.states import FINISHED_PAYMENTS, GrantState, RequestState

Return = Literal["accepted", "repeated", "wrong_hash", "unknown"]

MAX_REFERENCE = 2000
MAX_WORDS = 500
CAME_BACK = (GrantState.RETURNED, GrantState.CONTINUING)


@transaction.atomic
def approve(request_id: str, accepted: int | None, language: str = "") -> PaymentRequest:
    """The payer wants their wallet's page, having been shown `accepted` minor units as the most they pay from now on.

    The `language` that they chose to read in is theirs from now on: on the way back, and in their mail. An amount that
    has grown is accepted by naming it. Raises Refusal when the request no longer waits for its payer, or when the page
    showed another amount.
    """
    request = lock_request(request_id)
    if request.state != RequestState.AWAITING_APPROVAL:
        raise Refusal("not_now", state=str(RequestState(request.state).label))
    if clock.now() >= request.expires_at:
        raise Refusal("link_expired", date=request.expires_at.date().isoformat())
    if request.grants.filter(kind=GrantKind.OUTGOING, state__in=CAME_BACK).exists():
        # Already approved in the wallet, and just being collected.
        return request
    if accepted is not None and accepted != request.shown:
        raise Refusal("amount_grew" if accepted < (request.shown or 0) else "amount_changed")
    if request.proposed_debit is not None:
        if accepted is None:
            raise Refusal("amount_grew")
        if needs_second_person(request):
            # It was noted just now; the engine has yet to take it there.
            raise Refusal("needs_authorisation")
        _accept(request, request.proposed_debit)
    if language:
        PaymentRequest.objects.filter(pk=request.pk).update(payer_language=language)
    columns = {"payer_asked_at": clock.now(), "failures": 0, "retry_at": None, "reason": "", "reason_params": {}}
    PaymentRequest.objects.filter(pk=request.pk).update(**columns)
    request.payments.exclude(state__in=FINISHED_PAYMENTS).update(failures=0, retry_at=None)
    _tell(request, "request.approve_pressed", request.ceiling)
    async_task(ADVANCE_TASK, request.pk)
    request.refresh_from_db()
    return request


def _accept(request: PaymentRequest, debit: int) -> None:
    request.ceiling_debit, request.proposed_debit = debit, None
    PaymentRequest.objects.filter(pk=request.pk).update(ceiling_debit=debit, proposed_debit=None)
    _tell(request, "request.amount_accepted", request.ceiling)


def _tell(request: PaymentRequest, kind: str, amount: Amount | None) -> None:
    assert amount, "the payer was shown an amount"
    record(
        kind, actor=Actor.payer(request.pk), subjects={"request": request.pk}, data={"ceiling": dict(amount.to_wire())}
    )


def wallet_page(request: PaymentRequest) -> str | None:
    """Where the payer approves now, while that page of their wallet lives; None when it must be asked for anew."""
    if request.state != RequestState.AWAITING_APPROVAL or request.payer_asked_at is not None:
        return None
    grant = request.grants.filter(
        kind=GrantKind.OUTGOING, state=GrantState.PENDING, interaction_expires_at__gt=clock.now()
    ).first()
    return grant.secrets.get("redirect") if grant else None


@transaction.atomic
def decline(request_id: str, reason: str) -> PaymentRequest:
    """The payer says no, to all or to the rest. Raises Refusal once it is too late for that."""
    request = lock_request(request_id)
    if request.state != RequestState.AWAITING_APPROVAL:
        raise Refusal("not_now", state=str(RequestState(request.state).label))
    actor, words = Actor.payer(request.pk), " ".join(reason.split())[:MAX_WORDS]
    end_unsent(
        request,
        list(request.payments.all()),
        RequestState.DECLINED,
        actor=actor,
        private={"words": words} if words else None,
        reason="declined",
        reason_params={"words": words},
    )
    async_task(ADVANCE_TASK, request.pk)
    return request


def came_back(request_id: str, grant_id: str | None, *, interact_ref: str, hash: str) -> Return:  # noqa: A002 - the wire's name
    """The payer is back from their wallet (Open Payments, step 7): keep the reference when its hash is right.

    Nothing but a right hash changes anything. `grant_id` is the one our own return address named, if it did.
    """
    with transaction.atomic():
        if not PaymentRequest.objects.filter(pk=request_id).exists():
            return "unknown"
        request = lock_request(request_id)
        grants = request.grants.filter(kind=GrantKind.OUTGOING).select_related("wallet").order_by("-created_at")
        if grant_id:
            grants = grants.filter(pk=grant_id)
        if not grants:
            return "unknown"
        for grant in grants:
            if _is_right(grant, interact_ref, hash):
                return _accepted(request, grant, interact_ref)
        return "repeated" if all(grant.state == GrantState.ENDED for grant in grants) else "wrong_hash"


def _is_right(grant: Grant, interact_ref: str, given: str) -> bool:
    secrets = grant.secrets
    if not secrets.get("finish") or not 0 < len(interact_ref) <= MAX_REFERENCE:
        return False
    return hash_matches(
        given,
        nonce=secrets["nonce"],
        finish=secrets["finish"],
        interact_ref=interact_ref,
        auth_server=grant.auth_server,
    )


def _accepted(request: PaymentRequest, grant: Grant, interact_ref: str) -> Return:
    if grant.state != GrantState.PENDING or request.state != RequestState.AWAITING_APPROVAL:
        return "repeated"
    sealed = grant.sealed_with(interact_ref=interact_ref)
    move(grant, GrantState.RETURNED, actor=Actor.payer(request.pk), sealed=sealed, failures=0)
    PaymentRequest.objects.filter(pk=request.pk).update(payer_asked_at=None, reason="", reason_params={})
    async_task(ADVANCE_TASK, request.pk)
    return "accepted"
