"""Every list that can be exported, with the columns of its file.

A list is one of these if, and only if, its model has the permission `export_<model>`.

Of people a file has what the list shows, and no more: no email address, unless it stands in the list. What a wallet
address says of its owner stands on pages, not in lists.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.finance.exports.columns import (
    Label,
    ListColumns,
    ToldColumn,
    amount,
    amount_unless_unknown,
    choice,
    currency_of,
    day_of,
    moments,
    plain,
    told,
)
from backoffice.finance.exports.day_filters import DayFilter
from jobs.models import ApplicationStatus, JobStatus
from jobs.models.members import MemberKind
from ledger.models import Movement
from payments.mail.colleagues import name_of
from payments.models.outside import OutsideSettlement
from payments.models.outside_payments import OutsidePaymentState
from payments.models.payments import Purpose
from payments.models.titles import shown_title
from payments.presentation.reasons import sentence
from payments.presentation.status import status_of, status_of_payment, turn_at
from payments.states import PaymentState, RequestState

_WAITS_FOR_RELEASE: Final = ExpressionWrapper(Q(held=True, released_at=None), output_field=BooleanField())


def _payment_state(state: str, waits: object) -> str:
    return str(status_of_payment(PaymentState(state), waits=bool(waits)).label)


def _title_of(row: str = "") -> tuple[str, Cast]:
    """What `_title` needs of a request, to which `row` leads."""
    return f"{row}title", Cast(f"{row}title_made_of", TextField())


def _title(title: str, made_of: str) -> str:
    return shown_title(title, json.loads(made_of))


class PaymentColumns(ListColumns):
    id = plain(_("Payment"), "pk")
    request = plain(_("Payment request"), "request_id")
    state = told(_("State"), _payment_state, "state", _WAITS_FOR_RELEASE)
    purpose = choice(_("Purpose"), "purpose", Purpose.choices)
    receiver = plain(_("Receiver"), "receiver_name")
    title = told(_("Title"), _title, *_title_of("request__"))
    # Nothing before a wallet has said what a fixed amount buys.
    to_receive = amount_unless_unknown(_("Amount to receive"), "value", "fixed_debit")
    received = amount(_("Received"), "received_value")
    currency = currency_of(_("Currency"))
    fixed = amount(_("The payer pays exactly"), "fixed_debit", "debit")
    fixed_currency = currency_of(_("Currency of the payer"), "debit")
    created_utc, created = moments(_("Created"), "created_at")
    sent_utc, sent = moments(_("Sent"), "sent_at")
    settled_utc, settled = moments(_("Settled"), "settled_at")


def _leading(code: str | None) -> PaymentState | None:
    return PaymentState(code) if code else None


def _request_state(state: str, leading: str | None, waits: object) -> str:
    return str(status_of(RequestState(state), _leading(leading), waits=bool(waits)).label)


def _request_turn(state: str, leading: str | None, waits: object, needs_person: object) -> str:
    of_payment = _leading(leading)
    turn = turn_at(RequestState(state), of_payment, waits=bool(waits), needs_person=bool(needs_person))
    return str(turn.label)


#: What `with_status` says of a request, which its list asks for.
_STATUS: Final = ("state", "leading", "waits_for_work")


class RequestColumns(ListColumns):
    id = plain(_("Payment request"), "pk")
    state = told(_("State"), _request_state, *_STATUS)
    payer = plain(_("Payer"), "payer_name")
    title = told(_("Title"), _title, *_title_of())
    reference = plain(_("Reference"), "reference")
    seller = plain(_("Asked by"), "seller_id")
    ceiling = amount(_("The payer pays at most"), "ceiling_debit")
    currency = currency_of(_("Currency"))
    turn = told(_("Whose turn"), _request_turn, *_STATUS, "needs_person")
    created_utc, created = moments(_("Created"), "created_at")
    sent_utc, sent = moments(_("Sent to the payer"), "sent_at")
    approved_utc, approved = moments(_("Approved"), "approved_at")
    finished_utc, finished = moments(_("Finished"), "finished_at")


def _name(first: str | None, last: str | None, username: str | None) -> str:
    return name_of(User(first_name=first or "", last_name=last or "", username=username) if username else None)


def _person(label: Label, who: str) -> ToldColumn:
    return told(label, _name, f"{who}__first_name", f"{who}__last_name", f"{who}__username")


class OutsideColumns(ListColumns):
    id = plain(_("Outside payment"), "pk")
    state = choice(_("State"), "state", OutsidePaymentState.choices)
    payer = plain(_("Payer"), "payer_name")
    receiver = plain(_("Receiver"), "receiver_name")
    title = plain(_("Title"), "title")
    reference = plain(_("Reference"), "reference")
    seller = plain(_("Asked by"), "seller_id")
    amount = amount(_("Amount"), "value")
    currency = currency_of(_("Currency"))
    paid_on = day_of(_("Paid on"), "paid_on")
    way = choice(_("How"), "way", OutsideSettlement.Means.choices)
    reported = _person(_("Reported by"), "claimed_by")
    decided = _person(_("Decided by"), "decided_by")
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
    purpose = told(_("Purpose"), _purpose, "purpose")
    returns = told(_("Gives back"), _purpose, "returns")
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


def _subjects(body: str) -> str:
    named = json.loads(body)["subjects"].items()
    return ", ".join(f"{kind} {identity}" for kind, identities in named for identity in identities)


class EntryColumns(ListColumns):
    id = plain(_("Entry"), "pk")
    recorded_utc, recorded = moments(_("Recorded"), "recorded_at")
    kind = plain(_("Kind"), "kind")
    actor = told(_("Who"), "{} {}".format, "actor_kind", "actor_id")
    about = told(_("About"), _subjects, "body")
    place = plain(_("Place in the chain"), "link__index")
    digest = plain(_("Digest"), "digest")


class JobColumns(ListColumns):
    id = plain(_("Number"), "pk")
    title = plain(_("Job"), "title")
    reference = plain(_("Reference"), "reference")
    language = plain(_("Target language"), "target_language")
    funder = plain(_("Funder"), "funder__name")
    state = choice(_("Status"), "status", JobStatus.choices)
    budget = amount(_("Budget per worker"), "budget_value", "budget")
    currency = currency_of(_("Currency"), "budget")
    selected = plain(_("Selected"), "selected_count")
    wanted = plain(_("Workers wanted"), "workers_wanted")
    deadline_utc, deadline = moments(_("Apply until"), "recruit_deadline")
    created_utc, created = moments(_("Created"), "created_at")


def _wallet_state(wallet: int | None, canonical_id: str | None, problem: str | None, params: str | None) -> str:
    if wallet is None:
        return str(_("No wallet yet"))
    if problem:
        return sentence(problem, json.loads(params or "{}"))
    return str(_("Ready")) if canonical_id else str(_("Not checked yet"))


#: As text, for equal ones are told once.
_PARAMS: Final = Cast("wallet__problem_params", TextField())


class MemberColumns(ListColumns):
    id = plain(_("Number"), "pk")
    name = plain(_("Member"), "name")
    email = plain(_("Email"), "email")
    kind = choice(_("Kind"), "kind", MemberKind.choices)
    language = plain(_("Language"), "language")
    wallet = told(_("Wallet"), _wallet_state, "wallet_id", "wallet__canonical_id", "wallet__problem", _PARAMS)
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
    """Its columns, and how its file differs from the rows of its page.

    By the first of `days` a regular export takes the day, week or month that is over, unless the list was filtered by
    another of them.
    """

    columns: type[ListColumns]
    days: tuple[DayFilter, ...] = ()
    prepare: Callable[[QuerySet[Any]], QuerySet[Any]] = field(default=_as_it_is)


LISTS: Final[Mapping[str, ExportedList]] = {
    "payments.payment": ExportedList(PaymentColumns, (DayFilter("created_at"), DayFilter("settled_at"))),
    "payments.paymentrequest": ExportedList(RequestColumns, (DayFilter("created_at"), DayFilter("finished_at"))),
    "payments.outsidepayment": ExportedList(OutsideColumns, (DayFilter("created_at"), DayFilter("paid_on"))),
    "ledger.movement": ExportedList(MovementColumns, (DayFilter("day"),)),
    "ledger.entry": ExportedList(EntryColumns, (DayFilter("recorded_at", in_utc=True),)),
    "jobs.job": ExportedList(JobColumns, (DayFilter("created_at"),), _with_selected),
    "jobs.member": ExportedList(MemberColumns),
}
