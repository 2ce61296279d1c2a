"""The queues there are, in the order in which work and money go: what each counts, and how it tells what it lists."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.queue_counts import MOST, QueueCounter, Viewer, shown_number
from backoffice.to_do import mentions, money, work
from backoffice.to_do.marks import standing
from backoffice.to_do.shapes import CountedTab, RowKind, Tab
from backoffice.waiting import Waits, decidable
from jobs import to_do
from jobs.models import MemberNote
from payments.models import Payment, PaymentRequest
from payments.states import NEEDS_A_PERSON, RequestState


def _decided_by(viewer: Viewer, kind: Waits) -> QuerySet[Any] | None:
    return dict(decidable(viewer)).get(kind)


TABS: Final = (
    Tab(
        "ready",
        _("Ready to pay"),
        _("Everybody whose work is accepted was asked for, or paid."),
        "jobs.view_job",
        lambda _viewer: [to_do.ready_jobs()],
        work.ready,
        subject="job",
        acts="payments.request_paymentrequest",
    ),
    Tab(
        "attention",
        _("Needs attention"),
        _("No payment waits for a decision."),
        "payments.view_payment",
        lambda _viewer: [
            Payment.objects.filter(state__in=sorted(NEEDS_A_PERSON))
            .select_related("request", "owner")
            .prefetch_related("outside_settlements__claimed_by")
            .order_by("changed_at", "pk")
        ],
        money.attention,
        subject="payment",
        acts="payments.resolve_payment",
    ),
    Tab(
        "warned",
        _("Stopped by a warning"),
        _("No warning stops a payment that was approved, or what a program asked for."),
        "payments.view_payment",
        lambda _viewer: [money.stopped_payments(), money.stopped_requests()],
        money.warned,
    ),
    Tab(
        "review",
        _("Work to review"),
        _("All work that was handed in is decided on."),
        "jobs.view_submission",
        lambda _viewer: [to_do.work_to_review()],
        work.to_review,
        subject="submission",
        acts="jobs.change_submission",
    ),
    Tab(
        "applicants",
        _("Applicants to choose"),
        _("Nobody who applied waits for an answer."),
        "jobs.view_application",
        lambda _viewer: [to_do.applicants_to_choose()],
        work.to_choose,
        subject="job",
        acts="jobs.change_application",
    ),
    Tab(
        "quoted",
        _("Quoted, not sent"),
        _("Every quoted request was sent."),
        "payments.view_paymentrequest",
        lambda _viewer: [money.quoted_requests()],
        money.not_sent,
        subject="request",
        acts="payments.request_paymentrequest",
    ),
    Tab(
        "second",
        _("Second person"),
        _("Nothing waits for your decision."),
        "payments.view_paymentrequest",
        lambda viewer: [queue for _kind, queue in decidable(viewer)],
        money.second_person,
        kinds=tuple(
            RowKind(money.SECOND.format(kind), subject, partial(_decided_by, kind=kind))
            for kind, subject in (
                (Waits.REQUEST, "request"),
                (Waits.PROPOSAL, "proposal"),
                (Waits.WALLET_CHANGE, "wallet_change"),
                (Waits.RENAMED, "wallet"),
                (Waits.OUTSIDE, "outside_settlement"),
                (Waits.REPORT, "paid_outside"),
            )
        ),
    ),
    Tab(
        "mentions",
        _("Mentions"),
        _("No note names you that you have not read."),
        "payments.view_staffnote",
        lambda viewer: [mentions.unseen(viewer)],
        mentions.mentions,
    ),
    Tab(
        "ended",
        _("Declined or expired"),
        _("What was declined, expired or failed was asked for again, or is over."),
        "payments.view_paymentrequest",
        lambda _viewer: [to_do.ended_requests()],
        money.ended,
        subject="request",
        acts="payments.request_paymentrequest",
    ),
    Tab(
        "notes",
        _("Notes from members"),
        _("Every note from a member was seen to."),
        "jobs.view_membernote",
        lambda _viewer: [
            MemberNote.objects.filter(handled_at=None).select_related("member").order_by("written_at", "pk")
        ],
        work.notes,
        subject="note",
        acts="jobs.change_membernote",
    ),
    Tab(
        "wallets",
        _("Wallets with a problem"),
        _("Every member's wallet that was checked can be used."),
        "payments.view_walletaddress",
        lambda _viewer: [to_do.wallets_in_the_way()],
        work.wallets,
        subject="wallet",
        acts="payments.request_paymentrequest",
    ),
    Tab(
        "overdue",
        _("Overdue"),
        _("No deadline passed that something still waits for."),
        "jobs.view_job",
        lambda viewer: [to_do.overdue(viewer.now)],
        work.overdue,
        subject="job",
        acts="jobs.change_job",
    ),
    Tab(
        "payer",
        _("Waiting for the payer"),
        _("No payer was asked who has not answered."),
        "payments.view_paymentrequest",
        lambda _viewer: [_requests(RequestState.AWAITING_APPROVAL).order_by("sent_at", "pk")],
        money.at_payer,
        ours=False,
        subject="request",
        acts="payments.request_paymentrequest",
    ),
)


def _queues(viewer: Viewer) -> Iterator[tuple[int, QuerySet[Any]]]:
    for place, tab in enumerate(TABS):
        if viewer.has_perm(tab.permission):
            yield from ((place, queue) for queue in standing(tab, viewer))


_counts: Final = QueueCounter(_queues)


def counted(viewer: Viewer) -> list[CountedTab]:
    """The tabs that are for this person, in their order, with how much waits in each."""
    return [CountedTab(TABS[place], min(number, MOST + 1)) for place, number in sorted(_counts(viewer).items())]


def chosen_tab(code: str, tabs: list[CountedTab]) -> CountedTab | None:
    """The one of that code; else the first in which something waits for staff."""
    named = [one for one in tabs if one.tab.code == code]
    waiting = [one for one in tabs if one.count and one.tab.ours]
    return next(iter([*named, *waiting, *tabs]), None)


def badge(viewer: Viewer) -> str:
    """What the sidebar says beside “To do”: how much waits for staff; empty when nothing does."""
    number = sum(one.count for one in counted(viewer) if one.tab.ours)
    return shown_number(number) if number else ""


def _requests(state: RequestState) -> QuerySet[PaymentRequest]:
    return PaymentRequest.objects.filter(state=state)
