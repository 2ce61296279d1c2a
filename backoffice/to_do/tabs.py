"""The queues there are, in the order in which work and money go: what each counts, and how it tells what it lists."""

from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.to_do import money, work
from backoffice.to_do.counting import counted
from backoffice.to_do.shapes import MOST, Tab
from backoffice.waiting import decidable
from jobs import to_do
from jobs.models import MemberNote
from payments.models import Payment, PaymentRequest
from payments.states import NEEDS_A_PERSON, RequestState

TABS: Final = (
    Tab(
        "ready",
        _("Ready to pay"),
        _("Everybody whose work is accepted was asked for, or paid."),
        "jobs.view_job",
        lambda _request: [to_do.ready_jobs()],
        work.ready,
    ),
    Tab(
        "attention",
        _("Needs attention"),
        _("No payment waits for a decision."),
        "payments.view_payment",
        lambda _request: [
            Payment.objects.filter(state__in=sorted(NEEDS_A_PERSON))
            .select_related("request", "owner")
            .prefetch_related("outside_settlements__claimed_by")
            .order_by("changed_at", "pk")
        ],
        money.attention,
    ),
    Tab(
        "review",
        _("Work to review"),
        _("All work that was handed in is decided on."),
        "jobs.view_submission",
        lambda _request: [to_do.work_to_review()],
        work.to_review,
    ),
    Tab(
        "applicants",
        _("Applicants to choose"),
        _("Nobody who applied waits for an answer."),
        "jobs.view_application",
        lambda _request: [to_do.applicants_to_choose()],
        work.to_choose,
    ),
    Tab(
        "quoted",
        _("Quoted, not sent"),
        _("Every quoted request was sent."),
        "payments.view_paymentrequest",
        lambda _request: [_requests(RequestState.QUOTED).order_by("created_at", "pk")],
        money.not_sent,
    ),
    Tab(
        "second",
        _("Second person"),
        _("Nothing waits for your decision."),
        "payments.view_paymentrequest",
        lambda request: list(decidable(request)),
        money.second_person,
    ),
    Tab(
        "ended",
        _("Declined or expired"),
        _("What was declined, expired or failed was asked for again, or is over."),
        "payments.view_paymentrequest",
        lambda _request: [to_do.ended_requests()],
        money.ended,
    ),
    Tab(
        "notes",
        _("Notes from members"),
        _("Every note from a member was seen to."),
        "jobs.view_membernote",
        lambda _request: [
            MemberNote.objects.filter(handled_at=None).select_related("member").order_by("written_at", "pk")
        ],
        work.notes,
    ),
    Tab(
        "wallets",
        _("Wallets with a problem"),
        _("Every member's wallet that was checked can be used."),
        "payments.view_walletaddress",
        lambda _request: [to_do.wallets_in_the_way()],
        work.wallets,
    ),
    Tab(
        "overdue",
        _("Overdue"),
        _("No deadline passed that something still waits for."),
        "jobs.view_job",
        lambda _request: [to_do.overdue()],
        work.overdue,
    ),
    Tab(
        "payer",
        _("Waiting for the payer"),
        _("No payer was asked who has not answered."),
        "payments.view_paymentrequest",
        lambda _request: [_requests(RequestState.AWAITING_APPROVAL).order_by("sent_at", "pk")],
        money.at_payer,
        ours=False,
    ),
)


def badge(request: HttpRequest) -> str:
    """What the sidebar says beside “To do”: how much waits for staff; empty when nothing does."""
    ours = counted(request, [tab for tab in TABS if tab.ours])
    number = sum(one.count for one in ours)
    if not number:
        return ""
    return f"{MOST}+" if number > MOST else str(number)


def _requests(state: RequestState) -> QuerySet[PaymentRequest]:
    return PaymentRequest.objects.filter(state=state)
