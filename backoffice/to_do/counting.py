"""How much waits in each queue: one statement for all of them, each counted no further than a tab lists."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet, Value
from django.http import HttpRequest

from backoffice.to_do.shapes import MOST, CountedTab, Tab


def counted(request: HttpRequest, tabs: Sequence[Tab]) -> list[CountedTab]:
    """The tabs with something to count for this person, in their order."""
    parts: list[tuple[int, QuerySet[Any]]] = []
    shown = []
    for place, tab in enumerate(tabs):
        queues = list(tab.queues(request)) if request.user.has_perm(tab.permission) else []
        parts += [(place, queue) for queue in queues]
        shown += [place] if queues else []
    found = _count(parts)
    return [CountedTab(tabs[place], min(found.get(place, 0), MOST + 1)) for place in shown]


def _count(parts: Sequence[tuple[int, QuerySet[Any]]]) -> dict[int, int]:
    """Django counts no union of queries that are cut off, so the words around them are written here."""
    told, params = [], []
    for number, (place, queue) in enumerate(parts):
        cut = queue.order_by().annotate(one_row=Value(1)).values("one_row")[: MOST + 1]
        try:
            sql, own = cut.query.sql_with_params()
        except EmptyResultSet:
            continue
        told.append(f"SELECT {place} AS place, COUNT(*) AS number FROM ({sql}) AS part{number}")  # noqa: S608 - of ours
        params += own
    if not told:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(told), params)
        rows = cursor.fetchall()
    return {place: sum(number for other, number in rows if other == place) for place, _number in rows}
