"""How much waits in queues, for the sidebar of every page: one statement for all of them.

It is put together once for each set of permissions, which costs Django ten times what the database takes to count.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet, Value
from django.http import HttpRequest

from ledger import clock
from ledger.compiled import FIRST_MOMENT

#: Rows that one queue lists, and counts: beyond them it says that there are more.
MOST: Final = 100
#: What stands for a person in a statement that is for anybody: no key of theirs is below zero.
ANYBODY: Final = -1_909_090


def shown_number(count: int) -> str:
    """What is told of a count that ends beyond `MOST`."""
    return f"{MOST}+" if count > MOST else str(count)


@dataclass(frozen=True)
class Viewer:
    """Who looks at queues, and when: all that queues may depend on. `permissions` are None where there are all."""

    pk: int
    now: datetime
    permissions: frozenset[str] | None

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        return cls.of_person(request.user, clock.now())

    @classmethod
    def of_person(cls, user: Any, now: datetime) -> Self:
        """Somebody who works here, whether or not they ask."""
        return cls(user.pk, now, None if user.is_superuser else frozenset(user.get_all_permissions()))

    def has_perm(self, permission: str) -> bool:
        return self.permissions is None or permission in self.permissions


#: Queues by where they belong. What a viewer may not see has none.
Queues = Callable[[Viewer], Iterable[tuple[int, QuerySet[Any]]]]


class QueueCounter:
    """`QueueCounter(queues)(viewer)` is how many rows there are at each place, of one queue none beyond `MOST`."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues
        self._statements: dict[frozenset[str] | None, _CountStatement] = {}

    def __call__(self, viewer: Viewer) -> dict[int, int]:
        statement = self._statements.get(viewer.permissions)
        if statement is None:
            statement = _CountStatement(self._queues(Viewer(ANYBODY, FIRST_MOMENT, viewer.permissions)))
            self._statements[viewer.permissions] = statement
        return statement.counted(viewer)


class _CountStatement:
    """Django counts no union of queries that are cut off, so the words around them are written here."""

    def __init__(self, queues: Iterable[tuple[int, QuerySet[Any]]]) -> None:
        self._places: set[int] = set()
        self._params: list[Any] = []
        parts: list[str] = []
        for place, queue in queues:
            self._places.add(place)
            cut = queue.order_by().annotate(one_row=Value(1)).values("one_row")[: MOST + 1]
            try:
                sql, params = cut.query.sql_with_params()
            except EmptyResultSet:
                continue
            told = f"SELECT {place} AS place, COUNT(*) AS number FROM ({sql}) AS part{len(parts)}"  # noqa: S608 - of ours
            parts.append(told)
            self._params += params
        self._sql = " UNION ALL ".join(parts)

    def counted(self, viewer: Viewer) -> dict[int, int]:
        found = dict.fromkeys(self._places, 0)
        if not self._sql:
            return found
        adapted = connection.ops.adapt_datetimefield_value
        told = {ANYBODY: viewer.pk, adapted(FIRST_MOMENT): adapted(viewer.now)}
        with connection.cursor() as cursor:
            cursor.execute(self._sql, [told.get(param, param) for param in self._params])
            for place, number in cursor.fetchall():
                found[place] += number
        return found
