"""What a member's page begins with: the money of their work, and the jobs that they fund. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from jobs import earnings
from jobs.admin.badges import job_badge
from jobs.earnings import Earning
from jobs.models import Member
from ledger.stamps import day_stamp
from payments.presentation.format_amounts import bought_by, format_amount

#: Of each kind, the newest.
SHOWN: Final = 5


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
    newest = list(member.funded_jobs.order_by("-created_at", "-pk")[: SHOWN + 1])
    rows = [
        PanelRow(job.title, format_amount(job.budget), job_badge(job), reverse("admin:jobs_job_change", args=[job.pk]))
        for job in newest[:SHOWN]
    ]
    return PanelGroup(_("Jobs they fund"), "", rows, _list_of("jobs_job", member.name) if newest[SHOWN:] else "")


def _list_of(name: str, words: str) -> str:
    return f"{reverse(f'admin:{name}_changelist')}?{urlencode({'q': words})}"
