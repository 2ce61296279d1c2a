"""What waits for a second person: everything that somebody proposed and somebody else has to decide on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.queue_counts import QueueCounter, Viewer
from jobs.models import WalletChange, WalletChangeState
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
from payments.states import RequestState

CONFIRM_WALLET: Final = "jobs.confirm_walletchange"
ACCEPT_WALLET: Final = "payments.accept_walletaddress"
RESOLVE: Final = "payments.resolve_payment"
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
    may_decide: bool
    rows: list[Row] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    @property
    def who(self) -> str:
        """Empty for a member, who proposed it on their own page."""
        return name_of(self.proposer)


def decidable(viewer: Viewer) -> Iterator[tuple[Waits, QuerySet[Any]]]:
    """What this person did not propose and may decide on, of each kind."""
    if viewer.has_perm(AUTHORISE):
        yield Waits.REQUEST, _requests().exclude(requested_by=viewer.pk)
    if kinds := [kind for kind, permission in permissions().items() if viewer.has_perm(permission)]:
        yield Waits.PROPOSAL, _proposals().filter(kind__in=kinds).exclude(proposed_by=viewer.pk)
    if viewer.has_perm(CONFIRM_WALLET):
        yield Waits.WALLET_CHANGE, _wallet_changes().exclude(proposed_by=viewer.pk)
    if viewer.has_perm(ACCEPT_WALLET):
        yield Waits.RENAMED, _renamed().exclude(accepted_by=viewer.pk)
    if viewer.has_perm(RESOLVE):
        yield Waits.OUTSIDE, _outside().exclude(claimed_by=viewer.pk)
    if viewer.has_perm(CONFIRM_OUTSIDE):
        yield Waits.REPORT, _outside_payments().exclude(claimed_by=viewer.pk)


def deciding_permissions() -> list[str]:
    """Whoever has one of these may decide on something that another proposed."""
    return [AUTHORISE, *permissions().values(), CONFIRM_WALLET, ACCEPT_WALLET, RESOLVE, CONFIRM_OUTSIDE]


_counts: Final = QueueCounter(lambda viewer: ((0, rows) for _kind, rows in decidable(viewer)))


def count_for(viewer: Viewer) -> int:
    """How many things wait that this person did not propose and may decide on."""
    return sum(_counts(viewer).values())


def _requests() -> QuerySet[PaymentRequest]:
    return PaymentRequest.objects.filter(state=RequestState.AWAITING_AUTHORISATION)


def _proposals() -> QuerySet[Proposal]:
    return Proposal.objects.filter(state=ProposalState.WAITING)


def _wallet_changes() -> QuerySet[WalletChange]:
    return WalletChange.objects.filter(state=WalletChangeState.WAITING)


def _renamed() -> QuerySet[WalletAddress]:
    """Wallets of which one person accepted that they are another one now."""
    return WalletAddress.objects.filter(problem=RENAMED, accepted_by__isnull=False)


def _outside() -> QuerySet[OutsideSettlement]:
    return OutsideSettlement.objects.filter(confirmed_at=None, withdrawn_at=None)


def _outside_payments() -> QuerySet[OutsidePayment]:
    return OutsidePayment.objects.filter(state=OutsidePaymentState.WAITING)


def items(request: HttpRequest) -> list[WaitingItem]:
    """What the person may see, in a constant number of queries; what waits longest comes first."""
    return sorted(_all(request), key=lambda item: item.since)


def _all(request: HttpRequest) -> Iterator[WaitingItem]:
    sources: tuple[tuple[type[Model], Any], ...] = (
        (PaymentRequest, _request_items),
        (Proposal, _proposal_items),
        (WalletChange, _wallet_change_items),
        (WalletAddress, _renamed_items),
        (OutsideSettlement, _outside_items),
        (OutsidePayment, _outside_payment_items),
    )
    for model, items in sources:
        if _may_look(request, model):
            yield from items(request)


def _may_look(request: HttpRequest, model: type[Model]) -> bool:
    return request.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")  # noqa: SLF001 - Django's public name


def _decides(request: HttpRequest, permission: str, proposer_id: int | None) -> bool:
    return proposer_id != request.user.pk and request.user.has_perm(permission)


def _request_items(request: HttpRequest) -> Iterator[WaitingItem]:
    rows = _requests().select_related("requested_by").prefetch_related("payments").order_by("changed_at")
    for row in rows[:SHOWN]:
        payments = list(row.payments.all())
        told: list[Row] = [
            (_("Payer"), row.payer_name),
            (_("The payer pays at most"), format_amount(amount_of(row.most_debit, row.asset_code, row.asset_scale))),
        ]
        receives = _("%(name)s receives")
        told += [(receives % {"name": each.receiver_name}, format_gets(each)) for each in payments[:MOST_RECEIVERS]]
        if len(payments) > MOST_RECEIVERS:
            told.append((_("And more receivers"), str(len(payments) - MOST_RECEIVERS)))
        yield WaitingItem(
            waits=Waits.REQUEST,
            key=str(row.pk),
            kind=gettext_lazy("Payment request"),
            title=row.shown_title,
            link=reverse("admin:payments_paymentrequest_change", args=[row.pk]),
            proposer=row.requested_by,
            since=row.changed_at,
            may_decide=_decides(request, AUTHORISE, row.requested_by_id),
            rows=told,
            why=because_sentences(row.second_person_because),
        )


def _proposal_items(request: HttpRequest) -> Iterator[WaitingItem]:
    needed = permissions()
    for row in _proposals().select_related("proposed_by").order_by("created_at")[:SHOWN]:
        changes = changed_rows(row.kind, row.before, row.after)
        yield WaitingItem(
            waits=Waits.PROPOSAL,
            key=str(row.pk),
            kind=gettext_lazy("Change"),
            title=title(row.kind, row.subject),
            link=reverse("admin:payments_proposal_change", args=[row.pk]),
            proposer=row.proposed_by,
            since=row.created_at,
            may_decide=_decides(request, needed[row.kind], row.proposed_by_id),
            rows=[(change.label, f"{change.before} → {change.after}") for change in changes],
            why=[_("It changes what guards the money, so two administrators decide it.")],
        )


def _wallet_change_items(request: HttpRequest) -> Iterator[WaitingItem]:
    found = _wallet_changes().select_related("member", "before", "after", "proposed_by").order_by("created_at")
    for row in found[:SHOWN]:
        yield WaitingItem(
            waits=Waits.WALLET_CHANGE,
            key=str(row.pk),
            kind=gettext_lazy("Wallet of a member"),
            title=row.member.name,
            link=reverse("admin:jobs_member_change", args=[row.member_id]),
            proposer=row.proposed_by,
            since=row.created_at,
            may_decide=_decides(request, CONFIRM_WALLET, row.proposed_by_id),
            rows=[(_("Wallet until now"), row.before.url), (_("New wallet"), row.after.url)],
            why=[_("Whose money goes where is changed by two people.")],
        )


def _renamed_items(request: HttpRequest) -> Iterator[WaitingItem]:
    for row in _renamed().select_related("accepted_by").order_by("changed_at")[:SHOWN]:
        told = [row.canonical_id, row.asset_code], [row.accepted["canonical_id"], row.accepted["asset_code"]]
        yield WaitingItem(
            waits=Waits.RENAMED,
            key=str(row.pk),
            kind=gettext_lazy("Wallet address"),
            title=row.url,
            link=reverse("admin:payments_walletaddress_change", args=[row.pk]),
            proposer=row.accepted_by,
            since=row.changed_at,
            may_decide=_decides(request, ACCEPT_WALLET, row.accepted_by_id),
            rows=[(_("It was"), ", ".join(told[0])), (_("It says it is now"), ", ".join(told[1]))],
            why=[_("It became another wallet, which two people accept.")],
        )


def _outside_items(request: HttpRequest) -> Iterator[WaitingItem]:
    found = _outside().select_related("payment__request", "claimed_by").order_by("created_at")
    for row in found[:SHOWN]:
        payment = row.payment
        yield WaitingItem(
            waits=Waits.OUTSIDE,
            key=str(row.pk),
            kind=gettext_lazy("Settled outside"),
            title=payment.request.shown_title,
            link=reverse("admin:payments_payment_change", args=[payment.pk]),
            proposer=row.claimed_by,
            since=row.created_at,
            may_decide=_decides(request, RESOLVE, row.claimed_by_id),
            rows=[
                (_("Receiver"), payment.receiver_name),
                (_("Settled outside"), format_amount(missing(payment))),
                (_("How"), row.get_way_display()),
                (_("Evidence"), row.evidence),
            ],
            why=[_("What no wallet says counts on the word of two people.")],
        )


def _outside_payment_items(request: HttpRequest) -> Iterator[WaitingItem]:
    for row in _outside_payments().select_related("claimed_by").order_by("created_at")[:SHOWN]:
        yield WaitingItem(
            waits=Waits.REPORT,
            key=str(row.pk),
            kind=gettext_lazy("Paid outside"),
            title=row.title,
            link=reverse("admin:payments_outsidepayment_change", args=[row.pk]),
            proposer=row.claimed_by,
            since=row.created_at,
            may_decide=_decides(request, CONFIRM_OUTSIDE, row.claimed_by_id),
            rows=[
                (_("Receiver"), row.receiver_name),
                (_("Payer"), row.payer_name),
                (_("Paid outside the wallets"), format_amount(row.amount)),
                (_("How"), row.get_way_display()),
                (_("Evidence"), row.evidence),
            ],
            why=[_("What no wallet says counts on the word of two people.")],
        )
