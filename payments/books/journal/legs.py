"""Double entry of movements: pure. What is debited or credited where, by purpose and by whose wallets are ours.

Two sets of accounts each come to nothing in every currency: ours, and those of money that only passes between payers
and workers. Between currencies stands an account for the exchange.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ledger.books.sums import Cell, Total
from payments.models.charts import AccountRole
from payments.models.payments import Purpose

R: Final = AccountRole
#: What of a movement moves money, or says whose it is.
MONEY: Final = (
    *("debited", "in_transit", "debited_ended", "worth_paid"),
    *("received", "early", "received_ended", "surplus", "surplus_returned", "outside", "worth"),
)


@dataclass(frozen=True)
class Ours:
    """Whether the payer's wallet, and the receiver's, is one of the seller's."""

    payer: bool
    receiver: bool


@dataclass(frozen=True)
class Leg:
    """What one account gets; below zero what it gives."""

    role: AccountRole
    total: Total


def legs(cell: Cell, ours: Ours) -> list[Leg]:
    """All of them that are not zero, one per account and currency. Their sum is zero in every currency."""
    found: dict[tuple[AccountRole, str], Total] = {}
    for leg in (*_sent(cell, ours), *_received(cell, ours), *_claims(cell, ours)):
        place = leg.role, leg.total.code
        found[place] = found[place] + leg.total if place in found else leg.total
    return [Leg(role, total) for (role, _code), total in found.items() if total.value]


def _paid(cell: Cell, name: str) -> Total:
    return Total(*cell.paid_in, cell.columns[name])


def _got(cell: Cell, *names: str) -> Total:
    return Total(*cell.received_in, sum(cell.columns[name] for name in names))


def _sent(cell: Cell, ours: Ours) -> Iterator[Leg]:
    """From the payer's wallet until it is at the receiver's: on its way, then a fee of wallets, or an exchange."""
    debited, in_transit, debited_ended = (_paid(cell, name) for name in ("debited", "in_transit", "debited_ended"))
    received, early = _got(cell, "received"), _got(cell, "early")
    not_as_asked = _got(cell, "received_ended", "surplus")
    transit, otherwise, fees, exchange = _OF_OURS if ours.payer else _OF_OTHERS
    yield Leg(R.OUR_WALLETS if ours.payer else R.PAYERS, -debited)
    yield Leg(transit, in_transit)
    yield Leg(transit, -early)
    yield Leg(otherwise, debited_ended)
    yield Leg(otherwise, -not_as_asked)
    between = fees if cell.paid_in[0] == cell.received_in[0] else exchange
    yield Leg(between, debited - in_transit - debited_ended)
    yield Leg(between, early + not_as_asked - received)


_OF_OURS: Final = (R.OUR_TRANSIT, R.OUR_OTHERWISE, R.OUR_WALLET_FEES, R.OUR_EXCHANGE)
_OF_OTHERS: Final = (R.TRANSIT, R.OTHERWISE, R.WALLET_FEES, R.EXCHANGE)


def _received(cell: Cell, ours: Ours) -> Iterator[Leg]:
    """By wallet, and outside."""
    received, outside = _got(cell, "received"), _got(cell, "outside")
    others = R.SENT_BACK if cell.purpose == Purpose.REFUND else R.WORKERS
    yield Leg(R.OUR_WALLETS if ours.receiver else others, received)
    yield Leg(R.OUR_BANK if ours.receiver else others, outside)
    yield Leg(R.OUR_BANK if ours.payer else R.OUTSIDE, -outside)


def _claims(cell: Cell, ours: Ours) -> Iterator[Leg]:
    """Why our wallets got it, or gave it; and that it left, or joined, what passes between the others."""
    arrived = _got(cell, "received", "outside")
    if ours.receiver:
        yield from _why_got(cell, arrived)
    if ours.payer:
        yield from _why_given(cell, arrived)
    if ours.receiver != ours.payer:
        yield Leg(R.WITH_US, arrived if ours.receiver else -arrived)


def _why_got(cell: Cell, arrived: Total) -> Iterator[Leg]:
    if not cell.holds:
        yield Leg(R.FEES if cell.purpose == Purpose.FEE else R.OWN_MONEY, -arrived)
        return
    # What came twice and went back is no job's, either time.
    early, surplus = _got(cell, "early"), _got(cell, "surplus", "surplus_returned")
    yield Leg(R.HELD, early + surplus - arrived)
    yield Leg(R.NOT_OVER, -early)
    yield Leg(R.OUR_OTHERWISE, -surplus)


def _why_given(cell: Cell, arrived: Total) -> Iterator[Leg]:
    """Of held money what it was worth there; where the payer pays exactly, that is in what they pay."""
    if not cell.holds:
        yield Leg(R.FEES_RETURNED if cell.purpose == Purpose.REFUND else R.OWN_MONEY, arrived)
        return
    early, surplus, worth = (_got(cell, name) for name in ("early", "surplus", "worth"))
    yield Leg(R.HELD, worth)
    yield Leg(R.HELD, _paid(cell, "worth_paid"))
    yield Leg(R.OUR_TRANSIT, early)  # not over: all of it is still on its way
    yield Leg(R.OUR_OTHERWISE, surplus)
    yield Leg(R.PAID_EXACTLY, arrived - early - surplus - worth)
    yield Leg(R.PAID_EXACTLY, -_paid(cell, "worth_paid"))
