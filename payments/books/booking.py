"""Booking: by how much a payment's figures differ from what is booked of it, in the transaction that changed them.

Whoever changes a payment holds its request's lock, so two never book the same difference; the number of a movement is
unique all the same. `unbooked` finds what was forgotten.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import NamedTuple, assert_never

from django.db.models import QuerySet

from ledger import clock
from ledger.books.closed import last_closed_day_of
from ledger.books.keeping import Booked, booked, keep
from ledger.compiled import Compiled
from ledger.models import Movement
from payments.books.position import position, was_asked
from payments.models import Payment, PaymentRequest, Quote, Refund, Seller
from payments.models.payments import Purpose

#: What is booked at the end of `booked_once`, in its order; None outside of it.
_later: ContextVar[dict[str, None] | None] = ContextVar("to_be_booked", default=None)


class _People(NamedTuple):
    payer: str
    receiver: str
    holds: int
    returns: str = ""


def book(payment_ids: Collection[str], *, at: datetime | None = None) -> None:
    """Bring the books to where these payments are now. Nothing happens where they are there already."""
    later = _later.get()
    if later is None or at:
        keep(_differences(_read(payment_ids), at))
    else:
        later.update(dict.fromkeys(payment_ids))


@contextmanager
def booked_once() -> Iterator[None]:
    """What is to be booked within is booked at the end, once for each payment: in the transaction around it."""
    if _later.get() is not None:
        yield
        return
    later: dict[str, None] = {}
    token = _later.set(later)
    try:
        yield
    finally:
        _later.reset(token)
    if later:
        book(list(later))


def unbooked(payments: QuerySet[Payment]) -> list[str]:
    """The ids of those of whom the books say something else than their rows."""
    return [movement.subject for movement in _differences(_rows(payments), None)]


def first_movement(payment: Payment) -> Movement | None:
    """That its payer was asked for it, on the day when they were; None for one that nobody was asked for."""
    if not was_asked(payment) or not payment.value:
        return None
    unit = {"received_code": payment.asset_code, "received_scale": payment.asset_scale}
    row = Movement(at=payment.request.sent_at or payment.created_at, asked=payment.value, waiting=payment.value, **unit)
    _name(row, payment, 1, _people(payment))
    return row


def _payment(payment_id: str) -> QuerySet[Payment]:
    return _with_request(Payment.objects.filter(pk=payment_id))


def _with_request(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    return payments.select_related("request__seller").order_by()


def _quotes(payment_id: str) -> QuerySet[Quote]:
    return _with_orders(Quote.objects.filter(payment=payment_id))


def _with_orders(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    return quotes.select_related("outgoing_payment", "incoming").order_by("created_at", "id")


_PAYMENT, _QUOTES = Compiled(_payment, str), Compiled(_quotes, str)


def _read(payment_ids: Collection[str]) -> list[Payment]:
    """With all that a position reads, in two queries: of one payment, which is nearly always, whose SQL is ready."""
    if len(payment_ids) != 1:
        return _rows(Payment.objects.filter(pk__in=payment_ids))
    (payment_id,) = payment_ids
    return _known(_PAYMENT(payment_id), _QUOTES(payment_id))


def _rows(payments: QuerySet[Payment]) -> list[Payment]:
    found = list(_with_request(payments))
    return _known(found, _with_orders(Quote.objects.filter(payment__in=found)))


def _known(found: list[Payment], rows: Iterable[Quote]) -> list[Payment]:
    quotes: dict[str, list[Quote]] = {payment.pk: [] for payment in found}
    for quote in rows:
        quotes[quote.payment_id].append(quote)
    for payment in found:
        payment.known["quotes"] = quotes[payment.pk]
        orders = [quote.outgoing_payment for quote in quotes[payment.pk] if hasattr(quote, "outgoing_payment")]
        payment.known["outgoing_payments"] = orders
    return found


def _differences(payments: list[Payment], at: datetime | None) -> Iterator[Movement]:
    so_far = booked([payment.pk for payment in payments])
    for payment in payments:
        yield from _of(payment, so_far[payment.pk], at or clock.now())


def _of(payment: Payment, so_far: Booked, at: datetime) -> list[Movement]:
    now = position(payment)
    received = ((now.received.code, now.received.scale), now.figures)
    paid = ((now.paid.code, now.paid.scale), now.figures) if now.paid else None
    rows = so_far.differences(received, paid)
    if rows:
        people = _people(payment)
        # What came after its end, when the month of that end was closed.
        corrects = last_closed_day_of(payment.pk) if payment.late_at else None
        for number, row in enumerate(rows, so_far.number + 1):
            row.at, row.corrects = at, corrects
            _name(row, payment, number, people)
    return rows


def _name(row: Movement, payment: Payment, number: int, people: _People) -> None:
    """Say whose movement it is."""
    row.number, row.subject, row.request, row.purpose = number, payment.pk, payment.request_id, payment.purpose
    row.seller = payment.request.seller_id
    row.payer, row.receiver, row.holds, row.returns = people


def _people(payment: Payment) -> _People:
    """Payer and receiver, as the rooms above call them; a seller under its own id, empty for a stranger."""
    if payment.purpose == Purpose.REFUND:
        of = Refund.objects.select_related("of__request__seller").get(payment=payment).of
        origin = _people(of)
        return _People(origin.receiver, origin.payer, -origin.holds, of.purpose)
    request = payment.request
    holder = "" if request.payer_key else _holder(request)
    payer = request.payer_key or holder
    match Purpose(payment.purpose):
        case Purpose.ESCROW:
            return _People(payer, seller_key(request.seller_id), 1)
        case Purpose.FEE:
            return _People(payer, _receiving_seller(payment), 0)
        case Purpose.WORK | Purpose.REFUND:
            return _People(payer, payment.receiver_key, -1 if holder else 0)
        case never:
            assert_never(never)


def _holder(request: PaymentRequest) -> str:
    """The key of the seller who pays it, out of what it holds; empty when it is paid by somebody else.

    Its money stays where it came to, whichever wallet the seller has today.
    """
    came = Payment.objects.filter(
        purpose=Purpose.ESCROW, receiver_wallet=request.payer_wallet_id, request__seller=request.seller_id
    )
    is_ours = request.payer_wallet_id == request.seller.wallet_id or came.exists()
    return seller_key(request.seller_id) if is_ours else ""


def _receiving_seller(payment: Payment) -> str:
    """Usually who asks; a fee in another currency may go to another seller of ours."""
    seller = payment.request.seller
    if seller.wallet_id == payment.receiver_wallet_id:
        return seller_key(seller.pk)
    other = Seller.objects.filter(wallet=payment.receiver_wallet_id).order_by("-is_default", "pk").first()
    return seller_key(other.pk if other else seller.pk)


def seller_key(seller_id: str) -> str:
    return f"seller:{seller_id}"
