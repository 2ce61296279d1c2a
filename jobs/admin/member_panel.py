"""What a member's page begins with: the money of their work, and the jobs that they fund. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from django.db.models import Manager, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from jobs import earnings
from jobs.admin.badges import job_badge
from jobs.earnings import Earning
from jobs.models import Application, Job, Member, Submission
from ledger.api import newest_entry
from ledger.stamps import day_stamp
from payments.admin.following import version_of_facts
from payments.models import OutsidePayment, Payment, WalletAddress
from payments.presentation.format_amounts import bought_by, format_amount

#: Of each kind, the newest.
SHOWN: Final = 5

Row = TypeVar("Row", Application, Job)


def version_of_member(member: Member) -> str:
    """Changes whenever anything of the member, their work, their money or what they fund was recorded or moves."""
    works = list(_newest(member.applications)[: earnings.MOST_JOBS].values_list("pk", "status", "changed_at"))
    theirs = [row[0] for row in works]
    handed_in = Submission.objects.filter(application__in=theirs).order_by("pk")
    paid = Payment.objects.filter(payout__application__in=theirs).order_by("id")
    outside = OutsidePayment.objects.filter(payout__application__in=theirs).order_by("id")
    wallet = WalletAddress.objects.filter(members=member)
    return version_of_facts(
        newest_entry("member", str(member.pk)),
        member.changed_at,
        list(wallet.values_list("changed_at", "checked_at", "proven_at")),
        works,
        list(handed_in.values_list("pk", "status")),
        list(paid.values_list("id", "state", "changed_at", "failures")),
        list(outside.values_list("id", "state")),
        list(_newest(member.funded_jobs)[: SHOWN + 1].values_list("pk", "status", "changed_at")),
        list(member.notes.filter(handled_at=None).order_by("pk").values_list("pk", flat=True)),
    )


@dataclass(frozen=True)
class PanelRow:
    """`path` leads to where it is decided on, for who may look there; `note` is safe in HTML."""

    title: str
    amount: str
    note: str
    path: str


@dataclass(frozen=True)
class PanelGroup:
    """`total` is by currency; `all_path` leads to all of them."""

    title: str
    total: str
    rows: list[PanelRow]
    all_path: str


def groups_of(member: Member, request: HttpRequest) -> list[PanelGroup]:
    """In a constant number of queries; of what there is nothing of, nothing is said."""
    found = []
    if request.user.has_perm("jobs.view_application"):
        found += _of_work(member, may_see_payments=request.user.has_perm("payments.view_payment"))
    if request.user.has_perm("jobs.view_job"):
        found.append(_of_jobs(member))
    return [group for group in found if group.rows]


def _of_work(member: Member, *, may_see_payments: bool) -> list[PanelGroup]:
    money = earnings.of(member)
    named = (
        (_("Owed"), money.owed),
        (_("Agreed"), money.agreed),
        (_("On its way"), money.on_its_way),
        (_("Arrived"), money.arrived),
    )
    applications = _list_of("jobs_application", member.email) if member.email else ""
    return [
        PanelGroup(
            title,
            _together(rows),
            [_earned(row, may_see_payments=may_see_payments) for row in rows[:SHOWN]],
            applications if len(rows) > SHOWN else "",
        )
        for title, rows in named
    ]


def _earned(earning: Earning, *, may_see_payments: bool) -> PanelRow:
    has_page = earning.payment_id and earning.status and may_see_payments
    told = (str(earning.status), day_stamp(earning.at), earning.reference)
    return PanelRow(
        earning.title,
        bought_by(earning.amount) if earning.buys else format_amount(earning.amount),
        format_html_join(" · ", "{}", ((words,) for words in told if words)),
        reverse("admin:payments_payment_change", args=[earning.payment_id]) if has_page else "",
    )


def _together(rows: Iterable[Earning]) -> str:
    return " · ".join(format_amount(total) for total in earnings.totals(row.amount for row in rows if not row.buys))


def _of_jobs(member: Member) -> PanelGroup:
    newest = list(_newest(member.funded_jobs)[: SHOWN + 1])
    rows = [
        PanelRow(job.title, format_amount(job.budget), job_badge(job), reverse("admin:jobs_job_change", args=[job.pk]))
        for job in newest[:SHOWN]
    ]
    return PanelGroup(_("Jobs they fund"), "", rows, _list_of("jobs_job", member.name) if newest[SHOWN:] else "")


def _newest(rows: Manager[Row]) -> QuerySet[Row]:
    return rows.order_by("-created_at", "-pk")


def _list_of(name: str, words: str) -> str:
    return f"{reverse(f'admin:{name}_changelist')}?{urlencode({'q': words})}"
