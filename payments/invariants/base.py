"""What an invariant is: one sentence that holds at every moment, and the one query that finds what breaks it.

One statement sees one moment, and a state commits together with all that belongs to it: so a check may run beside any
number of workers, on SQLite and PostgreSQL, without stopping them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.db import connection
from django.utils.functional import Promise

from payments import states

#: What `payments.states` says of a state goes for its invariants, too: lists as SQL wants them.
STATES: Final = {
    name: ", ".join(f"'{state.value}'" for state in sorted(found))
    for name, found in {
        "paid": states.PAID,
        "arrived": states.ARRIVED,
        "in_flight": states.IN_FLIGHT,
        "dead": states.DEAD_PAYMENTS,
        "finished": states.FINISHED_PAYMENTS,
        "unapproved": states.UNAPPROVED_PAYMENTS,
        "open_requests": states.OPEN_REQUESTS,
        "paid_requests": states.PAID_REQUESTS,
        "dead_requests": states.DEAD_REQUESTS,
    }.items()
}
#: So many offenders are named; a database with more of them needs no longer list.
MOST = 1000


@dataclass(frozen=True)
class Invariant:
    """`sql` selects the ids of rows for which `holds` is not true. Why there are exceptions stands beside it.

    Sets of states stand in it by their names in `STATES`, in braces.
    """

    name: str
    holds: Promise
    sql: str

    def offenders(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql.format(**STATES), params)
            return tuple(str(row[0]) for row in cursor.fetchmany(MOST))


@dataclass(frozen=True)
class Reckoned:
    """An invariant that no one statement can tell: `find` gives the ids of the rows for which it is not true."""

    name: str
    holds: Promise
    find: Callable[[], Iterable[str]]

    def offenders(self, _params: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(islice(self.find(), MOST))


@dataclass(frozen=True)
class Violation:
    """An invariant that does not hold, and for which rows (at most a thousand)."""

    invariant: Invariant | Reckoned
    ids: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.invariant.name}: {', '.join(self.ids)}"
