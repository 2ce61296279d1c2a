"""Money that a seller holds for a job: how much is still there, and paying workers out of it. No network here.

All is reckoned from what the payments say, in one place (`_escrow`), under the job's lock. Nothing is ever asked for
above what is held for this very job, though the same wallet may hold money for many.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from jobs import funding, job_payments, lifecycle, payables
from jobs.derive_status import sync_locked
from jobs.models import Application, Job, JobFunding, JobStatus
from jobs.reasons import WAYS, JobRefusal
from payments.actions import refunds
from payments.actions.requests import Contact, ask
from payments.models import Payment, PaymentRequest, Seller, WalletAddress
from payments.models.titles import MadeTitle, TitleKind
from payments.openpayments.amounts import Amount, AmountError, Asset
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal


@dataclass(frozen=True)
class Escrow:
    """One job's money in a seller's wallet: `arrived` = `paid` + `refunded` + `under_way` + `held`."""

    funding: JobFunding
    payment: Payment  # by which it came
    seller: Seller
    wallet: WalletAddress  # where the money came to, whichever wallet the seller has today
    arrived: Amount
    paid: Amount  # to workers, less what they sent back
    refunded: Amount  # to the funder
    under_way: Amount  # asked for and not over, or said to be paid outside: it may still be paid, or go back
    held: Amount  # left for this job


def escrow_of(job: Job) -> Escrow | None:
    """What is paid out now: the newest money for `job` that arrived at a seller. None where nothing ever did."""
    return next(iter(escrows_of(job)), None)


def escrows_of(job: Job) -> list[Escrow]:
    """All the money that ever arrived at a seller for `job`, newest first. Exact only while the job is locked.

    What the sending wallet charges for sending is the seller's own cost, and never taken from the job's money. Who was
    paid outside the wallets was paid with it.
    """
    fundings = job.fundings.select_related("request__seller").prefetch_related(
        "request__payments__receiver_wallet",
        "request__payments__request",
        "request__payments__refunds__payment__request",
        "payouts__payment__request",
        "payouts__payment__refunds__payment__request",
        "outside_payouts__outside",
    )
    found = (_escrow(each) for each in fundings.order_by("-created_at", "-id"))
    return [escrow for escrow in found if escrow]


def _escrow(of: JobFunding) -> Escrow | None:
    came = [each for each in of.request.payments.all() if each.is_over and not each.arrived.is_zero]
    if not came:
        return None
    (payment,) = came
    outgoing = [payout.payment for payout in of.payouts.all()]
    back = [each.payment for each in payment.refunds.all()]
    sent_back = [each for payout in outgoing for each in payout.refunds.all() if each.payment.is_over]
    # What came twice and went back was never this job's.
    returned = [each.payment.arrived - Amount(each.surplus_returned, each.payment.asset) for each in sent_back]
    outside = [link.outside for link in of.outside_payouts.all()]
    counted = [each.amount for each in outside if each.counts]
    said = [each.amount for each in outside if each.waits]
    amounts = [payment.amount, *(each.worth for each in [*outgoing, *back]), *returned, *counted, *said]
    asset = max((amount.asset for amount in amounts), key=lambda each: each.scale)
    arrived = payment.arrived.rescaled(asset.scale)
    spent = _sum([*(each.worth_arrived for each in outgoing if each.is_over), *counted], asset)
    paid = Amount(max(0, spent.value - _sum(returned, asset).value), asset)
    refunded = _sum((each.worth_arrived for each in back if each.is_over), asset)
    under_way = _sum([*(each.worth for each in [*outgoing, *back] if not each.is_over), *said], asset)
    held = Amount(max(0, arrived.value - paid.value - refunded.value - under_way.value), asset)
    return Escrow(of, payment, of.request.seller, payment.receiver_wallet, arrived, paid, refunded, under_way, held)


def payable(job: Job) -> list[payables.Choice]:
    """The workers whose work is accepted, to whom something is owed that nobody asked for yet."""
    return [choice for choice in payables.owed(job) if _accepted(choice)]


def pay_out(  # noqa: PLR0913 - the parts of a payout
    job: Job,
    receivers: Sequence[Application],
    *,
    by: User,
    form_id: str,
    seen: Mapping[int, str] | None = None,
    parts: Mapping[int, Amount] | None = None,
) -> PaymentRequest:
    """One payment request to the seller that holds the job's money, for all `receivers`, whose work is accepted.

    A second person must authorise it, whatever the amount; then whoever approves for the seller gets the link. The same
    `form_id` returns the request that it made before; `seen` and `parts` are as in `funding.fund`. Raises Refusal, with
    an entry in the ledger; nothing else is changed then. A seller that may take no new money still pays out what it
    holds.
    """
    try:
        with transaction.atomic():
            return _pay_out(job, receivers, by=by, form_id=form_id, seen=seen, parts=parts)
    except Refusal as refusal:
        with transaction.atomic():
            funding.record_refusal([job], receivers, refusal, by)
        raise


def _pay_out(  # noqa: PLR0913 - the parts of a payout
    asked: Job,
    receivers: Sequence[Application],
    *,
    by: User,
    form_id: str,
    seen: Mapping[int, str] | None,
    parts: Mapping[int, Amount] | None,
) -> PaymentRequest:
    job = lifecycle.lock_job(asked.pk)
    if made := PaymentRequest.objects.filter(form_id=form_id).first():
        return funding.made_before(made, [job])
    sync_locked(job)
    status = JobStatus(job.status)
    if status not in funding.PAYABLE:
        raise JobRefusal("job_status_pays_nothing", status=str(status.label), way=str(WAYS[status]))
    escrow = escrow_of(job)
    if escrow is None:
        raise JobRefusal("escrow_empty")
    seller = escrow.seller
    if not seller.approval_email:
        raise JobRefusal("escrow_without_contact", seller=seller.name)
    found = _choices(job, receivers)
    payables.check_unchanged(found, seen)
    found = payables.with_parts(found, parts)
    lines = [payables.line_of(choice, escrow.wallet) for choice in found]
    _check_held(escrow, [line.fixed for line in lines])
    request = ask(
        payer_wallet=escrow.wallet,
        payer=Contact(seller.name, seller.approval_email, seller.approval_language),
        seller=seller,
        lines=lines,
        title=MadeTitle((TitleKind.PAYOUT,), job.title),
        reference=job.reference,
        requested_by=by,
        form_id=form_id,
        origin_path=reverse("admin:jobs_job_change", args=[job.pk]),
        two_people=True,
    )
    funding.record_asked(funding.link(found, lines, [], request, escrow.funding), [], request, by)
    return request


def _choices(job: Job, receivers: Sequence[Application]) -> list[payables.Choice]:
    wanted = {receiver.pk for receiver in receivers}
    if not wanted:
        raise JobRefusal("nobody_chosen")
    if len(wanted) > funding.MOST_RECEIVERS:
        raise JobRefusal("too_many_receivers", most=str(funding.MOST_RECEIVERS))
    found = list(payables.with_money(Application.objects.filter(pk__in=wanted, job=job)).order_by("id"))
    if len(found) < len(wanted):
        raise Application.DoesNotExist("a worker of another job")
    choices = [payables.worker(application, job) for application in found]
    for choice in choices:
        if not _accepted(choice):
            raise JobRefusal("work_not_accepted", name=choice.contact.name)
    return choices


def _accepted(choice: payables.Choice) -> bool:
    return isinstance(choice.receiver, Application) and job_payments.work_accepted(choice.receiver)


def _check_held(escrow: Escrow, amounts: Sequence[Amount]) -> None:
    asset = max([escrow.held.asset, *(amount.asset for amount in amounts)], key=lambda each: each.scale)
    wanted = _sum(amounts, asset)
    if wanted.value > escrow.held.rescaled(asset.scale).value:
        told = {"held": format_amount(escrow.held), "amount": format_amount(wanted)}
        raise JobRefusal("escrow_too_small", seller=escrow.seller.name, **told)


def _sum(amounts: Iterable[Amount], asset: Asset) -> Amount:
    return Amount(sum(amount.rescaled(asset.scale).value for amount in amounts), asset)


def give_back(  # noqa: PLR0913 - the parts of a refund
    job: Job, funding_id: int, amount: Amount, *, by: User, form_id: str, seen: Amount | None = None
) -> PaymentRequest:
    """Ask the seller that holds money for `job` to send `amount` of it back to the funder, whatever the job's status.

    `seen` is what was held when the person looked: anything else now is refused. The same `form_id` returns the request
    that it made before. Raises Refusal; nothing is changed then.
    """
    with transaction.atomic():
        locked_job = lifecycle.lock_job(job.pk)
        escrow = next((each for each in escrows_of(locked_job) if each.funding.pk == funding_id), None)
        if escrow is None:
            raise JobRefusal("escrow_empty")
        if not PaymentRequest.objects.filter(form_id=form_id).exists():
            _check_left(escrow, amount, seen)
        return refunds.refund(escrow.payment.pk, _in_units_of(escrow, amount), by=by, form_id=form_id, of_escrow=True)


def _check_left(escrow: Escrow, amount: Amount, seen: Amount | None) -> None:
    if seen is not None and seen != escrow.held:
        raise JobRefusal("refund_changed", left=format_amount(escrow.held))
    finest = max(amount.asset.scale, escrow.held.asset.scale)
    if amount.rescaled(finest).value > escrow.held.rescaled(finest).value:
        raise JobRefusal("refund_too_large", left=format_amount(escrow.held))


def _in_units_of(escrow: Escrow, amount: Amount) -> Amount:
    """As the wallet counts that holds the money."""
    try:
        return amount.rescaled(escrow.payment.asset_scale)
    except AmountError as error:
        raise JobRefusal("refund_too_fine", amount=format_amount(amount), wallet=escrow.wallet.url) from error


def is_to_be_refunded(job: Job, escrow: Escrow) -> bool:
    """The work is off, and the funder's money still there."""
    return job.status in lifecycle.OVER and not escrow.held.is_zero
