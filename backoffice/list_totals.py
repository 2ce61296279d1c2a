"""What all rows of a list come to, on whichever page of it they stand: each sum by currency, never across."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db.models import F, QuerySet, Sum
from django.utils.functional import Promise

from ledger.books.sums import HALF, Total
from payments.presentation.format_totals import format_total_number, usual_places

if TYPE_CHECKING:
    from payments.admin.columns import Summed

#: Of more rows no sums are told: a list of everything is no question, and adding a million up takes seconds.
MOST_ADDED: Final = 10_000


def totals(rows: QuerySet[Any], summed: Sequence[Summed]) -> list[tuple[Promise, str]]:
    """The title of each sum and its amounts, in one query; of `rows` that have joins, too, each row counts once."""
    once = rows.model._default_manager.filter(pk__in=rows.order_by().values("pk"))  # noqa: SLF001 - Django's public name
    # In halves: SQLite fails over sums above 2⁶³.
    halves = {f"{one.value}_high": Sum(F(one.value) / HALF) for one in summed}
    halves |= {f"{one.value}_low": Sum(F(one.value) % HALF) for one in summed}
    found = list(once.order_by("asset_code").values("asset_code", "asset_scale").annotate(**halves))
    told = [(one.title, " · ".join(map(_written, _by_currency(found, one.value)))) for one in summed]
    return [(title, amounts) for title, amounts in told if amounts]


def _by_currency(found: list[dict[str, Any]], value: str) -> Iterator[Total]:
    sums: dict[str, Total] = {}
    for row in found:
        minor = int(row[f"{value}_high"] or 0) * HALF + int(row[f"{value}_low"] or 0)
        code = row["asset_code"]
        sums[code] = sums.get(code, Total(code, 0, 0)) + Total(code, row["asset_scale"] or 0, minor)
    yield from (total for total in sums.values() if total.value)


def _written(total: Total) -> str:
    return f"{format_total_number(total, places=usual_places(total))}\N{NO-BREAK SPACE}{total.code}"
