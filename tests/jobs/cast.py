"""The marketplace of these tests: a foundation that funds a job, and people who do it."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from jobs.models import Application, ApplicationStatus, Job, JobStatus, Member, Submission, SubmissionStatus
from ledger import clock
from ledger.api import Actor
from payments.engine.transitions import move
from payments.models import Payment, PaymentRequest, Seller, WalletAddress
from payments.openpayments.amounts import Amount, Asset
from payments.states import PaymentState, RequestState
from tests.sellers import seller_with_key

BUDGET = "1250.00"
ACTOR = Actor.system("test")


def wallet(name: str, code: str = "MXN", scale: int = 2, **columns: Any) -> WalletAddress:
    """A wallet that was checked and can be used."""
    url = f"https://wallet.example/{name}"
    known = {
        "canonical_id": url,
        "public_name": name.title(),
        "asset_code": code,
        "asset_scale": scale,
        "auth_server": "https://auth.wallet.example",
        "resource_server": "https://wallet.example",
        "checked_at": clock.now(),
    }
    return WalletAddress.objects.create(url=url, **{**known, **columns})


def unchecked_wallet(name: str) -> WalletAddress:
    return WalletAddress.objects.create(url=f"https://wallet.example/{name}")


def member(name: str, **columns: Any) -> Member:
    """Somebody with a wallet in pesos, unless another one, or None, is named."""
    key = name.split(maxsplit=1)[0].lower()
    if "wallet" not in columns:
        columns["wallet"] = wallet(key)
    return Member.objects.create(name=name, **{"email": f"{key}@example.org", "language": "es", **columns})


def seller(**columns: Any) -> Seller:
    if "wallet" not in columns:
        columns["wallet"] = wallet("platform")
    return seller_with_key(**{"id": "platform", "name": "Tequio", "is_default": True, **columns})


def holder(**columns: Any) -> Seller:
    """A seller that may hold money, with somebody who approves what is paid out of it."""
    return seller(**{"may_hold_money": True, "approval_email": "treasury@example.org", **columns})


def staff(name: str = "rosa") -> User:
    return User.objects.create_user(name, is_staff=True)


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


_WAY_TO_SETTLED = (PaymentState.QUOTED, PaymentState.APPROVED, PaymentState.SENDING, PaymentState.SENT)
_REQUEST_WAY = (RequestState.QUOTED, RequestState.AWAITING_APPROVAL, RequestState.APPROVED)


def settle(request: PaymentRequest) -> None:
    """All the states from asked to settled, each by the engine's own way to change one; no wallet is needed."""
    with transaction.atomic():
        request.refresh_from_db()
        for state in (*_REQUEST_WAY, RequestState.SETTLED):
            move(request, state, actor=ACTOR)
        for payment in request.payments.all():
            for step in (*_WAY_TO_SETTLED, PaymentState.SETTLED):
                move(payment, step, actor=ACTOR)


def end(request: PaymentRequest, state: RequestState) -> None:
    """The request ends without money; so do its payments."""
    with transaction.atomic():
        request.refresh_from_db()
        if state in (RequestState.DECLINED, RequestState.EXPIRED):
            move(request, RequestState.QUOTED, actor=ACTOR)
            move(request, RequestState.AWAITING_APPROVAL, actor=ACTOR)
        for payment in Payment.objects.filter(request=request):
            failed = state == RequestState.FAILED
            move(payment, PaymentState.FAILED if failed else PaymentState.CANCELLED, actor=ACTOR)
        move(request, state, actor=ACTOR)


def settle_but(request: PaymentRequest, *failed: str) -> None:
    """Approved; whoever is named fails, everybody else is paid."""
    with transaction.atomic():
        request.refresh_from_db()
        for state in _REQUEST_WAY:
            move(request, state, actor=ACTOR)
        for payment in request.payments.all():
            dead = payment.receiver_name in failed
            way = _WAY_TO_SETTLED[:2] if dead else _WAY_TO_SETTLED
            for step in (*way, PaymentState.FAILED if dead else PaymentState.SETTLED):
                move(payment, step, actor=ACTOR)
        move(request, RequestState.FAILED, actor=ACTOR)


def approve(request: PaymentRequest) -> None:
    """The payer approved; nothing was ordered yet."""
    with transaction.atomic():
        request.refresh_from_db()
        for state in _REQUEST_WAY:
            move(request, state, actor=ACTOR)
        for payment in request.payments.exclude(state=PaymentState.CANCELLED):
            for step in _WAY_TO_SETTLED[:2]:
                move(payment, step, actor=ACTOR)


def pay(payment: Payment) -> None:
    """An approved payment arrives."""
    with transaction.atomic():
        payment.refresh_from_db()
        for step in (*_WAY_TO_SETTLED[2:], PaymentState.SETTLED):
            move(payment, step, actor=ACTOR)
