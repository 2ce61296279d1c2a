"""Who can get money of a job now, how much of it, and where it would go. Reads alone: nothing is asked for here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

from django.db.models import QuerySet

from jobs import job_payments, wallet_changes
from jobs.contacts import contact_of
from jobs.models import AmountSide, Application, ApplicationStatus, Job
from jobs.reasons import JobRefusal
from payments.actions.requests import Contact, RequestLine
from payments.models import Seller, WalletAddress
from payments.openpayments.amounts import Amount, AmountError
from payments.presentation.format_amounts import format_amount


@dataclass(frozen=True)
class Choice:
    """One receiver of one job's money, with what they would get."""

    job: Job
    receiver: Application | Literal["seller"]
    contact: Contact
    wallet: WalletAddress | None
    amount: Amount
    is_fee: bool = False
    left: Amount | None = None  # what stays owed to them where `amount` is a part

    @property
    def payer_fixes(self) -> bool:
        """The funder pays exactly `amount` for it; otherwise the receiver gets exactly that, as of a fee always."""
        return self.job.amount_side == AmountSide.DEBIT and not self.is_fee

    @property
    def seen(self) -> str:
        """Changes whenever a person who saw this choice should look again before asking for it."""
        wallet, payer = self.wallet.pk if self.wallet else "", self.job.funder.wallet_id
        told = (
            self.job.pk,
            self.job.budget,
            self.job.amount_side,
            self.job.funder_id,
            payer,
            self.contact,
            wallet,
            self.amount,
        )
        return sha256(repr(told).encode()).hexdigest()[:16]


def choices(job: Job) -> list[Choice]:
    """Who could receive money for this job now: workers to whom something is owed, and the seller if it may hold it."""
    found = owed(job)
    seller = job.seller or default_seller()
    if seller and seller.may_hold_money and not job_payments.funding_under_way(job):
        try:
            found.append(to_seller(seller, job))
        except JobRefusal:
            return found  # nothing is owed to anybody, so there is nothing to hold
    return found


def owed(job: Job) -> list[Choice]:
    """The selected workers to whom something is owed that nobody asked for yet, by application."""
    waiting = with_money(job_payments.unpaid_workers(job)).order_by("id")
    found = [_to_worker(application, job) for application in waiting]
    return [choice for choice in found if not choice.amount.is_zero]


def worker(application: Application, job: Job) -> Choice:
    name = application.worker.name
    if application.status != ApplicationStatus.SELECTED:
        raise JobRefusal("worker_not_selected", name=name)
    check_nothing_under_way(application)
    if job_payments.waiting_outside(application):
        raise JobRefusal("outside_waits", name=name)
    choice = _to_worker(application, job)
    if choice.amount.is_zero:
        paid = next((payout for payout in application.payouts.all() if payout.active), None)
        raise (
            JobRefusal("payout_exists", name=name, request=paid.payment.request_id)
            if paid
            else JobRefusal("nothing_owed")
        )
    return choice


def check_nothing_under_way(application: Application) -> None:
    """No payment to this worker is on its way by wallet. Reads payouts and their payments. Raises JobRefusal."""
    if payout := job_payments.open_payout(application):
        raise JobRefusal("payout_exists", name=application.worker.name, request=payout.payment.request_id)


def with_money(applications: QuerySet[Application]) -> QuerySet[Application]:
    """With all that is read of them here, in a constant number of queries."""
    wanted = applications.select_related("worker__wallet", "job")
    return wanted.prefetch_related(
        "submissions", "payouts__payment__request__payments", "outside_payouts__outside", "worker__wallet_changes"
    )


def _to_worker(application: Application, job: Job) -> Choice:
    worker = application.worker
    return Choice(
        job, application, contact_of(worker), worker.wallet, job_payments.remaining_of(job.budget, application)
    )


def to_seller(seller: Seller, job: Job) -> Choice:
    """What is owed to the workers who are not paid directly: those selected, or all wanted while nobody is."""
    selected = job.applications.filter(status=ApplicationStatus.SELECTED).exists()
    amounts = [choice.amount for choice in owed(job)] if selected else [job.budget] * job.workers_wanted
    if not amounts:
        raise JobRefusal("nothing_owed")
    finest = max(amount.asset.scale for amount in amounts)
    try:
        value = sum(amount.rescaled(finest).value for amount in amounts)
        total = Amount(value, replace(job.budget.asset, scale=finest))
    except AmountError as error:
        raise JobRefusal("budget_too_large", workers=str(len(amounts))) from error
    return Choice(job, "seller", Contact(seller.name, "", "en"), seller.wallet, total)


def default_seller() -> Seller | None:
    return Seller.objects.select_related("wallet").filter(is_default=True).first()


def with_parts(found: Sequence[Choice], parts: Mapping[int, Amount] | None) -> list[Choice]:
    """Whoever is named in `parts` (by application) gets so much of what is owed to them. Raises JobRefusal."""
    return [
        part_of(choice, parts[choice.receiver.pk])
        if parts and isinstance(choice.receiver, Application) and choice.receiver.pk in parts
        else choice
        for choice in found
    ]


def part_of(choice: Choice, wanted: Amount) -> Choice:
    """The same with `wanted`, which is all that is owed or less of it. Raises JobRefusal."""
    name, owed = choice.contact.name, choice.amount
    if wanted.asset.code != owed.asset.code:
        raise JobRefusal("changed_meanwhile", name=name)
    if wanted.is_zero:
        raise JobRefusal("nothing_of_it", name=name)
    finest = max(wanted.asset.scale, owed.asset.scale)
    try:
        left = owed.rescaled(finest) - wanted.rescaled(finest)
    except AmountError as error:
        raise JobRefusal("above_owed", name=name, owed=format_amount(owed)) from error
    return choice if left.is_zero else replace(choice, amount=wanted, left=left)


def check_unchanged(found: Sequence[Choice], seen: Mapping[int, str] | None) -> None:
    if seen is None:
        return
    for choice in found:
        key = choice.receiver.pk if isinstance(choice.receiver, Application) else 0
        if seen.get(key) != choice.seen:
            raise JobRefusal("changed_meanwhile", name=choice.contact.name)


def line_of(choice: Choice, payer_wallet: WalletAddress) -> RequestLine:
    """The receiver's part in the units of their wallet, exact; or the payer's, in theirs. Raises JobRefusal."""
    name = choice.contact.name
    if isinstance(choice.receiver, Application):
        wallet_changes.check_settled(choice.receiver.worker)
    wallet = wallet_of(name, choice.wallet, "receiver_wallet")
    if wallet.canonical_id == payer_wallet.canonical_id:
        raise JobRefusal("same_wallet", wallet=wallet.url)
    wanted, held = choice.amount.asset, wallet.asset
    since = wallet_changes.changed_at(choice.receiver.worker) if isinstance(choice.receiver, Application) else None
    if choice.payer_fixes:
        payer, paid_in = choice.job.funder.name, payer_wallet.asset
        if wanted.code != paid_in.code:
            raise JobRefusal("other_payer_currency", asset=wanted.code, name=payer, wallet_asset=paid_in.code)
        pays = _in_units(choice.amount, payer, paid_in.scale)
        return RequestLine(wallet, choice.contact, None, pays=pays, wallet_since=since)
    if wanted.code != held.code:
        raise JobRefusal("other_currency", asset=wanted.code, name=name, wallet_asset=held.code)
    return RequestLine(wallet, choice.contact, _in_units(choice.amount, name, held.scale), wallet_since=since)


def wallet_of(name: str, wallet: WalletAddress | None, problem_code: str) -> WalletAddress:
    if wallet is None:
        raise JobRefusal("payer_without_wallet", name=name)
    if wallet.problem:
        problem = {"code": wallet.problem, "params": wallet.problem_params}
        raise JobRefusal(problem_code, name=name, problem=problem)
    if not wallet.is_known:
        raise JobRefusal("wallet_not_checked", name=name)
    return wallet


def _in_units(amount: Amount, name: str, scale: int) -> Amount:
    """`amount` counted at `scale`, that of the wallet of `name`: exact. Raises JobRefusal."""
    try:
        return amount.rescaled(scale)
    except AmountError as error:
        code = "scale_too_small" if error.code == "too_precise" else "budget_out_of_range"
        written = f"{amount.to_major():f} {amount.asset.code}"
        raise JobRefusal(code, name=name, amount=written, text=written) from error
