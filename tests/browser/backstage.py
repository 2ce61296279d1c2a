"""`python -m tests.browser.backstage`: a process of the installation in which tests prepare rows and read them.

One JSON line in, `[name, arguments]`; one JSON line out, the answer or `{"error": …}`. It ends with its input. Nothing
here moves money: that is done by the site's own processes.
"""

import json
import os
import sys
import traceback
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from allauth.usersessions.models import UserSession  # noqa: E402 - only once the apps are loaded
from django.contrib.auth.models import Group, User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import close_old_connections, transaction  # noqa: E402

from backoffice import roles  # noqa: E402
from backoffice.finance.exports.tasks import look_after_exports  # noqa: E402
from backoffice.models import RegularExport  # noqa: E402
from backoffice.sign_in.proof import SHOWN_AT  # noqa: E402
from backoffice.to_do.tabs import TABS  # noqa: E402
from jobs import decisions  # noqa: E402
from jobs.derive_status import sync_job  # noqa: E402
from jobs.funding import fund, seller_of  # noqa: E402
from jobs.models import Application, Job, JobStatus, Member, Submission  # noqa: E402
from ledger import clock  # noqa: E402
from ledger.api import timeline  # noqa: E402
from ledger.models import Movement, StatementException  # noqa: E402
from payments import links  # noqa: E402
from payments.actions import requests, set_limits, wallets  # noqa: E402
from payments.actions.sellers import SellerFee, register  # noqa: E402
from payments.engine.advance import advance  # noqa: E402
from payments.models import Grant, Payment, PaymentRequest, ProofLimit, Seller, WalletAddress, WalletHost  # noqa: E402
from payments.models.grants import ACCESS_KINDS  # noqa: E402
from payments.openpayments.amounts import Amount, Asset  # noqa: E402
from payments.presentation.reasons import sentence  # noqa: E402
from tests import cast, comparing  # noqa: E402
from tests.backoffice import every_page  # noqa: E402
from tests.backoffice.finance.queue import queue  # noqa: E402
from tests.driver import usable  # noqa: E402
from tests.ledger import samples  # noqa: E402

CALL_SECONDS = 10.0
#: What changes nothing. After anything else the ledger carries what was done, or the site would find it, and pause.
READS = frozenset(
    {
        "wallet",
        "wallet_of",
        "payments",
        "requests_of",
        "request",
        "payment",
        "job_status",
        "entries",
        "open_exceptions",
        "movements",
    }
)
ROLES = {"rosa": roles.PLATFORM_STAFF, "luis": roles.FINANCE}


def people(passwords: dict[str, str]) -> None:
    for name, password in passwords.items():
        if name == "admin":
            User.objects.create_superuser(name, f"{name}@example.org", password)
        else:
            user = User.objects.create_user(name, f"{name}@example.org", password, is_staff=True)
            user.groups.add(Group.objects.get(name=ROLES[name]))


def staff(name: str, role: str, password: str) -> int:
    """Somebody new who signs in."""
    user = User.objects.create_user(name, f"{name}@example.org", password, is_staff=True, first_name=name.title())
    user.groups.add(Group.objects.get(name=role))
    return int(user.pk)


def signed_in_an_hour_ago(name: str) -> None:
    """As if all who are signed in as `name` had shown who they are an hour ago."""
    for row in UserSession.objects.filter(user__username=name):
        session = SessionStore(row.session_key)
        session[SHOWN_AT] -= 3600
        session.save()


def seller(wallet: str, key_id: str, pem: str) -> None:
    register("tequio", wallet, key_id, pem, "Tequio Marketplace", default=True)
    wallets.check(Seller.objects.get(pk="tequio").wallet_id, CALL_SECONDS)


def member(name: str, email: str, language: str, wallet: str) -> int:
    """A member whose wallet address was asked at the wallet."""
    row = Member(name=name, email=email, language=language)
    row.wallet = usable(wallet, CALL_SECONDS)
    row.save()
    return int(row.pk)


def wallet(url: str) -> dict[str, Any]:
    """What is known of a wallet address, and what is wrong with it in words."""
    row = WalletAddress.objects.get(url=url)
    return {"is_known": row.is_known, "problem": row.problem, "words": sentence(row.problem, row.problem_params)}


def wallet_of(name: str) -> str:
    found = Member.objects.get(name=name).wallet
    return found.url if found else ""


def forget_wallet(name: str) -> None:
    """As if the member had never told us where their money goes."""
    Member.objects.filter(name=name).update(wallet=None)


def check(url: str) -> dict[str, Any]:
    """Look a wallet address up, as staff do with a button."""
    usable(url, CALL_SECONDS)
    return wallet(url)


@transaction.atomic
def job(
    *, title: str, reference: str, funder: int, worker: int, budget: str, asset: tuple[str, int], selected: bool = True
) -> int:
    """A published job for which one worker applied, and was `selected` or not yet. `budget` in major units.

    All at once: the check of rows never meets one of which the ledger has not been told yet.
    """
    by = User.objects.get(username="rosa")
    row = cast.job(
        JobStatus.DRAFT,
        title=title,
        description="Recorded at home, two voices.",
        reference=reference,
        target_language="Nahuatl",
        deliverable_types=["audio"],
        funder=Member.objects.get(pk=funder),
        budget=Amount.from_major(budget, Asset(*asset)),
    )
    decisions.move_job(row.pk, "publish", by=by, seen=JobStatus.DRAFT)
    application = Application.objects.create(job=row, worker_id=worker)
    if selected:
        decisions.select(application.pk, by=by)
    return int(row.pk)


def select(job_id: int, worker: int) -> None:
    """One more selected worker for a job."""
    by = User.objects.get(username="rosa")
    row = Job.objects.get(pk=job_id)
    Job.objects.filter(pk=job_id).update(workers_wanted=row.applications.count() + 1)
    decisions.select(Application.objects.create(job=row, worker_id=worker).pk, by=by)


def hand_in(job_id: int) -> list[int]:
    """Everybody's work, so that it can be decided on; the submissions' numbers, in the workers' order."""
    job = Job.objects.get(pk=job_id)
    if job.status != JobStatus.SUBMITTING:
        decisions.move_job(job_id, "start_work", by=User.objects.get(username="rosa"), seen=job.status)
    made = [Submission.objects.create(application=one, text="Ce tonalli") for one in job.applications.order_by("pk")]
    sync_job(job_id)
    return [int(row.pk) for row in made]


def fee(basis_points: int) -> None:
    """What the seller takes on top."""
    row = Seller.objects.get(pk="tequio")
    register(row.pk, row.wallet.url, fee=SellerFee(share=basis_points))


def hold_money(email: str, language: str) -> None:
    """Let the seller hold money, approved for by whoever reads `email`; or not any more, without one."""
    row = Seller.objects.get(pk="tequio")
    register(
        row.pk, row.wallet.url, may_hold_money=bool(email), approval_email=email or None, approval_language=language
    )


def payments(request_id: str) -> list[dict[str, Any]]:
    """Every payment of a request: who gets it, what for, and where it is."""
    found = Payment.objects.filter(request=request_id).order_by("purpose", "receiver_name")
    return [{"to": row.receiver_name, "purpose": row.purpose, "state": row.state, "value": row.value} for row in found]


def ask(job_id: int, form_id: str, *, send: bool) -> str:
    """What staff do on the job's page, without a browser; the payment request's id."""
    by = User.objects.get(username="rosa")
    row = Job.objects.get(pk=job_id)
    request = fund(row, [row.applications.get()], seller_of(row), by=by, form_id=form_id)
    advance(request.pk, CALL_SECONDS)
    if send:
        requests.send(request.pk, by=by)
    return str(request.pk)


def cancel(request_id: str) -> None:
    requests.cancel(request_id, by=User.objects.get(username="rosa"))


def proof_limit(amount: str, asset: tuple[str, int]) -> None:
    """Above `amount` (major units) a receiver must have proven their wallet."""
    set_limits.set_proof_limit(Amount.from_major(amount, Asset(*asset)), by=User.objects.get(username="rosa"))


def no_proof_limit() -> None:
    for row in ProofLimit.objects.all():
        set_limits.remove_limit(row, by=User.objects.get(username="rosa"))


def requests_of(job_id: int) -> list[str]:
    found = PaymentRequest.objects.filter(payments__payout__application__job_id=job_id)
    return list(found.order_by("created_at").values_list("pk", flat=True))


def request(request_id: str) -> dict[str, Any]:
    """Where a payment request stands, with the attempts that were made."""
    row = PaymentRequest.objects.get(pk=request_id)
    reasons = [(row.reason, row.reason_params), *row.payments.values_list("reason", "reason_params")]
    return {
        "state": row.state,
        "words": [sentence(code, params) for code, params in reasons if code],
        "link": links.approval_url(row),
        "debit": row.ceiling_debit,
        "payments": list(row.payments.values_list("state", flat=True)),
        "outgoing": sum(payment.outgoing_payments.count() for payment in row.payments.all()),
        "grants": list(row.grants.values_list("kind", "state")),
    }


def payment(request_id: str) -> dict[str, Any]:
    """The only payment of a request, and where its newest attempts are at the wallets."""
    row = Payment.objects.get(request=request_id)
    incoming, order = row.incoming_payments.last(), row.outgoing_payments.last()
    return {
        "id": row.pk,
        "state": row.state,
        "reason": row.reason,
        "received": row.received_value,
        "incoming": incoming.remote_id if incoming else "",
        "order": order.remote_id if order else "",
        "is_over": incoming is not None and incoming.over_at is not None,
    }


def an_hour_later() -> None:
    """As if more than an hour had passed since wallets were last looked up, and the access they gave were over."""
    then = clock.now() - timedelta(minutes=61)
    WalletAddress.objects.update(checked_at=then)
    Grant.objects.filter(kind__in=ACCESS_KINDS).update(token_expires_at=then)


def a_day_later(request_id: str) -> None:
    """As if the payment had been under way for longer than the engine waits; wallets that failed get another chance."""
    then = clock.now() - timedelta(hours=25)
    row = Payment.objects.get(request=request_id)
    row.outgoing_payments.update(changed_at=then)
    Payment.objects.filter(pk=row.pk).update(sent_at=then if row.sent_at else None, retry_at=None)
    try_hosts_again()
    PaymentRequest.objects.filter(pk=request_id).update(next_attempt_at=clock.now())


def a_minute_later(request_id: str) -> None:
    """As if a minute had passed since the receiver's wallet first said that its side is closed."""
    then = clock.now() - timedelta(seconds=61)
    row = Payment.objects.get(request=request_id)
    row.incoming_payments.exclude(over_at=None).update(over_at=then, retry_at=None)
    Payment.objects.filter(pk=row.pk).update(retry_at=None)
    PaymentRequest.objects.filter(pk=request_id).update(next_attempt_at=clock.now())


def approved_yesterday(request_id: str) -> None:
    """As if the payer had approved longer ago than the engine tries to send."""
    then = clock.now() - timedelta(hours=25)
    PaymentRequest.objects.filter(pk=request_id).update(approved_at=then, next_attempt_at=clock.now())
    Payment.objects.filter(request=request_id).update(retry_at=None)
    try_hosts_again()


def try_hosts_again() -> None:
    WalletHost.objects.all().delete()


def job_status(job_id: int) -> dict[str, Any]:
    row = Job.objects.get(pk=job_id)
    return {"status": row.status, "is_funded": row.is_funded}


def booked_months_ago() -> None:
    """Something in each of the two last months that are over, once."""
    for days, code in ((75, "MXN"), (40, "USD"), (40, "MXN")):
        subject = f"{days}-{code}"
        if not Movement.objects.filter(subject=subject).exists():
            samples.booked(clock.now() - timedelta(days=days), subject, value=1250_00, code=code)


def exceptions(name: str) -> list[int]:
    """One of each type that a comparison finds, of a source that is called so; the oldest first."""
    return [row.pk for row in queue(name=name)]


def open_exceptions() -> int:
    return StatementException.objects.filter(resolved_at=None).count()


def movements() -> int:
    return Movement.objects.count()


def a_month_later_for_regular_exports() -> None:
    """As if the time of the newest regular export had come; the site's own worker makes it, and its mail."""
    newest = RegularExport.objects.latest("created_at")
    RegularExport.objects.filter(pk=newest.pk).update(next_at=clock.now())
    look_after_exports()


def entries(subject: str, subject_id: str) -> list[dict[str, Any]]:
    """What the ledger tells of one subject, oldest first."""
    return [{"kind": row.kind, "data": row.data} for row in timeline([(subject, subject_id)], 500)]


def one_of_everything() -> list[str]:
    """A row, at least, of everything that has a page. The paths of all lists, of each row, and of pages of neither."""
    with transaction.atomic():
        house = every_page.furnish()
    return [
        house.path(address)
        for address in every_page.addresses()
        if address.route.startswith("admin/") and (address.model is None or address.part in {"changelist", "change"})
    ]


def queues() -> list[str]:
    """The codes of all tabs of *To do*."""
    return [tab.code for tab in TABS]


def main() -> None:
    tools = {name: tool for name, tool in globals().items() if getattr(tool, "__module__", "") == __name__}
    for line in sys.stdin:
        name, arguments = json.loads(line)
        close_old_connections()
        try:
            answer = {"answer": tools[name](**arguments)}
            if name not in READS:
                comparing.carry_edits()
        except Exception:  # noqa: BLE001 - told to the test that asked
            answer = {"error": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
