"""The queues of work: who is ready to be paid, what was handed in, who applied, what is late, what members wrote."""

from collections import defaultdict
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.page_actions import PageAction
from backoffice.to_do.shapes import Todo, TodoGroup, one_group
from jobs import deadlines, earnings, to_do
from jobs.admin.ask_forms import BETWEEN, MOST_JOBS
from jobs.find_work import Unasked
from jobs.models import Job, JobStatus, MemberNote, Submission
from jobs.to_do import Held
from payments.models import WalletAddress
from payments.presentation.dates import moment
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import sentence

#: Workers that one row names.
MOST_NAMES: Final = 3


def ready(request: HttpRequest, jobs: list[Job]) -> list[TodoGroup]:
    """By funder: one approval of theirs can pay for all of them."""
    workers, held = to_do.ready_workers(jobs), to_do.held_for(jobs)
    by_funder: dict[int, list[Job]] = defaultdict(list)
    for job in jobs:
        by_funder[job.funder_id].append(job)
    return [_of_funder(request, found, workers, held) for found in by_funder.values()]


def _of_funder(
    http: HttpRequest, jobs: list[Job], workers: dict[int, list[Unasked]], held: dict[int, Held]
) -> TodoGroup:
    rows = [_ready(http, job, workers[job.pk], held[job.pk]) for job in jobs]
    askable = [job for job, row in zip(jobs, rows, strict=True) if held[job.pk] == Held.NOTHING and not row.blocks]
    owed = earnings.totals(one.amount for job in jobs for one in workers[job.pk])
    together = 1 < len(askable) <= MOST_JOBS and http.user.has_perm("payments.request_paymentrequest")
    link = reverse("admin:jobs_job_ask_many", args=[BETWEEN.join(str(job.pk) for job in askable)]) if together else ""
    text = ngettext("Ask for %(n)s job at once", "Ask for %(n)s jobs at once", len(askable)) % {"n": len(askable)}
    return TodoGroup(
        rows,
        title=jobs[0].funder.name,
        amount=" + ".join(map(format_amount, owed)),
        action=PageAction(text, "request_quote", link) if together else None,
    )


def _ready(http: HttpRequest, job: Job, workers: list[Unasked], held: Held) -> Todo:
    told, others = to_do.names(workers, MOST_NAMES)
    more = ngettext("and %(n)s more", "and %(n)s more", others) % {"n": others} if others else ""
    names = " ".join(filter(None, [told, more]))
    amounts = earnings.totals(one.amount for one in workers)
    page, label = ("pay_out", _("Pay out")) if held == Held.THERE else ("request_payment", _("Ask for the payment"))
    blocks = _("The money to hold for it is not there yet.") if held == Held.ASKED else _blocked(job, workers, held)
    may = http.user.has_perm("payments.request_paymentrequest") and not blocks
    link = reverse("admin:jobs_job_change", args=[job.pk])
    return Todo(
        key=str(job.pk),
        title=job.title,
        who=names,
        amount=" + ".join(map(format_amount, amounts)),
        about=_("Work accepted, nobody asked for the money yet."),
        since=job.since,  # type: ignore[attr-defined]  # annotated by `ready_jobs`
        link=link,
        action=PageAction(label, "payments", reverse(f"admin:jobs_job_{page}", args=[job.pk]), dialog=True)
        if may
        else PageAction(_("Open the job"), "open_in_new", link),
        blocks=blocks,
    )


def _blocked(job: Job, workers: list[Unasked], held: Held) -> str:
    """What keeps all of it from being asked for; empty when somebody can be paid."""
    trouble = "" if held == Held.THERE else _wallet_trouble(job.funder.name, job.funder.wallet)
    if trouble:
        return trouble
    troubles = [_wallet_trouble(one.application.worker.name, one.application.worker.wallet) for one in workers]
    return "" if not all(troubles) else " ".join(troubles[:MOST_NAMES])


def _wallet_trouble(name: str, wallet: WalletAddress | None) -> str:
    if wallet is None:
        return _("%(name)s has no wallet yet.") % {"name": name}
    if wallet.problem:
        return _("The wallet of %(name)s has a problem.") % {"name": name}
    return "" if wallet.is_known else _("The wallet of %(name)s was not checked yet.") % {"name": name}


def to_review(_request: HttpRequest, found: list[Submission]) -> list[TodoGroup]:
    def row(work: Submission) -> Todo:
        link = reverse("admin:jobs_submission_change", args=[work.pk])
        return Todo(
            key=str(work.pk),
            title=work.application.job.title,
            who=work.application.worker.name,
            amount=format_amount(work.application.job.budget),
            about=_("Work was handed in."),
            since=work.created_at,
            link=link,
            action=PageAction(_("Read and decide"), "rate_review", link),
        )

    return one_group([row(work) for work in found])


def to_choose(_request: HttpRequest, found: list[Any]) -> list[TodoGroup]:
    def row(job: Any) -> Todo:
        told = {"applied": job.applied, "chosen": job.chosen, "wanted": job.workers_wanted}
        link = reverse("admin:jobs_job_change", args=[job.pk])
        return Todo(
            key=str(job.pk),
            title=job.title,
            who=job.funder.name,
            amount=format_amount(job.budget),
            about=_("%(applied)s applied and wait for an answer; %(chosen)s of %(wanted)s are selected.") % told,
            since=job.since,
            link=link,
            action=PageAction(_("Choose"), "how_to_reg", link),
        )

    return one_group([row(job) for job in found])


def overdue(_request: HttpRequest, found: list[Job]) -> list[TodoGroup]:
    def row(job: Job) -> Todo:
        since = deadlines.overdue_since(job)
        told = {"status": JobStatus(job.status).label, "when": moment(since)}
        link = reverse("admin:jobs_job_change", args=[job.pk])
        return Todo(
            key=str(job.pk),
            title=job.title,
            who=job.funder.name,
            amount=format_amount(job.budget),
            about=_("Still “%(status)s”, though a deadline passed on %(when)s.") % told,
            since=since,
            link=link,
            action=PageAction(_("Open the job"), "open_in_new", link),
        )

    return one_group([row(job) for job in found])


def notes(_request: HttpRequest, found: list[MemberNote]) -> list[TodoGroup]:
    def row(note: MemberNote) -> Todo:
        link = f"{reverse('admin:where_is_money')}?note={note.pk}"
        return Todo(
            key=str(note.pk),
            title=note.member.name,
            who="",
            amount="",
            about=note.text,
            since=note.written_at,
            link=link,
            action=PageAction(_("Look and answer"), "travel_explore", link),
        )

    return one_group([row(note) for note in found])


def wallets(http: HttpRequest, found: list[WalletAddress]) -> list[TodoGroup]:
    def row(wallet: WalletAddress) -> Todo:
        link = reverse("admin:payments_walletaddress_change", args=[wallet.pk])
        check = reverse("admin:payments_walletaddress_check_now", args=[wallet.pk])
        return Todo(
            key=str(wallet.pk),
            title=", ".join(member.name for member in wallet.members.all()),
            who=wallet.url,
            amount="",
            about=sentence(wallet.problem, wallet.problem_params),
            since=wallet.checked_at,
            link=link,
            action=PageAction(_("Check again"), "refresh", check, dialog=True) if _may_check(http) else None,
        )

    return one_group([row(wallet) for wallet in found])


def _may_check(http: HttpRequest) -> bool:
    """As the admin of wallet addresses says."""
    return any(map(http.user.has_perm, ("payments.request_paymentrequest", "payments.change_walletaddress")))
