"""A small cast for the tests of mail and pages: a choir that pays Maria for a recording."""

from datetime import datetime, timedelta
from typing import Any

from ledger import clock
from payments.models import (
    Grant,
    IncomingPayment,
    OutgoingPayment,
    Payment,
    PaymentRequest,
    Quote,
    Seller,
    StandingBudget,
    WalletAddress,
    WalletProof,
)
from payments.models.grants import GrantKind
from payments.models.standing_budgets import Unit
from payments.states import AttemptState, PaymentState, RequestState
from tests.sellers import seller_with_key

TITLE = "Cuentos en náhuatl: recording"
PAYER_WALLET = "https://wallet.example/choir"
RECEIVER_WALLET = "https://bank.example/maria"


def wallet(url: str, code: str = "MXN", scale: int = 2) -> WalletAddress:
    found, _new = WalletAddress.objects.get_or_create(
        url=url,
        defaults={
            "canonical_id": url,
            "public_name": url.rsplit("/", 1)[-1],
            "asset_code": code,
            "asset_scale": scale,
            "auth_server": "https://auth.wallet.example/",
            "resource_server": "https://wallet.example/",
            "checked_at": clock.now(),
        },
    )
    return found


def seller() -> Seller:
    found = Seller.objects.filter(pk="platform").first()
    if found is None:
        found = seller_with_key(id="platform", name="Radio Comunitaria", wallet=wallet("https://wallet.example/radio"))
    return found


def asked(state: RequestState = RequestState.AWAITING_APPROVAL, **columns: Any) -> PaymentRequest:
    """A request over 1,250.00 MXN for Maria, at most 1,262.50 MXN for the payer, in `state`."""
    now = clock.now()
    row = PaymentRequest(
        **{
            "state": state,
            "title": TITLE,
            "reference": "PO-2026-118",
            "seller": seller(),
            "payer_wallet": wallet(PAYER_WALLET),
            "payer_name": "Coro de Oaxaca",
            "payer_email": "coro@example.org",
            "ceiling_debit": 126250,
            "asset_code": "MXN",
            "asset_scale": 2,
            "expires_at": now + timedelta(days=14),
            "sent_at": now,
            **columns,
        }
    )
    row.save(force_insert=True)
    return row


def asked_proof(**columns: Any) -> WalletProof:
    """María is asked whether the wallet she is paid at is hers."""
    own = {"name": "María Hernández", "email": "maria@example.org", "language": "es"}
    return WalletProof.objects.create(
        wallet=wallet(RECEIVER_WALLET),
        seller=seller(),
        expires_at=clock.now() + timedelta(days=14),
        **{**own, **columns},
    )


def paid_to_maria(request: PaymentRequest, state: PaymentState = PaymentState.QUOTED, **columns: Any) -> Payment:
    """Maria's payment with its incoming payment and its quote."""
    payment = Payment(
        **{
            "request": request,
            "state": state,
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
    payment.save(force_insert=True)
    incoming = IncomingPayment(
        payment=payment,
        wallet=payment.receiver_wallet,
        value=payment.value,
        asset_code=payment.asset_code,
        asset_scale=payment.asset_scale,
        state=AttemptState.OPEN,
        remote_id=f"{RECEIVER_WALLET}/incoming-payments/1",
    )
    incoming.save(force_insert=True)
    Quote(
        payment=payment,
        incoming=incoming,
        state=AttemptState.OPEN,
        remote_id=f"{PAYER_WALLET}/quotes/1",
        debit_value=request.ceiling_debit,
        debit_code=request.asset_code,
        debit_scale=request.asset_scale,
        receive_value=payment.value,
        receive_code=payment.asset_code,
        receive_scale=payment.asset_scale,
    ).save(force_insert=True)
    return payment


def grant_to_pay(request: PaymentRequest, state: str, **columns: Any) -> Grant:
    grant = Grant(
        **{
            "request": request,
            "kind": GrantKind.OUTGOING,
            "wallet": request.payer_wallet,
            "auth_server": request.payer_wallet.auth_server,
            "limit_debit": request.ceiling_debit,
            "asset_code": request.asset_code,
            "asset_scale": request.asset_scale,
            "state": state,
            **columns,
        }
    )
    grant.save(force_insert=True)
    return grant


def interaction(request: PaymentRequest, state: str = "pending", expires_at: datetime | None = None) -> Grant:
    """An approval that waits for its payer at their wallet."""
    grant = grant_to_pay(request, state, interaction_expires_at=expires_at or clock.now() + timedelta(minutes=10))
    grant.sealed = grant.sealed_with(
        nonce="our-nonce-with-plenty-of-bits",
        finish="finish-of-the-wallet",
        redirect="https://auth.wallet.example/interact/1",
        continue_uri="https://auth.wallet.example/continue/1",
        continue_token="continue-token",
    )
    grant.save()
    return grant


def charged(payment: Payment, state: str = AttemptState.DONE, debit: int = 126000) -> OutgoingPayment:
    """The order to pay `payment` that the payer's wallet took."""
    order = OutgoingPayment(
        payment=payment,
        quote=payment.quotes.get(),
        grant=grant_to_pay(payment.request, "active"),
        state=state,
        remote_id=f"{PAYER_WALLET}/outgoing-payments/1",
        debit_value=debit,
        sent_value=payment.value,
        asset_code=payment.request.asset_code,
        asset_scale=payment.request.asset_scale,
    )
    order.save(force_insert=True)
    return order


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


def settled() -> Payment:
    """All the way: approved, sent, arrived."""
    now = clock.now()
    request = asked(RequestState.SETTLED, approved_at=now, finished_at=now)
    payment = paid_to_maria(request, PaymentState.SETTLED, received_value=125000, sent_at=now, settled_at=now)
    charged(payment)
    return payment
