"""A choir that pays Maria for a recording: one request with its payment, in every state."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ledger import clock
from payments.engine.transitions import begin, move
from payments.models import Grant, Payment, PaymentRequest, StandingBudget, WalletProof
from payments.models.standing_budgets import Unit
from payments.states import GrantState, PaymentState, RequestState
from tests.cast.progress import ACTOR, bring, grant_of
from tests.cast.sellers import radio
from tests.cast.wallets import wallet

TITLE = "Cuentos en náhuatl: recording"
PAYER_WALLET = "https://wallet.example/choir"
RECEIVER_WALLET = "https://bank.example/maria"
#: How far a request usually came before it ended like this.
ENDED_AFTER = {RequestState.FAILED: RequestState.APPROVED, RequestState.CANCELLED: RequestState.AWAITING_APPROVAL}
#: Columns that the last move sets.
TOLD = ("reason", "reason_params", "received_value", "decision")


@transaction.atomic
def asked(state: RequestState = RequestState.AWAITING_APPROVAL, **columns: Any) -> PaymentRequest:
    """A request over 1,250.00 MXN for Maria, at most 1,262.50 MXN for the payer, in `state`."""
    told = {name: columns.pop(name) for name in TOLD if name in columns}
    expires_at = clock.now() + timedelta(days=14)
    row = PaymentRequest(
        **{
            "title": TITLE,
            "reference": "PO-2026-118",
            "seller": columns.get("seller") or radio(),
            "payer_wallet": wallet(PAYER_WALLET),
            "payer_name": "Coro de Oaxaca",
            "payer_email": "coro@example.org",
            "ceiling_debit": 126250,
            "asset_code": "MXN",
            "asset_scale": 2,
            "expires_at": expires_at,
            "next_attempt_at": expires_at,
            **columns,
        }
    )
    begin(row, actor=ACTOR)
    if state in ENDED_AFTER and row.ceiling_debit is not None:
        bring(row, ENDED_AFTER[state])
    bring(row, state, **told)
    return row


@transaction.atomic
def paid_to_maria(
    request: PaymentRequest,
    state: PaymentState = PaymentState.QUOTED,
    through: PaymentState = PaymentState.QUOTED,
    **columns: Any,
) -> Payment:
    """Maria's payment in `state`, with its attempts; where it ended, after it had come to `through`."""
    told = {name: columns.pop(name) for name in TOLD if name in columns}
    payment = Payment(
        **{
            "request": request,
            "receiver_wallet": wallet(RECEIVER_WALLET),
            "receiver_name": "María Hernández",
            "receiver_email": "maria@example.org",
            "receiver_language": "es",
            "value": 125000,
            "asset_code": "MXN",
            "asset_scale": 2,
            **columns,
        }
    )
    begin(payment, actor=ACTOR)
    if state in (PaymentState.FAILED, PaymentState.CANCELLED):
        bring(payment, through)
    bring(payment, state, **told)
    return payment


def settled() -> Payment:
    """All the way: approved, sent, arrived."""
    return paid_to_maria(asked(RequestState.SETTLED), PaymentState.SETTLED)


@transaction.atomic
def interaction(request: PaymentRequest, state: str = GrantState.PENDING, expires_at: datetime | None = None) -> Grant:
    """An approval that waits for its payer at their wallet, or that they came back from."""
    grant = grant_of(request, interaction_expires_at=expires_at or clock.now() + timedelta(minutes=10))
    grant.sealed = grant.sealed_with(
        nonce="our-nonce-with-plenty-of-bits",
        finish="finish-of-the-wallet",
        redirect="https://auth.wallet.example/interact/1",
        continue_uri="https://auth.wallet.example/continue/1",
        continue_token="continue-token",
    )
    begin(grant, actor=ACTOR)
    for step in (GrantState.PENDING, GrantState.RETURNED, GrantState.CONTINUING):
        if grant.state != state:
            move(grant, step, actor=ACTOR)
    return grant


def asked_proof(**columns: Any) -> WalletProof:
    """María is asked whether the wallet she is paid at is hers."""
    own = {"name": "María Hernández", "email": "maria@example.org", "language": "es"}
    return WalletProof.objects.create(
        wallet=wallet(RECEIVER_WALLET),
        seller=radio(),
        expires_at=clock.now() + timedelta(days=14),
        **{**own, **columns},
    )


def standing_budget(request: PaymentRequest) -> StandingBudget:
    """Of three months from now, for which `request` is the approval."""
    now = clock.now()
    return StandingBudget.objects.create(
        request=request,
        limit_value=500000,
        largest_value=200000,
        asset_code="MXN",
        asset_scale=2,
        unit=Unit.MONTH,
        count=3,
        starts_at=now,
        ends_at=now + timedelta(days=90),
    )
