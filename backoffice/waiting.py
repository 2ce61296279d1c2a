"""What waits for a second person: everything that somebody proposed and somebody else has to decide on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import (
    CharField,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.access_proposals import ACCESS
from backoffice.audit.access import KIND as AUDIT_ACCESS
from backoffice.queue_counts import MOST, QueueCounter, Viewer
from jobs.member_emails import ADDRESS
from jobs.models import WalletChange, WalletChangeState
from ledger.models import EntrySubject
from payments.actions.proposals import permissions
from payments.actions.wallets import RENAMED
from payments.mail.colleagues import name_of
from payments.mail.second_person import AUTHORISE, CONFIRM_OUTSIDE
from payments.models import (
    OutsidePayment,
    OutsidePaymentState,
    OutsideSettlement,
    PaymentRequest,
    Proposal,
    WalletAddress,
)
from payments.models.fields import amount_of
from payments.models.proposals import ProposalState
from payments.presentation.attention_text import missing
from payments.presentation.format_amounts import format_amount, format_gets
from payments.presentation.proposal_words import changed_rows, title
from payments.presentation.rule_words import because_sentences
from payments.second_person import WINDOW
from payments.states import RequestState

CONFIRM_WALLET: Final = "jobs.confirm_walletchange"
ACCEPT_WALLET: Final = "payments.accept_walletaddress"
RESOLVE: Final = "payments.resolve_payment"
#: Changes of what one account may do: their subject is its key, and whose it is does not decide on it.
ABOUT_PEOPLE: Final = (ACCESS, AUDIT_ACCESS)
#: Of each kind; the oldest come first.
SHOWN = 100
MOST_RECEIVERS = 5

Row = tuple[str | Promise, str]


class Waits(StrEnum):
    """The kinds of rows that wait for a second person."""

    REQUEST = "request"
    PROPOSAL = "proposal"
    WALLET_CHANGE = "wallet"
    RENAMED = "renamed"
    OUTSIDE = "outside"
    REPORT = "report"


@dataclass(frozen=True)
class WaitingItem:
    """One thing that waits, with exactly what is decided. `waits` and `key` are the row's kind and primary key."""

    waits: Waits
    key: str
    kind: str | Promise
    title: str
    link: str
    proposer: User | None
    since: datetime
    may_decide: bool = False
    rows: list[Row] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    @property
    def who(self) -> str:
        """Empty for a member, who proposed it on their own page."""
        return name_of(self.proposer)


def decidable(viewer: Viewer) -> Iterator[tuple[Waits, QuerySet[Any]]]:
    """What this person may see and decide on, and has no part in, of each kind; what waits longest comes first."""
    for waits, condition in _conditions(viewer):
        kind = KINDS[waits]
        if viewer.has_perm(kind.view_permission):
            yield waits, kind.rows().filter(condition)


def _conditions(viewer: Viewer) -> Iterator[tuple[Waits, Q]]:
    """Of each kind that this person may decide on, which they may: by their permissions, and by whose rows they are.

    As those say who carry it out. That two people have one email address, or had each other's account, is no
    condition for a database: who decides is told then.
    """
    if viewer.has_perm(AUTHORISE):
        yield Waits.REQUEST, ~Q(requested_by=viewer.pk)
    if kinds := [kind for kind, permission in permissions().items() if viewer.has_perm(permission)]:
        about_them = Q(kind__in=ABOUT_PEOPLE, subject=Cast(Value(viewer.pk), CharField()))
        yield Waits.PROPOSAL, Q(kind__in=kinds) & ~Q(proposed_by=viewer.pk) & ~about_them
    if viewer.has_perm(CONFIRM_WALLET):
        yield (
            Waits.WALLET_CHANGE,
            ~Q(proposed_by=viewer.pk) & ~Q(shown_to=viewer.pk) & ~Q(Exists(_changes_of_address(viewer))),
        )
    if viewer.has_perm(ACCEPT_WALLET):
        yield Waits.RENAMED, ~Q(accepted_by=viewer.pk)
    if viewer.has_perm(RESOLVE):
        yield Waits.OUTSIDE, ~Q(claimed_by=viewer.pk)
    if viewer.has_perm(CONFIRM_OUTSIDE):
        yield Waits.REPORT, ~Q(claimed_by=viewer.pk)


def _changes_of_address(viewer: Viewer) -> QuerySet[EntrySubject]:
    """By which this person said lately where the member's mail goes: as `jobs.member_emails.changed_by`."""
    since = Value(viewer.now, DateTimeField()) - Value(WINDOW, DurationField())
    return EntrySubject.objects.filter(
        subject_kind=ADDRESS,
        subject_id=Cast(OuterRef("member"), CharField()),
        recorded_at__gt=ExpressionWrapper(since, DateTimeField()),
        entry__actor_kind="staff",
        entry__actor_id=Cast(Value(viewer.pk), CharField()),
    )


def deciding_permissions() -> list[str]:
    """Whoever has one of these may decide on something that another proposed."""
    return [AUTHORISE, *permissions().values(), CONFIRM_WALLET, ACCEPT_WALLET, RESOLVE, CONFIRM_OUTSIDE]


_counts: Final = QueueCounter(lambda viewer: ((0, rows) for _kind, rows in decidable(viewer)))


def count_for(viewer: Viewer) -> int:
    """How many things wait that this person did not propose and may decide on; beyond `MOST`, one more than it."""
    return min(sum(_counts(viewer).values()), MOST + 1)


def _requests() -> QuerySet[PaymentRequest]:
    found = PaymentRequest.objects.filter(state=RequestState.AWAITING_AUTHORISATION)
    return found.select_related("requested_by").prefetch_related("payments").order_by("changed_at", "pk")


def _proposals() -> QuerySet[Proposal]:
    found = Proposal.objects.filter(state=ProposalState.WAITING)
    return found.select_related("proposed_by").order_by("created_at", "pk")


def _wallet_changes() -> QuerySet[WalletChange]:
    found = WalletChange.objects.filter(state=WalletChangeState.WAITING)
    return found.select_related("member", "before", "after", "proposed_by").order_by("created_at", "pk")


def _renamed() -> QuerySet[WalletAddress]:
    """Wallets of which one person accepted that they are another one now."""
    found = WalletAddress.objects.filter(problem=RENAMED, accepted_by__isnull=False)
    return found.select_related("accepted_by").order_by("changed_at", "pk")


def _outside() -> QuerySet[OutsideSettlement]:
    found = OutsideSettlement.objects.filter(confirmed_at=None, withdrawn_at=None)
    return found.select_related("payment__request", "claimed_by").order_by("created_at", "pk")


def _outside_payments() -> QuerySet[OutsidePayment]:
    found = OutsidePayment.objects.filter(state=OutsidePaymentState.WAITING)
    return found.select_related("claimed_by").order_by("created_at", "pk")


def items(request: HttpRequest) -> list[WaitingItem]:
    """What the person may see, in a constant number of queries; what waits longest comes first.

    Of each kind at most `SHOWN` that they may decide on, and as many of others: those never take the place of these.
    """
    return sorted(_all(request), key=lambda item: item.since)


def items_of(rows: Iterable[Model]) -> list[WaitingItem]:
    """Rows that `decidable` found, as they are told; what waits longest comes first."""
    by_model = {kind.model: kind for kind in KINDS.values()}
    return sorted((by_model[type(row)].told(row, may_decide=True) for row in rows), key=lambda item: item.since)


def _all(request: HttpRequest) -> Iterator[WaitingItem]:
    viewer = Viewer.of(request)
    theirs = dict(_conditions(viewer))
    for waits, kind in KINDS.items():
        if not viewer.has_perm(kind.view_permission):
            continue
        rows, condition = kind.rows(), theirs.get(waits)
        if condition is not None:
            yield from (kind.told(row, may_decide=True) for row in rows.filter(condition)[:SHOWN])
            rows = rows.exclude(condition)
        yield from (kind.told(row, may_decide=False) for row in rows[:SHOWN])


def _request_item(row: PaymentRequest) -> WaitingItem:
    payments = list(row.payments.all())
    told: list[Row] = [
        (_("Payer"), row.payer_name),
        (_("The payer pays at most"), format_amount(amount_of(row.most_debit, row.asset_code, row.asset_scale))),
    ]
    receives = _("%(name)s receives")
    told += [(receives % {"name": each.receiver_name}, format_gets(each)) for each in payments[:MOST_RECEIVERS]]
    if len(payments) > MOST_RECEIVERS:
        told.append((_("And more receivers"), str(len(payments) - MOST_RECEIVERS)))
    return WaitingItem(
        waits=Waits.REQUEST,
        key=str(row.pk),
        kind=gettext_lazy("Payment request"),
        title=row.shown_title,
        link=reverse("admin:payments_paymentrequest_change", args=[row.pk]),
        proposer=row.requested_by,
        since=row.changed_at,
        rows=told,
        why=because_sentences(row.second_person_because),
    )


def _proposal_item(row: Proposal) -> WaitingItem:
    changes = changed_rows(row.kind, row.before, row.after)
    return WaitingItem(
        waits=Waits.PROPOSAL,
        key=str(row.pk),
        kind=gettext_lazy("Change"),
        title=title(row.kind, row.subject),
        link=reverse("admin:payments_proposal_change", args=[row.pk]),
        proposer=row.proposed_by,
        since=row.created_at,
        rows=[(change.label, f"{change.before} → {change.after}") for change in changes],
        why=[_("It changes what guards the money, so two administrators decide it.")],
    )


def _wallet_change_item(row: WalletChange) -> WaitingItem:
    return WaitingItem(
        waits=Waits.WALLET_CHANGE,
        key=str(row.pk),
        kind=gettext_lazy("Wallet of a member"),
        title=row.member.name,
        link=reverse("admin:jobs_member_change", args=[row.member_id]),
        proposer=row.proposed_by,
        since=row.created_at,
        rows=[(_("Wallet until now"), row.before.url), (_("New wallet"), row.after.url)],
        why=[_("Whose money goes where is changed by two people.")],
    )


def _renamed_item(row: WalletAddress) -> WaitingItem:
    told = [row.canonical_id, row.asset_code], [row.accepted["canonical_id"], row.accepted["asset_code"]]
    return WaitingItem(
        waits=Waits.RENAMED,
        key=str(row.pk),
        kind=gettext_lazy("Wallet address"),
        title=row.url,
        link=reverse("admin:payments_walletaddress_change", args=[row.pk]),
        proposer=row.accepted_by,
        since=row.changed_at,
        rows=[(_("It was"), ", ".join(told[0])), (_("It says it is now"), ", ".join(told[1]))],
        why=[_("It became another wallet, which two people accept.")],
    )


def _outside_item(row: OutsideSettlement) -> WaitingItem:
    payment = row.payment
    return WaitingItem(
        waits=Waits.OUTSIDE,
        key=str(row.pk),
        kind=gettext_lazy("Settled outside"),
        title=payment.request.shown_title,
        link=reverse("admin:payments_payment_change", args=[payment.pk]),
        proposer=row.claimed_by,
        since=row.created_at,
        rows=[
            (_("Receiver"), payment.receiver_name),
            (_("Settled outside"), format_amount(missing(payment))),
            (_("How"), row.get_way_display()),
            (_("Evidence"), row.evidence),
        ],
        why=[_("What no wallet says counts on the word of two people.")],
    )


def _outside_payment_item(row: OutsidePayment) -> WaitingItem:
    return WaitingItem(
        waits=Waits.REPORT,
        key=str(row.pk),
        kind=gettext_lazy("Paid outside"),
        title=row.title,
        link=reverse("admin:payments_outsidepayment_change", args=[row.pk]),
        proposer=row.claimed_by,
        since=row.created_at,
        rows=[
            (_("Receiver"), row.receiver_name),
            (_("Payer"), row.payer_name),
            (_("Paid outside the wallets"), format_amount(row.amount)),
            (_("How"), row.get_way_display()),
            (_("Evidence"), row.evidence),
        ],
        why=[_("What no wallet says counts on the word of two people.")],
    )


@dataclass(frozen=True)
class WaitingKind:
    """Rows of one kind, what waits longest first, and how one is told."""

    model: type[Model]
    rows: Callable[[], QuerySet[Any]]
    tell: Callable[[Any], WaitingItem]

    @property
    def view_permission(self) -> str:
        return f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"  # noqa: SLF001 - Django's public name

    def told(self, row: Model, *, may_decide: bool) -> WaitingItem:
        return replace(self.tell(row), may_decide=may_decide)


KINDS: Final = {
    Waits.REQUEST: WaitingKind(PaymentRequest, _requests, _request_item),
    Waits.PROPOSAL: WaitingKind(Proposal, _proposals, _proposal_item),
    Waits.WALLET_CHANGE: WaitingKind(WalletChange, _wallet_changes, _wallet_change_item),
    Waits.RENAMED: WaitingKind(WalletAddress, _renamed, _renamed_item),
    Waits.OUTSIDE: WaitingKind(OutsideSettlement, _outside, _outside_item),
    Waits.REPORT: WaitingKind(OutsidePayment, _outside_payments, _outside_payment_item),
}
