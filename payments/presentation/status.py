"""What a payment, and a payment request, is called: the one answer to “where is it?” on every page and in every mail.

The words and their tones are those of `payments.states`. A request whose payments are being made is called what the
payment of it that most wants to be told of is called; every other request is called by its own state.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.functional import Promise

from payments.models import Payment, PaymentRequest
from payments.presentation.next_step import turn_of
from payments.states import (
    FINISHED_PAYMENTS,
    IN_FLIGHT,
    NEEDS_A_PERSON,
    PAYMENTS,
    REQUESTS,
    WAITS_FOR_WORK,
    PaymentState,
    RequestState,
    Tone,
    Turn,
)

HELD: Final = "waits_for_work"


@dataclass(frozen=True)
class Status:
    """`code` names it in addresses; `tone` is the colour of its label."""

    code: str
    label: str | Promise
    tone: Tone


WAITING: Final = Status(HELD, WAITS_FOR_WORK, "info")
OF_PAYMENTS: Final = {state: Status(state.value, state.label, PAYMENTS[state].tone) for state in PaymentState}
OF_REQUESTS: Final = {state: Status(state.value, state.label, REQUESTS[state].tone) for state in RequestState}
_RELEASED: Final = ~Q(held=True, released_at=None)


def payment_status(payment: Payment) -> Status:
    """What `payment` is called."""
    return status_of_payment(PaymentState(payment.state), waits=payment.waits_for_release)


def status_of_payment(state: PaymentState, *, waits: bool) -> Status:
    """What a payment in `state` is called; `waits`: it is held until the work is accepted."""
    return WAITING if state == PaymentState.APPROVED and waits else OF_PAYMENTS[state]


def request_status(request: PaymentRequest, payments: Iterable[Payment]) -> Status:
    """What `request` is called; `payments` are its own."""
    unfinished = [payment for payment in payments if payment.state not in FINISHED_PAYMENTS]
    moving = [PaymentState(payment.state) for payment in unfinished if not payment.waits_for_release]
    leading = min(moving, key=lambda state: PAYMENTS[state].rank, default=None)
    return status_of(RequestState(request.state), leading, waits=bool(unfinished) and not moving)


def status_of(state: RequestState, leading: PaymentState | None, *, waits: bool) -> Status:
    """What a request in `state` is called whose `leading` payment is told of; `waits`: all it has wait for work."""
    if state != RequestState.APPROVED:
        return OF_REQUESTS[state]
    if waits:
        return WAITING
    return OF_PAYMENTS[leading] if leading else OF_REQUESTS[state]


def with_status(requests: QuerySet[PaymentRequest]) -> QuerySet[PaymentRequest]:
    """`requests` with what `row_status` and `REQUEST_STATUSES` read, in the same query."""
    mine = Payment.objects.filter(request=OuterRef("pk")).exclude(state__in=FINISHED_PAYMENTS)
    moving = mine.filter(_RELEASED)
    rank = Case(*(When(state=state, then=Value(meaning.rank)) for state, meaning in PAYMENTS.items()))
    return requests.annotate(
        leading=Subquery(moving.annotate(rank=rank).order_by("rank").values("state")[:1]),
        waits_for_work=Exists(mine) & ~Exists(moving),
        needs_person=Exists(Payment.objects.filter(request=OuterRef("pk"), state__in=NEEDS_A_PERSON)),
    )


def row_status(row: PaymentRequest) -> Status:
    """What a row of `with_status` is called."""
    return status_of(RequestState(row.state), _leading(row), waits=_waits(row))


def row_turn(row: PaymentRequest) -> Turn:
    """Whose turn it is with a row of `with_status`."""
    needs_person: bool = row.needs_person  # type: ignore[attr-defined]  # annotated by `with_status`
    return turn_at(RequestState(row.state), _leading(row), waits=_waits(row), needs_person=needs_person)


def turn_at(state: RequestState, leading: PaymentState | None, *, waits: bool, needs_person: bool) -> Turn:
    """Whose turn it is with a request of that status; `needs_person`: a payment of it waits for staff."""
    return turn_of(state, needs_person=needs_person or status_of(state, leading, waits=waits) == WAITING)


def _leading(row: PaymentRequest) -> PaymentState | None:
    leading: str | None = row.leading  # type: ignore[attr-defined]  # annotated by `with_status`
    return PaymentState(leading) if leading else None


def _waits(row: PaymentRequest) -> bool:
    waits: bool = row.waits_for_work  # type: ignore[attr-defined]  # annotated by `with_status`
    return waits


def _of_requests() -> dict[Status, Q]:
    approved = Q(state=RequestState.APPROVED)
    told = {status: Q(state=state) for state, status in OF_REQUESTS.items() if state != RequestState.APPROVED}
    # No other: what is still quoted was not approved, and its request isn't, either.
    in_flight = sorted(IN_FLIGHT, key=lambda state: PAYMENTS[state].rank)
    about_to = Q(leading=None, waits_for_work=False) | Q(leading=PaymentState.APPROVED)
    return {
        **told,
        OF_REQUESTS[RequestState.APPROVED]: approved & about_to,
        WAITING: approved & Q(waits_for_work=True),
        **{OF_PAYMENTS[state]: approved & Q(leading=state) for state in in_flight},
    }


#: Every status that a request can be called, and the rows of `with_status` that are called so.
REQUEST_STATUSES: Final = _of_requests()
#: Every status that a payment can be called, and the payments that are called so.
PAYMENT_STATUSES: Final = {
    **{status: Q(state=state) for state, status in OF_PAYMENTS.items() if state != PaymentState.APPROVED},
    OF_PAYMENTS[PaymentState.APPROVED]: Q(state=PaymentState.APPROVED) & _RELEASED,
    WAITING: Q(state=PaymentState.APPROVED, held=True, released_at=None),
}
