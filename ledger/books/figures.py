"""One meaning of every figure. Overview, statements, receipts, reports, exports and journal take theirs from here.

Each is told per currency and never across. `docs/figures.md` is made from this file.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.books.sums import Cell, Key, Total, cells

#: What payments are for, as movements have it: work of the receiver, our fee, money that we hold, money that goes back.
WORK, FEE, ESCROW, REFUND = "work", "fee", "escrow", "refund"


@dataclass(frozen=True)
class Figure:
    """`of` takes its part of a cell; None where that has none."""

    code: str
    label: str | Promise
    meaning: str | Promise
    of: Callable[[Cell], Total | None]


def _received(*names: str, purposes: Iterable[str] = (), holds: int | None = None) -> Callable[[Cell], Total | None]:
    wanted = frozenset(purposes)

    def of(cell: Cell) -> Total | None:
        other = bool(wanted) and cell.purpose not in wanted
        return None if other or holds not in (None, cell.holds) else cell.received(*names)

    return of


def _paid(*names: str) -> Callable[[Cell], Total | None]:
    return lambda cell: cell.paid(*names) if cell.paid_in[0] else None


def _changes_currency(cell: Cell) -> bool:
    return cell.paid_in[0] != cell.received_in[0]


def _done_debit(cell: Cell) -> Total:
    return cell.paid("debited") - cell.paid("in_transit")


def _done_received(cell: Cell) -> Total:
    return cell.received("received") - cell.received("early")


def _wallet_fee(cell: Cell) -> Total | None:
    return None if _changes_currency(cell) else _done_debit(cell) - _done_received(cell)


def _given_to_exchange(cell: Cell) -> Total | None:
    return _done_debit(cell) if _changes_currency(cell) and cell.paid_in[0] else None


def _got_from_exchange(cell: Cell) -> Total | None:
    return _done_received(cell) if _changes_currency(cell) else None


def _held(cell: Cell) -> Total | None:
    """Who was to be paid from it and was paid outside was paid with it."""
    arrived = cell.received("received", "outside")
    return Total(arrived.code, arrived.scale, cell.holds * arrived.value) if cell.holds else None


FIGURES: Final = {
    figure.code: figure
    for figure in (
        Figure("asked", _("Asked"), _("What payers were asked for, in what the receiver gets."), _received("asked")),
        Figure("waiting", _("Waiting for approval"), _("Asked, and not approved yet."), _received("waiting")),
        Figure("approved_open", _("Approved, not sent"), _("Approved, and not ordered yet."), _received("approved")),
        Figure(
            "on_its_way",
            _("On its way"),
            _("The payer's wallet has the order, or may have it; the receiver's has not all of it yet."),
            _received("on_its_way"),
        ),
        Figure(
            "attention", _("Needs attention"), _("A person must decide what becomes of it."), _received("attention")
        ),
        Figure(
            "under_way",
            _("Under way"),
            _("Waiting, approved, on its way, or in need of attention."),
            _received("waiting", "approved", "on_its_way", "attention"),
        ),
        Figure(
            "received",
            _("Received"),
            _("What receivers' wallets say that they got, whatever it was for."),
            _received("received"),
        ),
        Figure(
            "paid_to_workers",
            _("Paid to workers"),
            _("Received for work, from a payer or from money that we held."),
            _received("received", purposes=[WORK]),
        ),
        Figure(
            "paid_out",
            _("Paid out"),
            _("Received for work from money that we held."),
            _received("received", purposes=[WORK], holds=-1),
        ),
        Figure("our_fee", _("Our fee"), _("Received by us as platform fee."), _received("received", purposes=[FEE])),
        Figure(
            "taken_in_to_hold",
            _("Taken in to hold"),
            _("Received by us to be held for a job."),
            _received("received", purposes=[ESCROW]),
        ),
        Figure("held", _("Held"), _("Taken in to hold, less what was paid out of it or went back."), _held),
        Figure(
            "sent_back",
            _("Sent back"),
            _("Received back by whoever had paid."),
            _received("received", purposes=[REFUND]),
        ),
        Figure("outside", _("Settled outside"), _("Paid by bank or in cash; two people say so."), _received("outside")),
        Figure("ended", _("Ended without money"), _("Asked, and will not be paid by it."), _received("ended")),
        Figure("over", _("More than asked"), _("Received beyond what was asked: late, or twice."), _received("over")),
        Figure("approved", _("Approved"), _("What payers approved, at the quote that is used."), _paid("promised")),
        Figure("debited", _("Debited"), _("What payers' wallets took, fee included."), _paid("debited")),
        Figure("not_debited", _("Not debited yet"), _("Approved, and not debited so far."), _paid("open")),
        Figure(
            "unused", _("No longer needed"), _("Approved, and never debited: it ended, or cost less."), _paid("unused")
        ),
        Figure("in_transit", _("In transit"), _("Debited for payments that are not over."), _paid("in_transit")),
        Figure(
            "wallet_fee",
            _("The wallets' fee"),
            _("Debited less received, of payments that are over, within one currency."),
            _wallet_fee,
        ),
        Figure(
            "given_to_exchange",
            _("Given to exchange"),
            _("Debited for payments that are over and were received in another currency."),
            _given_to_exchange,
        ),
        Figure(
            "got_from_exchange",
            _("Got from exchange"),
            _("Received of payments that are over and were debited in another currency."),
            _got_from_exchange,
        ),
    )
}


@dataclass
class Told:
    """Totals of figures, per key and currency."""

    totals: dict[tuple[Key, str, str], Total] = field(default_factory=dict)  # key, currency, figure

    def total(self, figure: str, code: str, key: Key = ()) -> Total:
        """Zero where nothing was booked."""
        return self.totals.get((key, code, figure), Total(code, 0, 0))

    @property
    def currencies(self) -> list[str]:
        return sorted({code for _key, code, _figure in self.totals})

    @property
    def keys(self) -> list[Key]:
        return sorted({key for key, _code, _figure in self.totals})


def tell(figures: Iterable[str], which: Q | None = None, by: Sequence[str] = ()) -> Told:
    """The figures of the movements `which`, told apart `by` columns of `Movement`: one query."""
    found, wanted = Told(), [FIGURES[code] for code in figures]
    for cell in cells(which, by):
        for figure in wanted:
            total = figure.of(cell)
            if total is not None and total.value:
                place = (cell.key, total.code, figure.code)
                found.totals[place] = found.totals[place] + total if place in found.totals else total
    return found
