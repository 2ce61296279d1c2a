"""Writing movements, and what is booked of one subject so far."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import zip_longest

from django.db import connection, transaction

from ledger import days
from ledger.books.closed import first_open_day, let_nobody_close
from ledger.models import Movement
from ledger.models.books import FIGURES, IN_PAID, IN_RECEIVED

_SUMS = [f'SUM("{name}")' for name in FIGURES]
#: Code and scale.
Unit = tuple[str, int]


@dataclass
class Booked:
    """All figures of one subject, by the unit that they are counted in."""

    received: dict[Unit, Counter[str]] = field(default_factory=dict)
    paid: dict[Unit, Counter[str]] = field(default_factory=dict)
    number: int = 0

    def differences(
        self, received: tuple[Unit, Counter[str]], paid: tuple[Unit, Counter[str]] | None
    ) -> list[Movement]:
        """What must be booked so that its figures are these and no others; without what says whose they are."""
        to_receive = _differences(self.received, received, IN_RECEIVED)
        to_pay = _differences(self.paid, paid, IN_PAID)
        nothing = Counter[str]()
        pairs = zip_longest(to_receive, to_pay)
        return [
            _movement(one or (received[0], nothing), other or (paid[0] if paid else ("", 0), nothing))
            for one, other in pairs
        ]


def _movement(received: tuple[Unit, Counter[str]], paid: tuple[Unit, Counter[str]]) -> Movement:
    """Of both sides, whether or not something of each changed: reports tell payments apart by both currencies."""
    (received_code, received_scale), (paid_code, paid_scale) = received[0], paid[0]
    units = {"received_code": received_code, "received_scale": received_scale}
    units |= {"paid_code": paid_code, "paid_scale": paid_scale}
    return Movement(**units, **received[1], **paid[1])


def _differences(
    booked: dict[Unit, Counter[str]], now: tuple[Unit, Counter[str]] | None, names: tuple[str, ...]
) -> list[tuple[Unit, Counter[str]]]:
    wanted = {now[0]: now[1]} if now else {}
    found = []
    for unit in [*wanted, *(unit for unit in booked if unit not in wanted)]:
        before, after = booked.get(unit, Counter()), wanted.get(unit, Counter())
        change = Counter({name: after[name] - before[name] for name in names if after[name] != before[name]})
        if change:
            found.append((unit, change))
    return found


#: With every change of a payment: Django would take longer to put it together than the database to answer.
_BOOKED = f"""
    SELECT subject, received_code, received_scale, paid_code, paid_scale, MAX(number), {", ".join(_SUMS)}
    FROM ledger_movement WHERE subject IN ({{marks}})
    GROUP BY subject, received_code, received_scale, paid_code, paid_scale
"""  # noqa: S608 - of names that stand in the code


def booked(subjects: Collection[str]) -> dict[str, Booked]:
    """What is booked of each so far: one query."""
    found = {subject: Booked() for subject in subjects}
    if not found:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED.format(marks=", ".join(["%s"] * len(found))), list(found))
        rows = cursor.fetchall()
    for subject, received_code, received_scale, paid_code, paid_scale, last, *sums in rows:
        one, told = found[subject], dict(zip(FIGURES, map(int, sums), strict=True))
        one.number = max(one.number, last)
        received = one.received.setdefault((received_code, received_scale), Counter())
        received.update({name: told[name] for name in IN_RECEIVED})
        if paid_code:
            paid = one.paid.setdefault((paid_code, paid_scale), Counter())
            paid.update({name: told[name] for name in IN_PAID})
    return found


def keep(movements: Iterable[Movement]) -> None:
    """Insert them, each on the business's day of its moment; what is of a closed month, on the first day after it."""
    rows = list(movements)
    if not rows:
        return
    with transaction.atomic(savepoint=False):
        let_nobody_close()
        first = first_open_day()
        for row in rows:
            row.day = row.at.astimezone(days.zone()).date()
            if first and row.day < first:
                row.corrects, row.day = row.corrects or row.day, first
        Movement.objects.bulk_create(rows)
