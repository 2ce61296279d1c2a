"""Every list that can be exported, with the columns of its file.

A list is one of these if, and only if, its model has the permission `export_<model>`.

Of people a file has what the list shows, and no more: no email address, unless it stands in the list. What a wallet
address says of its owner stands on pages, not in lists.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.finance.exports.columns import ListColumns, amount, currency_of, day_of, moments, plain, told
from backoffice.finance.exports.day_filters import DayFilter
from jobs.models import ApplicationStatus, JobStatus, Member
from ledger.books.sums import Total
from ledger.models import Movement
from ledger.timeline import row as entry_row
from payments.mail.colleagues import name_of
from payments.models import Payment
from payments.models.payments import Purpose
from payments.presentation.reasons import sentence
from payments.presentation.status import payment_status, row_status, row_turn


def _to_receive(payment: Payment) -> Total | None:
    """Nothing before a wallet has said what a fixed amount buys."""
    known = payment.value or payment.fixed_debit is None
    return Total(payment.asset_code, payment.asset_scale, payment.value) if known else None


class PaymentColumns(ListColumns):
    id = plain(_("Payment"), "pk")
    request = plain(_("Payment request"), "request_id")
    state = told(_("State"), lambda row: str(payment_status(row).label))
    purpose = plain(_("Purpose"), "get_purpose_display")
    receiver = plain(_("Receiver"), "receiver_name")
    title = told(_("Title"), lambda row: row.request.shown_title)
    to_receive = told(_("Amount to receive"), _to_receive)
    received = amount(_("Received"), "received_value")
    currency = currency_of(_("Currency"))
    fixed = amount(_("The payer pays exactly"), "fixed_debit", "debit")
    fixed_currency = currency_of(_("Currency of the payer"), "debit")
    created_utc, created = moments(_("Created"), "created_at")
    sent_utc, sent = moments(_("Sent"), "sent_at")
    settled_utc, settled = moments(_("Settled"), "settled_at")


class RequestColumns(ListColumns):
    id = plain(_("Payment request"), "pk")
    state = told(_("State"), lambda row: str(row_status(row).label))
    payer = plain(_("Payer"), "payer_name")
    title = told(_("Title"), lambda row: row.shown_title)
    reference = plain(_("Reference"), "reference")
    seller = plain(_("Asked by"), "seller_id")
    ceiling = amount(_("The payer pays at most"), "ceiling_debit")
    currency = currency_of(_("Currency"))
    turn = told(_("Whose turn"), lambda row: str(row_turn(row).label))
    created_utc, created = moments(_("Created"), "created_at")
    sent_utc, sent = moments(_("Sent to the payer"), "sent_at")
    approved_utc, approved = moments(_("Approved"), "approved_at")
    finished_utc, finished = moments(_("Finished"), "finished_at")


class OutsideColumns(ListColumns):
    id = plain(_("Outside payment"), "pk")
    state = plain(_("State"), "get_state_display")
    payer = plain(_("Payer"), "payer_name")
    receiver = plain(_("Receiver"), "receiver_name")
    title = plain(_("Title"), "title")
    reference = plain(_("Reference"), "reference")
    seller = plain(_("Asked by"), "seller_id")
    amount = amount(_("Amount"), "value")
    currency = currency_of(_("Currency"))
    paid_on = day_of(_("Paid on"), "paid_on")
    way = plain(_("How"), "get_way_display")
    reported = told(_("Reported by"), lambda row: name_of(row.claimed_by))
    decided = told(_("Decided by"), lambda row: name_of(row.decided_by))
    created_utc, created = moments(_("Reported"), "created_at")
    decided_utc, decided_here = moments(_("Decided"), "decided_at")


def _figure(name: str, unit: str) -> Any:
    label: Any = Movement._meta.get_field(name).verbose_name  # type: ignore[union-attr]  # noqa: SLF001 - Django's public name; each is a column
    return amount(capfirst(label), name, unit)


def _purpose(code: str) -> str:
    """As lists of payments call it."""
    return str(Purpose(code).label) if code else ""


class MovementColumns(ListColumns):
    """All that figures are made of: whoever has the rows of one can reckon it from them."""

    id = plain(_("Movement"), "pk")
    day = day_of(_("Day"), "day")
    corrects = day_of(_("Corrects"), "corrects")
    at_utc, at = moments(_("Booked"), "at")
    payment = plain(_("Payment"), "subject")
    number = plain(_("Number"), "number")
    request = plain(_("Payment request"), "request")
    purpose = told(_("Purpose"), lambda row: _purpose(row.purpose))
    returns = told(_("Gives back"), lambda row: _purpose(row.returns))
    holds = plain(_("Into (1) or out of (-1) what is held"), "holds")
    seller = plain(_("Asked by"), "seller")
    payer = plain(_("Payer"), "payer")
    receiver = plain(_("Receiver"), "receiver")
    asked = _figure("asked", "received")
    over = _figure("over", "received")
    waiting = _figure("waiting", "received")
    approved = _figure("approved", "received")
    on_its_way = _figure("on_its_way", "received")
    attention = _figure("attention", "received")
    received = _figure("received", "received")
    outside = _figure("outside", "received")
    ended = _figure("ended", "received")
    early = _figure("early", "received")
    received_ended = _figure("received_ended", "received")
    surplus = _figure("surplus", "received")
    surplus_returned = _figure("surplus_returned", "received")
    worth = _figure("worth", "received")
    received_in = currency_of(_("Currency received"), "received")
    promised = _figure("promised", "paid")
    debited = _figure("debited", "paid")
    open = _figure("open", "paid")
    unused = _figure("unused", "paid")
    in_transit = _figure("in_transit", "paid")
    debited_ended = _figure("debited_ended", "paid")
    saved = _figure("saved", "paid")
    worth_paid = _figure("worth_paid", "paid")
    paid_in = currency_of(_("Currency paid"), "paid")


def _subjects(row: Any) -> str:
    named = entry_row(row).subjects.items()
    return ", ".join(f"{kind} {identity}" for kind, identities in named for identity in identities)


class EntryColumns(ListColumns):
    id = plain(_("Entry"), "pk")
    recorded_utc, recorded = moments(_("Recorded"), "recorded_at")
    kind = plain(_("Kind"), "kind")
    actor = told(_("Who"), lambda row: f"{row.actor_kind} {row.actor_id}")
    about = told(_("About"), _subjects)
    place = told(_("Place in the chain"), lambda row: entry_row(row).index)
    digest = plain(_("Digest"), "digest")


class JobColumns(ListColumns):
    id = plain(_("Number"), "pk")
    title = plain(_("Job"), "title")
    reference = plain(_("Reference"), "reference")
    language = plain(_("Target language"), "target_language")
    funder = plain(_("Funder"), "funder__name")
    state = told(_("Status"), lambda row: str(JobStatus(row.status).label))
    budget = amount(_("Budget per worker"), "budget_value", "budget")
    currency = currency_of(_("Currency"), "budget")
    selected = plain(_("Selected"), "selected_count")
    wanted = plain(_("Workers wanted"), "workers_wanted")
    deadline_utc, deadline = moments(_("Apply until"), "recruit_deadline")
    created_utc, created = moments(_("Created"), "created_at")


def _wallet_state(member: Member) -> str:
    wallet = member.wallet
    if wallet is None:
        return str(_("No wallet yet"))
    if wallet.problem:
        return sentence(wallet.problem, wallet.problem_params)
    return str(_("Ready")) if wallet.is_known else str(_("Not checked yet"))


class MemberColumns(ListColumns):
    id = plain(_("Number"), "pk")
    name = plain(_("Member"), "name")
    email = plain(_("Email"), "email")
    kind = plain(_("Kind"), "get_kind_display")
    language = plain(_("Language"), "language")
    wallet = told(_("Wallet"), _wallet_state)
    currency = plain(_("Currency"), "wallet__asset_code")
    public_name = plain(_("Public name"), "wallet__public_name")
    checked_utc, checked = moments(_("Last checked"), "wallet__checked_at")


def _as_it_is(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows


def _with_selected(rows: QuerySet[Any]) -> QuerySet[Any]:
    selected = Q(applications__status=ApplicationStatus.SELECTED)
    found: QuerySet[Any] = rows.annotate(selected_count=Count("applications", filter=selected, distinct=True))
    return found


@dataclass(frozen=True)
class ExportedList:
    """`related` is read with each row.

    By the first of `days` a regular export takes the day, week or month that is over, unless the list was filtered by
    another of them.
    """

    columns: type[ListColumns]
    related: tuple[str, ...] = ()
    days: tuple[DayFilter, ...] = ()
    prepare: Callable[[QuerySet[Any]], QuerySet[Any]] = field(default=_as_it_is)


LISTS: Final[Mapping[str, ExportedList]] = {
    "payments.payment": ExportedList(PaymentColumns, ("request",), (DayFilter("created_at"), DayFilter("settled_at"))),
    "payments.paymentrequest": ExportedList(RequestColumns, (), (DayFilter("created_at"), DayFilter("finished_at"))),
    "payments.outsidepayment": ExportedList(
        OutsideColumns, ("claimed_by", "decided_by"), (DayFilter("created_at"), DayFilter("paid_on"))
    ),
    "ledger.movement": ExportedList(MovementColumns, (), (DayFilter("day"),)),
    "ledger.entry": ExportedList(EntryColumns, ("link", "private_part"), (DayFilter("recorded_at", in_utc=True),)),
    "jobs.job": ExportedList(JobColumns, ("funder",), (DayFilter("created_at"),), _with_selected),
    "jobs.member": ExportedList(MemberColumns, ("wallet",)),
}
