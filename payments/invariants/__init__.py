"""Invariants of the whole database, for tests and for production (`manage.py check_invariants`)."""

from django.db import connection

from ledger import clock
from payments.invariants.amounts import MONEY
from payments.invariants.base import Invariant, Reckoned, Violation
from payments.invariants.books import BOOKS
from payments.invariants.state_order import ORDER, TIME_TO_CLEAN

INVARIANTS: list[Invariant | Reckoned] = [*MONEY, *ORDER, *BOOKS]


def also_hold(*more: Invariant) -> None:
    """What must hold of the rows of a room above this one. The same again changes nothing."""
    INVARIANTS.extend(invariant for invariant in more if invariant not in INVARIANTS)


def violations() -> list[Violation]:
    """Every invariant that does not hold now, with the ids of the rows that break it. Only reads."""
    params = {"cleaned": connection.ops.adapt_datetimefield_value(clock.now() - TIME_TO_CLEAN)}
    found = ((invariant, invariant.offenders(params)) for invariant in INVARIANTS)
    return [Violation(invariant, ids) for invariant, ids in found if ids]


__all__ = ["INVARIANTS", "Invariant", "Violation", "also_hold", "violations"]
