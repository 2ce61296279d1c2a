"""The people of all tests, their wallets, their sellers, their work, and a choir that pays Maria for a recording.

Payments are made by the engine's own moves (`tests.progress`): what a test finds is what the product may have written.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client

from jobs.models import Application, ApplicationStatus, Job, JobStatus, Member, Submission, SubmissionStatus
from ledger import clock
from payments.engine.transitions import begin, move
from payments.models import (
    Grant,
    Payment,
    PaymentRequest,
    Seller,
    SellerKey,
    StandingBudget,
    WalletAddress,
    WalletProof,
)
from payments.models.standing_budgets import Unit
from payments.openpayments.amounts import Amount, Asset
from payments.openpayments.keys import generate_key, private_key_to_pem
from payments.states import GrantState, KeyState, PaymentState, RequestState
from tests.progress import ACTOR, bring, grant_of

BUDGET = "1250.00"
TITLE = "Cuentos en náhuatl: recording"
PAYER_WALLET = "https://wallet.example/choir"
RECEIVER_WALLET = "https://bank.example/maria"
#: How far a request usually came before it ended like this.
ENDED_AFTER = {
    RequestState.FAILED: RequestState.APPROVED,
    RequestState.SETTLED_IN_PART: RequestState.APPROVED,
    RequestState.CANCELLED: RequestState.AWAITING_APPROVAL,
}
#: Columns that the last move sets.
TOLD = ("reason", "reason_params", "received_value", "decision")


# People


def staff(name: str = "rosa") -> User:
    """A member of staff who may do nothing yet; the same one, asked for again."""
    return User.objects.filter(username=name).first() or User.objects.create_user(name, is_staff=True)


def person(name: str, *permissions: str) -> User:
    """A new member of staff who may do just this: `app_label.codename` each."""
    user = User.objects.create_user(name, is_staff=True)
    for permission in permissions:
        app_label, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# Wallet addresses that no wallet serves: for all that calls nobody


def wallet(name: str, code: str = "MXN", scale: int = 2, **columns: Any) -> WalletAddress:
    """A wallet (an address, or a name at wallet.example) that was checked and can be used; always the same one."""
    url = _url(name)
    known = {
        "canonical_id": url,
        "public_name": url.rpartition("/")[2].title(),
        "asset_code": code,
        "asset_scale": scale,
        "auth_server": "https://auth.wallet.example/",
        "resource_server": "https://wallet.example/",
        "checked_at": clock.now(),
    }
    return WalletAddress.objects.get_or_create(url=url, defaults={**known, **columns})[0]


def unchecked_wallet(name: str) -> WalletAddress:
    """A wallet that was not asked yet what it is."""
    return WalletAddress.objects.get_or_create(url=_url(name))[0]


def _url(name: str) -> str:
    return name if "://" in name else f"https://wallet.example/{name}"


# Sellers


def seller_with_key(key: Ed25519PrivateKey | None = None, kid: str = "k1", **columns: Any) -> Seller:
    """A new seller that signs with `key`."""
    seller = Seller.objects.create(**columns)
    give_key(seller, key or generate_key(), kid)
    return seller


def give_key(seller: Seller, key: Ed25519PrivateKey, kid: str, state: KeyState = KeyState.ACTIVE) -> SellerKey:
    row = SellerKey(seller=seller, kid=kid, state=state)
    row.keep(private_key_to_pem(key))
    row.save(force_insert=True)
    return row


def seller(**columns: Any) -> Seller:
    """The platform's own, which signs unless another one is named."""
    if "wallet" not in columns:
        columns["wallet"] = wallet("platform")
    return seller_with_key(**{"id": "platform", "name": "Tequio", "is_default": True, **columns})


def holder(**columns: Any) -> Seller:
    """A seller that may hold money, with somebody who approves what is paid out of it."""
    return seller(**{"may_hold_money": True, "approval_email": "treasury@example.org", **columns})


def radio() -> Seller:
    """The community radio that has Maria record; always the same one."""
    found = Seller.objects.filter(pk="platform").first()
    return found or seller(name="Radio Comunitaria", wallet=wallet("radio"), is_default=False)


# A foundation that funds a job, and people who do it


def member(name: str, **columns: Any) -> Member:
    """Somebody with a wallet in pesos, unless another one, or None, is named."""
    key = name.split(maxsplit=1)[0].lower()
    if "wallet" not in columns:
        columns["wallet"] = wallet(key)
    if "email" not in columns:
        # No two members have the same.
        twins = Member.objects.filter(email__startswith=f"{key}@").count()
        columns["email"] = f"{key}@example{twins or ''}.org"
    return Member.objects.create(name=name, **{"language": "es", **columns})


def job(status: JobStatus = JobStatus.SELECTING, **columns: Any) -> Job:
    budget = columns.pop("budget", Amount.from_major(Decimal(BUDGET), Asset("MXN", 2)))
    funder = columns.pop("funder", None) or member("Sol Foundation")
    return Job.objects.create(
        **{
            "title": "Stories in Nahuatl",
            "reference": "PO-7",
            "funder": funder,
            "status": status,
            "budget_value": budget.value,
            "budget_code": budget.asset.code,
            "budget_scale": budget.asset.scale,
            **columns,
        }
    )


def applied(
    to: Job, worker: Member | None = None, status: ApplicationStatus = ApplicationStatus.SELECTED
) -> Application:
    return Application.objects.create(job=to, worker=worker or member("Maria Lopez"), status=status)


def handed_in(application: Application, status: SubmissionStatus = SubmissionStatus.PENDING) -> Submission:
    return Submission.objects.create(application=application, text="Ce tonalli…", status=status)


# A choir that pays Maria: one request with its payment, in every state


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
        **{"expires_at": clock.now() + timedelta(days=14), **own, **columns},
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
