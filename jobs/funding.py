"""Asking a funder for the money of their jobs. One way in: `fund`. No network; the engine goes on from here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import TextChoices
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from jobs import job_payments, lifecycle, wallet_changes
from jobs.contacts import default_reference, payer_of
from jobs.derive_status import sync_locked
from jobs.models import Application, Job, JobFunding, JobStatus, Member, Payout
from jobs.payables import (
    Choice,
    check_unchanged,
    default_seller,
    line_of,
    to_seller,
    wallet_of,
    with_money,
    with_parts,
    worker,
)
from jobs.platform_fee import RequestFee, fees
from jobs.reasons import WAYS, JobRefusal
from ledger.api import Actor, record
from ledger.content import Json
from payments.actions.requests import Contact, RequestLine, ask
from payments.models import Payment, PaymentRequest, Seller, WalletAddress
from payments.models.payments import Purpose
from payments.openpayments.amounts import Amount
from payments.presentation.reasons import Refusal
from payments.second_person import at_work

PAYABLE = frozenset({JobStatus.RECRUITING, JobStatus.SELECTING, JobStatus.SUBMITTING, JobStatus.REVIEWING})
#: So many are paid under one approval; more are asked for in another.
MOST_RECEIVERS = 100
LONGEST_TITLE = 200


class Way(TextChoices):
    """When the workers are paid, and by which approval of the funder."""

    NOW = "now", _("At once, when the funder has approved it")
    HELD = "held", _("Each when their work is accepted, once the funder has approved it")


def fund(  # noqa: PLR0913 - the parts of an ask
    jobs: Job | Sequence[Job],
    receivers: Sequence[Application] | Literal["seller"],
    seller: Seller,
    way: Way = Way.NOW,
    *,
    by: User,
    form_id: str,
    seen: Mapping[int, str] | None = None,
    parts: Mapping[int, Amount] | None = None,
) -> PaymentRequest:
    """One payment request, asked for by `seller`, for all `receivers`, who are workers of `jobs` of one funder.

    A job of which nobody is among them has no part in it: it is neither named, nor in the way.
    The same `form_id` returns the request that it made before. `seen` is what a person saw of each receiver's `Choice`
    (by application): another amount, budget, funder or wallet is then refused. `parts` says who gets only a part
    of what is owed to them (by application). Raises Refusal, with an entry in the ledger, when the money can't be asked
    for; nothing else is changed then.
    """
    asked = paid_jobs([jobs] if isinstance(jobs, Job) else jobs, receivers)
    try:
        with transaction.atomic():
            return _fund(asked, receivers, seller, way, by=by, form_id=form_id, seen=seen, parts=parts)
    except Refusal as refusal:
        with transaction.atomic():
            record_refusal(asked, receivers, refusal, by)
        raise


def paid_jobs(jobs: Sequence[Job], receivers: Sequence[Application] | Literal["seller"]) -> list[Job]:
    """Those of `jobs` whose workers are among the `receivers`; all, where nobody's are."""
    paid = set() if receivers == "seller" else {each.job_id for each in receivers}
    return [job for job in jobs if job.pk in paid] or list(jobs)


def obstacle(job: Job) -> JobRefusal | None:
    """Why no worker of `job` can be paid by its funder now, whoever they are; None when they can."""
    if refusal := _pays_nothing(job):
        return refusal
    if funding := job_payments.funding_under_way(job):
        return JobRefusal("job_funded_elsewhere", name=funding.request.seller.name, request=funding.request_id)
    return None


def _pays_nothing(job: Job) -> JobRefusal | None:
    status = JobStatus(job.status)
    if status in PAYABLE:
        return None
    return JobRefusal("job_status_pays_nothing", status=str(status.label), way=str(WAYS[status]))


def seller_of(*jobs: Job) -> Seller:
    """The account that asks for the jobs' money: their own, or the default one. Raises JobRefusal when none or two."""
    own = {job.seller_id: job.seller for job in jobs if job.seller}
    if len(own) > 1:
        raise JobRefusal("mixed_sellers")
    seller = next(iter(own.values()), None) or default_seller()
    if seller is None:
        raise JobRefusal("no_seller")
    return seller


def payer_wallet_of(funder: Member) -> WalletAddress:
    """Where the funder pays from. Raises JobRefusal."""
    wallet_changes.check_settled(funder)
    return wallet_of(funder.name, funder.wallet, "payer_wallet")


def _fund(  # noqa: PLR0913 - the parts of an ask
    asked: Sequence[Job],
    receivers: Sequence[Application] | Literal["seller"],
    seller: Seller,
    way: Way,
    *,
    by: User,
    form_id: str,
    seen: Mapping[int, str] | None,
    parts: Mapping[int, Amount] | None,
) -> PaymentRequest:
    # Always in this order, so that two who ask for the same jobs wait for each other instead of forever.
    jobs = [lifecycle.lock_job(job_id) for job_id in sorted({job.pk for job in asked})]
    if made := PaymentRequest.objects.filter(form_id=form_id).first():
        return made_before(made, jobs)
    for job in jobs:
        sync_locked(job)  # what has ended meanwhile is no obstacle
        refusal = _pays_nothing(job) if receivers == "seller" else obstacle(job)
        _check_job(job, seller, refusal, alone=len(jobs) == 1)
    funder = _one_funder(jobs)
    found = _platform(jobs, seller) if receivers == "seller" else _workers(jobs, receivers)
    check_unchanged(found, seen)
    found = with_parts(found, parts)
    payer_wallet = payer_wallet_of(funder)
    purpose = Purpose.ESCROW if receivers == "seller" else Purpose.WORK
    lines = [replace(line_of(choice, payer_wallet), held=_held(choice, way), purpose=purpose) for choice in found]
    taken = fees(seller, [(each.receiver, each.amount) for each in found if isinstance(each.receiver, Application)])
    # The fee waits as long as anybody does: see `jobs.held_payments`.
    waits = any(line.held for line in lines)
    fee_lines = [_fee_line(fee, payer_wallet, jobs[0], held=waits) for fee in taken]
    request = ask(
        payer_wallet=payer_wallet,
        payer=payer_of(funder),
        seller=seller,
        lines=[*lines, *fee_lines],
        title=_title(jobs),
        reference=_reference(jobs, funder),
        requested_by=by,
        form_id=form_id,
        origin_path=reverse("admin:jobs_job_change", args=[jobs[0].pk]) if len(jobs) == 1 else "",
        two_people=bool(at_work(line.contact.email for line in lines)),
    )
    if len(jobs) > 1:
        path = reverse("admin:payments_paymentrequest_change", args=[request.pk])
        PaymentRequest.objects.filter(pk=request.pk).update(origin_path=path)
    record_asked(link(found, lines, taken, request), taken, request, by)
    return request


def made_before(made: PaymentRequest, jobs: Sequence[Job]) -> PaymentRequest:
    if not all(job_payments.requests_of(job).filter(pk=made.pk).exists() for job in jobs):
        raise JobRefusal("form_of_another_job")
    return made


def _check_job(job: Job, seller: Seller, refusal: JobRefusal | None, *, alone: bool) -> None:
    """Raises `refusal`, where there is one; so that it says which job it means unless there is one alone."""
    if refusal is None and job.seller_id and job.seller_id != seller.pk:
        refusal = JobRefusal("other_seller", seller=str(job.seller))
    if refusal is None:
        return
    raise (
        refusal
        if alone
        else JobRefusal("job_in_the_way", name=job.title, problem={"code": refusal.code, "params": refusal.params})
    )


def _one_funder(jobs: Sequence[Job]) -> Member:
    if len({job.funder_id for job in jobs}) > 1:
        raise JobRefusal("different_funders")
    return jobs[0].funder


def _platform(jobs: Sequence[Job], seller: Seller) -> list[Choice]:
    """The seller holds the money of one job."""
    (job,) = jobs
    if funding := job_payments.funding_under_way(job):
        raise JobRefusal("funding_exists", request=funding.request_id)
    if not seller.may_hold_money:
        raise JobRefusal("seller_holds_no_money", seller=seller.name)
    return [to_seller(seller, job)]


def _workers(jobs: Sequence[Job], receivers: Sequence[Application]) -> list[Choice]:
    """Each of them selected, with nothing under way, and something owed."""
    wanted = {receiver.pk for receiver in receivers}
    if not wanted:
        raise JobRefusal("nobody_chosen")
    if len(wanted) > MOST_RECEIVERS:
        raise JobRefusal("too_many_receivers", most=str(MOST_RECEIVERS))
    by_job = {job.pk: job for job in jobs}
    found = list(with_money(Application.objects.filter(pk__in=wanted, job__in=jobs)).order_by("job_id", "id"))
    if len(found) < len(wanted):
        raise Application.DoesNotExist("a worker of another job")
    return [worker(application, by_job[application.job_id]) for application in found]


def _held(choice: Choice, way: Way) -> bool:
    """Whose work is accepted already is paid at once, whatever the others wait for."""
    return (
        way == Way.HELD and isinstance(choice.receiver, Application) and not job_payments.work_accepted(choice.receiver)
    )


def _fee_line(fee: RequestFee, payer_wallet: WalletAddress, job: Job, *, held: bool) -> RequestLine:
    contact = Contact(fee.seller.name, "", "en")
    line = line_of(Choice(job, "seller", contact, fee.seller.wallet, fee.amount, is_fee=True), payer_wallet)
    return replace(line, held=held, purpose=Purpose.FEE, fee_share=fee.terms.share)


def _reference(jobs: Sequence[Job], funder: Member) -> str:
    """The jobs' own, or the one that the funder's accounts use for everything."""
    own = ", ".join(dict.fromkeys(job.reference for job in jobs if job.reference))
    return own[:LONGEST_TITLE] or default_reference(funder)


def _title(jobs: Sequence[Job]) -> str:
    """What is paid for, in no words but the jobs' own: payer, workers and staff read it, each in their language."""
    title = ", ".join(dict.fromkeys(job.title for job in jobs))
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def link(
    found: Sequence[Choice],
    lines: Sequence[RequestLine],
    taken: Sequence[RequestFee],
    request: PaymentRequest,
    funding: JobFunding | None = None,
) -> list[tuple[Choice, JobFunding | Payout]]:
    """Each line's payment to its work. Lines that are alike in everything are paid alike: either may be either's.

    `funding` is the money that a seller holds, when the workers are paid from that. Returns which row each choice got.
    """
    links: list[tuple[Choice, JobFunding | Payout]] = []
    payments: dict[tuple[object, ...], list[Payment]] = {}
    for payment in request.payments.exclude(purpose=Purpose.FEE):
        key = (payment.receiver_wallet_id, payment.receiver_name, payment.receiver_email, payment.worth, payment.held)
        payments.setdefault(key, []).append(payment)
    for choice, line in zip(found, lines, strict=True):
        if choice.receiver == "seller":
            links.append((choice, JobFunding.objects.create(job=choice.job, request=request)))
            continue
        payment = payments[line.wallet.pk, line.contact.name, line.contact.email, line.fixed, line.held].pop()
        payout = Payout(application=choice.receiver, payment=payment, funding=funding)
        for fee in taken:
            if choice.receiver.pk in fee.parts:
                payout.fee_share, payout.fee_each_value = fee.terms.share, fee.terms.each_value
                payout.fee_value = fee.parts[choice.receiver.pk]
        payout.save(force_insert=True)
        links.append((choice, payout))
    return links


def record_asked(
    links: Sequence[tuple[Choice, JobFunding | Payout]], taken: Sequence[RequestFee], request: PaymentRequest, by: User
) -> None:
    """An entry for each choice, which carries the row that links its money to its work."""
    actor, payer = Actor.staff(by.pk), request.payer_name
    for choice, row in links:
        record(
            "job.payment_requested",
            actor=actor,
            subjects={
                "job": str(choice.job.pk),
                "request": request.pk,
                **_subject(choice.receiver),
                job_payments.subject_of(row): str(row.pk),
            },
            data={"amount": {**choice.amount.to_wire()}, **_rest(choice)},
            private={"receiver": choice.contact.name, "payer": payer},
        )
    for fee in taken:
        record(
            "job.fee_requested",
            actor=actor,
            subjects={"request": request.pk, "seller": fee.seller.pk},
            data={"amount": {**fee.amount.to_wire()}, "basis_points": fee.terms.share},
            private={"receiver": fee.seller.name, "payer": payer},
        )


def _rest(choice: Choice) -> dict[str, Json]:
    """What stays owed, where only a part was asked for."""
    return {"event": "part", "left": {**choice.left.to_wire()}} if choice.left else {}


def record_refusal(
    jobs: Sequence[Job], receivers: Sequence[Application] | Literal["seller"], refusal: Refusal, by: User
) -> None:
    params = {name: value for name, value in refusal.params.items() if name != "name"}
    name = refusal.params.get("name")
    for job in jobs:
        mine = [] if receivers == "seller" else [each for each in receivers if each.job_id == job.pk]
        record(
            "job.payment_refused",
            actor=Actor.staff(by.pk),
            subjects={"job": str(job.pk), **(_subject(mine[0]) if len(mine) == 1 else {})},
            data={"reason": refusal.code, "reason_params": params},
            private={"name": name} if name else None,
        )


def _subject(receiver: Application | Literal["seller"]) -> dict[str, str]:
    return {} if receiver == "seller" else {"application": str(receiver.pk)}
