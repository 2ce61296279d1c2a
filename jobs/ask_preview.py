"""What staff are shown before they ask a funder: who would get what, who can't and why, and the platform's fee."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from jobs import funding, job_payments, payables, wallet_changes
from jobs.models import Application, ApplicationStatus, Job, Member
from jobs.payables import Choice
from jobs.platform_fee import fees
from jobs.reasons import JobRefusal
from payments.models import Seller, WalletAddress
from payments.openpayments.amounts import Amount, AmountError
from payments.presentation.format_amounts import format_amount, percent
from payments.presentation.reasons import Refusal
from payments.risk.checks import PlannedPayment
from payments.risk.warnings import RiskWarning, look
from payments.second_person import at_work


@dataclass(frozen=True)
class Offer:
    """One worker to whom something is owed. With a `problem` they can't be chosen; warnings are for people to judge."""

    choice: Choice
    application: Application
    problem: str
    warnings: tuple[str, ...]
    risks: tuple[RiskWarning, ...]  # answered once the quote is sent
    accepted: bool  # their work is: they are paid at once, whenever the others are


def payer_problem(jobs: Sequence[Job]) -> str:
    """Why nobody can be paid for these jobs together, in one sentence; empty when somebody can."""
    try:
        if len({job.funder_id for job in jobs}) > 1:
            raise JobRefusal("different_funders")
        funding.seller_of(*jobs)
        funding.payer_wallet_of(jobs[0].funder)
    except Refusal as refusal:
        return str(refusal)
    return ""


def offers(jobs: Sequence[Job]) -> list[Offer]:
    """Every worker of `jobs` to whom something is owed, by job."""
    found = [choice for job in jobs if not funding.obstacle(job) for choice in payables.owed(job)]
    alike = _names_by_wallet(found)
    staff = at_work(choice.contact.email for choice in found)
    risks: dict[str, list[RiskWarning]] = defaultdict(list)
    for warning in look(list(_planned(found))):
        risks[warning.payment].append(warning)
    return [_offer(choice, alike, staff, risks) for choice in found]


def _planned(found: Sequence[Choice]) -> Iterator[PlannedPayment]:
    """What they would be paid: looked at as what is asked for, and sent, will be once more."""
    for choice in found:
        payer, wallet = choice.job.funder, choice.wallet
        if isinstance(choice.receiver, Application) and wallet and wallet.is_known and payer.wallet_id:
            yield PlannedPayment(
                key=str(choice.receiver.pk),
                payer_wallet_id=payer.wallet_id,
                payer_name=payer.name,
                wallet=wallet,
                wallet_since=wallet_changes.changed_at(choice.receiver.worker),
                name=choice.contact.name,
                amount=_arrives(choice, wallet),
                about=choice.receiver.pk,
            )


def _arrives(choice: Choice, wallet: WalletAddress) -> Amount | None:
    """All that is owed, in units of their wallet; None where only wallets can say how much arrives, or it can't."""
    if choice.payer_fixes or choice.amount.asset.code != wallet.asset.code:
        return None
    try:
        return choice.amount.rescaled(wallet.asset.scale)
    except AmountError:
        return None


def left_out(jobs: Sequence[Job], found: Sequence[Offer]) -> list[tuple[Job, str]]:
    """Those of `jobs` of which nobody is in `found`, each with the sentence that says why."""
    offered = {offer.choice.job.pk for offer in found}
    return [(job, str(_why_nobody(job))) for job in jobs if job.pk not in offered]


def _why_nobody(job: Job) -> JobRefusal:
    if found := funding.obstacle(job):
        return found
    selected = job.applications.filter(status=ApplicationStatus.SELECTED).exists()
    return JobRefusal("nothing_owed" if selected else "nobody_selected")


def _offer(
    choice: Choice, alike: dict[str, dict[int | str, str]], staff: set[str], risks: Mapping[str, Sequence[RiskWarning]]
) -> Offer:
    application = choice.receiver
    assert isinstance(application, Application), "the platform is no worker"
    warnings = []
    if choice.contact.email.lower() in staff:
        words = _("%(name)s has the email address of a member of staff: a second person must authorise the payment.")
        warnings.append(words % {"name": choice.contact.name})
    if choice.wallet:
        same: dict[int | str, str] = alike.get(choice.wallet.canonical_id, {})
        warnings += [
            _("The same wallet as %(name)s.") % {"name": name}
            for pk, name in same.items()
            if pk != application.worker_id
        ]
    told = tuple(risks.get(str(application.pk), ()))
    return Offer(choice, application, _problem(choice), tuple(warnings), told, job_payments.work_accepted(application))


def _problem(choice: Choice) -> str:
    try:
        payer = choice.job.funder.wallet
        if payer:
            payables.line_of(choice, payer)
    except Refusal as refusal:
        return str(refusal)
    return ""


def _names_by_wallet(found: Sequence[Choice]) -> dict[str, dict[int | str, str]]:
    """The names of every member and seller of ours who has one of these wallets, by the wallet's own id."""
    ids = {choice.wallet.canonical_id for choice in found if choice.wallet and choice.wallet.canonical_id}
    names: dict[str, dict[int | str, str]] = defaultdict(dict)
    listed = Member.objects.filter(wallet__canonical_id__in=ids).order_by("name", "pk")
    for pk, name, wallet in listed.values_list("pk", "name", "wallet__canonical_id"):
        names[wallet][pk] = name
    ours = Seller.objects.filter(wallet__canonical_id__in=ids).order_by("name", "pk")
    for key, name, wallet in ours.values_list("pk", "name", "wallet__canonical_id"):
        names[wallet][key] = name
    return names


def fee_lines(seller: Seller, found: Sequence[Offer]) -> list[str]:
    """The fee on top if everybody who can be chosen is; what stands in its way, where something does."""
    wanted = [(offer.application, offer.choice.amount) for offer in found if not offer.problem]
    try:
        taken = fees(seller, wanted)
    except Refusal as refusal:
        return [str(refusal)]
    return [
        _("Platform fee %(share)s %%: %(amount)s if all of them are chosen")
        % {"share": percent(fee.terms.share), "amount": format_amount(fee.amount)}
        if fee.terms.share
        else _("Platform fee: %(amount)s if all of them are chosen") % {"amount": format_amount(fee.amount)}
        for fee in taken
    ]
