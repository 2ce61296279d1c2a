"""What of a month, or of any days, is in the journal: a booking for each movement by which money moved."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import Final

from django.db.models import Q

from ledger.books.sums import Cell, Total, between, cells, until
from ledger.models import Movement
from payments.books.booking import seller_key
from payments.books.journal.accounts import Charts
from payments.books.journal.legs import MONEY, Leg, Ours, legs
from payments.models import OutsidePayment, PaymentRequest

CHUNK: Final = 500
#: How movements name whoever is one of ours.
_SELLER: Final = seller_key("")


@dataclass(frozen=True)
class Posting:
    """What one account gets, in one currency; below zero what it gives."""

    role: str
    account: str
    total: Total


@dataclass(frozen=True)
class Booking:
    """One balanced set of postings. `title` and `reference` are free text of whoever asked for the payment."""

    day: date
    payment: str
    number: int
    request: str
    purpose: str
    corrects: date | None
    postings: list[Posting]
    title: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Days:
    """Which days, both included, and of which seller; of all where that is empty."""

    first: date
    last: date
    seller: str = ""

    @property
    def whose(self) -> Q:
        return Q(seller=self.seller) if self.seller else Q()


@dataclass
class AccountBalances:
    """What accounts come to, with their currencies."""

    totals: dict[tuple[str, str, str], Total] = field(default_factory=dict)  # role, account, currency

    def add(self, posting: Posting) -> None:
        place = posting.role, posting.account, posting.total.code
        self.totals[place] = self.totals[place] + posting.total if place in self.totals else posting.total

    @property
    def postings(self) -> list[Posting]:
        return [Posting(role, name, total) for (role, name, _code), total in sorted(self.totals.items()) if total.value]


def bookings(which: Days) -> Iterator[Booking]:
    """In the order in which they were booked, day by day, in bounded memory."""
    charts = Charts()
    rows = Movement.objects.filter(between(which.first, which.last) & which.whose).order_by("day", "pk")
    moved = (row for row in rows.iterator(chunk_size=CHUNK) if _moves_money(row))
    while chunk := list(islice(moved, CHUNK)):
        words = _words(chunk)
        for row in chunk:
            told = _postings(charts, row.seller, legs(Cell.of(row, MONEY), _ours(row)))
            if told:
                title, reference = words.get(row.subject, ("", ""))
                yield Booking(
                    day=row.day,
                    payment=row.subject,
                    number=row.number,
                    request=row.request,
                    purpose=row.purpose,
                    corrects=row.corrects,
                    postings=told,
                    title=title,
                    reference=reference,
                )


def _words(rows: list[Movement]) -> dict[str, tuple[str, str]]:
    """Title and reference of what each is about, by its subject: of a request, or of what was never asked for."""
    asked = PaymentRequest.objects.in_bulk({row.request for row in rows if row.request})
    outside = OutsidePayment.objects.in_bulk({row.subject for row in rows if not row.request})
    told = ((row.subject, asked.get(row.request) or outside.get(row.subject)) for row in rows)
    return {subject: (about.title, about.reference) for subject, about in told if about}


def opening(which: Days) -> list[Posting]:
    """What the accounts came to before the first day."""
    charts, found = Charts(), AccountBalances()
    before = until(which.first - timedelta(days=1)) & which.whose
    for ours, whose_wallets in _sides():
        for cell in cells(before & whose_wallets, ["seller"], MONEY, {}):
            for posting in _postings(charts, cell.key[0], legs(cell, ours)):
                found.add(posting)
    return found.postings


def _sides() -> Iterator[tuple[Ours, Q]]:
    payer, receiver = Q(payer__startswith=_SELLER), Q(receiver__startswith=_SELLER)
    for ours in (Ours(one, other) for one in (True, False) for other in (True, False)):
        yield ours, (payer if ours.payer else ~payer) & (receiver if ours.receiver else ~receiver)


def _ours(row: Movement) -> Ours:
    return Ours(row.payer.startswith(_SELLER), row.receiver.startswith(_SELLER))


def _moves_money(row: Movement) -> bool:
    return any(getattr(row, name) for name in MONEY)


def _postings(charts: Charts, seller_id: str, found: list[Leg]) -> list[Posting]:
    return [Posting(leg.role.value, charts.name(seller_id, leg.role), leg.total) for leg in found]
