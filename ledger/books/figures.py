"""One meaning of every figure. Overview, statements, receipts, reports, exports and journal take theirs from here.

Each is told per currency and never across: in what the receiver gets, or in what the payer pays. `docs/figures.md` is
made from this file by `manage.py list_figures`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, Final, Literal

from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.books.sums import Cell, Key, Total, cells
from ledger.models.books import IN_RECEIVED

#: What payments are for, as movements have it: work of the receiver, our fee, money that we hold, money that goes back.
WORK, FEE, ESCROW, REFUND = "work", "fee", "escrow", "refund"
FORWARD: Final = frozenset({WORK, FEE, ESCROW})

#: Whether payer and receiver have one currency or two.
Currencies = Literal["one", "two", "any"]


@dataclass(frozen=True)
class Figure:
    """Columns of `Movement`, which are added or taken off; `less` are figures that are taken off, too.

    The rest says which movements count.
    """

    code: str
    label: str | Promise
    meaning: str | Promise
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    less: tuple["Figure", ...] = ()
    purposes: frozenset[str] = frozenset()  # empty: whatever it is for
    returns: str = ""  # only what gives this back
    holds: int | None = None
    currencies: Currencies = "any"

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.plus, *self.minus, *(name for other in self.less for name in other.columns))

    @property
    def is_paid(self) -> bool:
        """It is told in the payer's currency, not in the receiver's."""
        return self.plus[0] not in IN_RECEIVED

    def totals(self, cell: Cell) -> Iterator[Total]:
        """What it comes to in one cell: parts of one currency, or of both."""
        if self._counts(cell):
            for name in (*self.plus, *self.minus):
                code, scale = cell.received_in if name in IN_RECEIVED else cell.paid_in
                value = cell.columns[name]
                yield Total(code, scale, -value if name in self.minus else value)
        for other in self.less:
            yield from (-total for total in other.totals(cell))

    def rows(self, currency: str = "") -> Q:
        """The movements that changed one of its columns (in `currency`, if one is named): what it sums up."""
        which = reduce(or_, (_changed(name, currency) for name in (*self.plus, *self.minus)))
        if self.purposes:
            which &= Q(purpose__in=sorted(self.purposes))
        if self.returns:
            which &= Q(returns=self.returns)
        if self.holds is not None:
            which &= Q(holds=self.holds)
        if self.currencies != "any":
            same = Q(paid_code=F("received_code"))
            which &= same if self.currencies == "one" else ~same
        return reduce(or_, (other.rows(currency) for other in self.less), which)

    def _counts(self, cell: Cell) -> bool:
        if self.purposes and cell.purpose not in self.purposes:
            return False
        if self.holds not in {None, cell.holds} or (self.returns and cell.returns != self.returns):
            return False
        one = cell.paid_in[0] == cell.received_in[0]
        return self.currencies == "any" or one == (self.currencies == "one")


def _changed(column: str, currency: str) -> Q:
    side = "received_code" if column in IN_RECEIVED else "paid_code"
    return ~Q(**{column: 0}) & (Q(**{side: currency}) if currency else Q())


_GIVEN_BACK: Final = Figure(
    "given_back",
    _("Given back"),
    _("Debited from whoever had received, to send back. What arrives of it is told as sent back."),
    ("debited",),
    purposes=frozenset({REFUND}),
)
_SENT_BACK: Final = Figure(
    "sent_back",
    _("Sent back"),
    _("What payers got back, as their wallets say."),
    ("received",),
    purposes=frozenset({REFUND}),
)
_FEE_GIVEN_BACK: Final = Figure(
    "our_fee_given_back",
    _("Our fee given back"),
    _("Debited from us to give back a platform fee."),
    ("debited",),
    purposes=frozenset({REFUND}),
    returns=FEE,
)
_PAID_OUT: Final = Figure(
    "paid_out",
    _("Paid out"),
    _("What work took of the money that we hold, by wallet or outside: our wallet's fee for sending is our own cost."),
    ("worth", "worth_paid"),
    purposes=frozenset({WORK}),
    holds=-1,
)
_HELD_SENT_BACK: Final = Figure(
    "held_sent_back",
    _("Went back to funders"),
    _("What of the money that we hold went back to whoever had paid it."),
    ("worth", "worth_paid"),
    purposes=frozenset({REFUND}),
    holds=-1,
)
#: In the currency in which we hold it.
_HELD: Final = (
    Figure(
        "held",
        _("Held"),
        _("What we hold for jobs: what came to be held, less what was paid out of it or went back to funders."),
        ("received", "outside"),
        ("early", "surplus", "surplus_returned"),
        less=(_PAID_OUT, _HELD_SENT_BACK),
        holds=1,
    ),
    Figure(
        "came_to_be_held",
        _("Came to be held"),
        _("Taken in to hold by payments that are over, and what workers gave back of what was paid out."),
        ("received", "outside"),
        ("early", "surplus", "surplus_returned"),
        holds=1,
    ),
    _PAID_OUT,
    _HELD_SENT_BACK,
)
#: In the receiver's currency.
_RECEIVED: Final = (
    Figure("asked", _("Asked"), _("What payers were asked for, or what is paid from a budget of theirs."), ("asked",)),
    Figure("waiting", _("Waiting for approval"), _("Asked, and not approved yet."), ("waiting",)),
    Figure("approved_open", _("Approved, not sent"), _("Approved, and not ordered yet."), ("approved",)),
    Figure(
        "on_its_way",
        _("On its way"),
        _("The payer's wallet has the order, or may have it; the receiver's has not all of it yet."),
        ("on_its_way",),
    ),
    Figure("attention", _("Needs attention"), _("A person must decide what becomes of it."), ("attention",)),
    Figure(
        "under_way",
        _("Under way"),
        _("Waiting for approval, approved, on its way, or in need of attention."),
        ("waiting", "approved", "on_its_way", "attention"),
    ),
    Figure(
        "sent",
        _("Sent"),
        _("Ordered at payers' wallets, or perhaps so: received, on its way, or in need of attention."),
        ("received", "on_its_way", "attention"),
    ),
    Figure(
        "received", _("Received"), _("What receivers' wallets say that they got, whatever it was for."), ("received",)
    ),
    Figure(
        "paid_to_workers",
        _("Paid to workers"),
        _("Received for work, from a payer or out of money that we hold. What they sent back is not taken off."),
        ("received",),
        purposes=frozenset({WORK}),
    ),
    Figure(
        "our_fee",
        _("Our fee"),
        _("Received by us as platform fee. What we gave back of it is not taken off."),
        ("received",),
        purposes=frozenset({FEE}),
    ),
    Figure(
        "net_fee",
        _("Our fee, less what was given back"),
        _("Our fee less our fee given back: what we have of it."),
        ("received",),
        less=(_FEE_GIVEN_BACK,),
        purposes=frozenset({FEE}),
    ),
    Figure(
        "taken_in_to_hold",
        _("Taken in to hold"),
        _("Received by us to be held for a job."),
        ("received",),
        purposes=frozenset({ESCROW}),
    ),
    _SENT_BACK,
    Figure(
        "arrived",
        _("Arrived"),
        _("Received for work, as our fee, or to be held. What goes back the other way is not in it."),
        ("received",),
        purposes=FORWARD,
    ),
    Figure(
        "outside",
        _("Settled outside"),
        _("Paid by bank or in cash: no wallet says so, two people do. It is in no figure of what was received."),
        ("outside",),
    ),
    Figure(
        "paid_outside",
        _("Paid outside"),
        _("Settled outside of work, of our fee, or of what is held: what goes back the other way is not in it."),
        ("outside",),
        purposes=FORWARD,
    ),
    Figure(
        "sent_back_outside",
        _("Sent back outside"),
        _("Settled outside of what was to go back: no wallet says so, two people do."),
        ("outside",),
        purposes=frozenset({REFUND}),
    ),
    Figure(
        "with_receivers",
        _("With receivers"),
        _("What receivers have in the end: arrived or paid outside, less what they gave back by wallet."),
        ("received", "outside"),
        less=(_GIVEN_BACK,),
        purposes=FORWARD,
    ),
    Figure("ended", _("Ended without money"), _("Asked, and will not be paid by that payment any more."), ("ended",)),
    Figure("over", _("More than asked"), _("Received beyond what was asked: late, or twice."), ("over",)),
    Figure("received_early", _("Received, not over"), _("Received by payments that are not over yet."), ("early",)),
    Figure(
        "received_of_ended",
        _("Received of what ended"),
        _("The part that had arrived of payments that then ended, or were settled outside."),
        ("received_ended",),
    ),
    Figure(
        "surplus", _("Beyond what was asked"), _("Received beyond what was asked, of what is settled."), ("surplus",)
    ),
    Figure(
        "got_from_exchange",
        _("Got from exchange"),
        _("Received of what is settled and was debited in another currency: at what rate, their wallets decided."),
        ("received",),
        ("early", "received_ended", "surplus"),
        currencies="two",
    ),
)
#: In the payer's currency.
_PAID: Final = (
    Figure("approved", _("Approved"), _("What payers approved, at the quote that is used."), ("promised",)),
    Figure(
        "debited",
        _("Debited"),
        _("What payers' wallets took, or say that they will, fee included; for refunds, too."),
        ("debited",),
    ),
    Figure(
        "charged",
        _("Charged"),
        _("Debited for work, for our fee, or to be held. What went back is not taken off."),
        ("debited",),
        purposes=FORWARD,
    ),
    Figure(
        "net_charged",
        _("Charged, less what went back"),
        _("Charged less sent back: what it cost payers in the end."),
        ("debited",),
        less=(_SENT_BACK,),
        purposes=FORWARD,
    ),
    _GIVEN_BACK,
    _FEE_GIVEN_BACK,
    Figure("not_debited", _("Not debited yet"), _("Approved, and not debited so far."), ("open",)),
    Figure(
        "cheaper",
        _("Cost less"),
        _("Approved, settled, and not debited: payers who pay an exact amount gain what rounding leaves."),
        ("saved",),
    ),
    Figure(
        "lapsed",
        _("Not needed"),
        _("Approved and never debited: it ended, or was settled outside."),
        ("unused",),
        ("saved",),
    ),
    Figure("in_transit", _("In transit"), _("Debited for payments that are not over yet."), ("in_transit",)),
    Figure(
        "wallet_fee",
        _("The wallets' fee"),
        _("Debited less received, of what is settled, where payer and receiver have one currency."),
        ("debited", "early", "received_ended", "surplus"),
        ("in_transit", "debited_ended", "received"),
        currencies="one",
    ),
    Figure(
        "given_to_exchange",
        _("Given to exchange"),
        _("Debited for what is settled and was received in another currency, fee included."),
        ("debited",),
        ("in_transit", "debited_ended"),
        currencies="two",
    ),
    Figure(
        "debited_of_ended",
        _("Debited for what ended"),
        _("Debited for payments that then ended, or were settled outside. What arrived of it is told beside it."),
        ("debited_ended",),
    ),
)
FIGURES: Final = {figure.code: figure for figure in (*_RECEIVED, *_PAID, *_HELD)}

#: What always holds, in every currency and at every moment: a figure, and what it is the sum of.
SUMS: Final[tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = (
    ("under_way", ("waiting", "approved_open", "on_its_way", "attention"), ()),
    ("asked", ("under_way", "received", "outside", "ended"), ("over",)),
    ("sent", ("on_its_way", "attention", "received"), ()),
    ("received", ("paid_to_workers", "our_fee", "taken_in_to_hold", "sent_back"), ()),
    ("approved", ("debited", "not_debited", "cheaper", "lapsed"), ()),
    ("received", ("arrived", "sent_back"), ()),
    ("outside", ("paid_outside", "sent_back_outside"), ()),
    ("debited", ("charged", "given_back"), ()),
    ("net_charged", ("charged",), ("sent_back",)),
    ("net_fee", ("our_fee",), ("our_fee_given_back",)),
    ("with_receivers", ("arrived", "paid_outside"), ("given_back",)),
    ("held", ("came_to_be_held",), ("paid_out", "held_sent_back")),
    (
        "received",
        ("debited", "received_early", "got_from_exchange", "received_of_ended", "surplus"),
        ("in_transit", "wallet_fee", "given_to_exchange", "debited_of_ended"),
    ),
)


@dataclass
class ToldFigures:
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

    def add(self, figure: str, key: Key, total: Total) -> None:
        place = (key, total.code, figure)
        self.totals[place] = self.totals[place] + total if place in self.totals else total


def tell(
    figures: Iterable[str],
    which: Q | None = None,
    by: Sequence[str] = (),
    *,
    named: Mapping[str, Combinable] | None = None,
) -> ToldFigures:
    """The figures of the movements `which`, told apart `by` columns of `Movement` or what is `named`: one query."""
    told, wanted = ToldFigures(), [FIGURES[code] for code in dict.fromkeys(figures)]
    columns = {name for figure in wanted for name in figure.columns}
    for cell in cells(which, by, sorted(columns), named or {}):
        for figure in wanted:
            for total in figure.totals(cell):
                told.add(figure.code, cell.key, total)
    told.totals = {place: total for place, total in told.totals.items() if total.value}
    return told


def amounts(figure: str, movements: Iterable[Any]) -> dict[int, list[Total]]:
    """What each of these movements (rows of `Movement`) adds to the figure, by its primary key."""
    wanted = FIGURES[figure]
    return {row.pk: list(wanted.totals(Cell.of(row, wanted.columns))) for row in movements}
