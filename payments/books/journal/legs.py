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
    for leg in (*_sent(cell, ours), *_received(cell, ours), *_outside(cell, ours)):
        place = leg.role, leg.total.code
        found[place] = found[place] + leg.total if place in found else leg.total
    return [Leg(role, total) for (role, _code), total in found.items() if total.value]


def _sent(cell: Cell, ours: Ours) -> Iterator[Leg]:
    """From the payer's wallet until it is at the receiver's: on its way, then a fee of wallets, or an exchange."""
    debited, in_transit = cell.paid("debited"), cell.paid("in_transit")
    received, early = cell.received("received"), cell.received("early")
    transit, fees, exchange = (
        (R.OUR_TRANSIT, R.OUR_WALLET_FEES, R.OUR_EXCHANGE) if ours.payer else (R.TRANSIT, R.WALLET_FEES, R.EXCHANGE)
    )
    yield Leg(R.OUR_WALLETS if ours.payer else R.PAYERS, -debited)
    yield Leg(transit, in_transit)
    yield Leg(transit, -early)
    between = fees if cell.paid_in[0] == cell.received_in[0] else exchange
    yield Leg(between, debited - in_transit)
    yield Leg(between, early - received)


def _received(cell: Cell, ours: Ours) -> Iterator[Leg]:
    received = cell.received("received")
    yield Leg(R.OUR_WALLETS if ours.receiver else _others(cell), received)
    yield from _claims(cell, ours, received)


def _outside(cell: Cell, ours: Ours) -> Iterator[Leg]:
    outside = cell.received("outside")
    yield Leg(R.OUR_BANK if ours.payer else R.OUTSIDE, -outside)
    yield Leg(R.OUR_BANK if ours.receiver else _others(cell), outside)
    yield from _claims(cell, ours, outside)


def _others(cell: Cell) -> AccountRole:
    return R.SENT_BACK if cell.purpose == Purpose.REFUND else R.WORKERS


def _claims(cell: Cell, ours: Ours, arrived: Total) -> Iterator[Leg]:
    """Why our wallets got it, or gave it; and that it left, or joined, what passes between the others."""
    if ours.receiver:
        yield Leg(_why_got(cell), -arrived)
    if ours.payer:
        yield Leg(_why_given(cell), arrived)
    if ours.receiver != ours.payer:
        yield Leg(R.WITH_US, arrived if ours.receiver else -arrived)


def _why_got(cell: Cell) -> AccountRole:
    if cell.holds:
        return R.HELD
    return R.FEES if cell.purpose == Purpose.FEE else R.OWN_MONEY


def _why_given(cell: Cell) -> AccountRole:
    if cell.holds:
        return R.HELD
    return R.FEES_RETURNED if cell.purpose == Purpose.REFUND else R.OWN_MONEY
