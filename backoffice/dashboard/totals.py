"""What receivers get, by how far it has come, per currency. Never a sum across currencies."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, Count, F, Q, Sum, Value, When

from backoffice.dashboard.links import rows
from ledger import days
from payments.models import Payment
from payments.openpayments.amounts import LARGEST_VALUE, Amount, Asset
from payments.presentation.format_amounts import format_amount
from payments.presentation.status_groups import GROUPS
from payments.states import Group

#: Sums are made of two halves: amounts may be so large that their sum doesn't fit a column.
HALF = 10**9
#: Groups that only grow: of these, a month is told.
#: All but what ended without money.
TOLD = [Group(code) for code in GROUPS]
ENDED = {Group.SETTLED, Group.OUTSIDE}


@dataclass(frozen=True)
class Subtotal:
    """`total` minor units of `scale` in `count` payments."""

    scale: int
    total: int
    count: int


@dataclass(frozen=True)
class Cell:
    group: Group
    amount: str
    count: int
    link: str


@dataclass(frozen=True)
class CurrencyRow:
    currency: str
    cells: list[Cell]


@dataclass(frozen=True)
class Money:
    titles: list[tuple[str, str]]
    rows: list[CurrencyRow]


def by_group() -> Money:
    """A row per currency, a cell per group; of what is settled, in the wallets or outside, only this month's."""
    found: dict[str, dict[str, list[Subtotal]]] = defaultdict(lambda: defaultdict(list))
    for code, scale, group, high, low, count in _totals():
        found[code][group].append(Subtotal(scale, high * HALF + low, count))
    table = [CurrencyRow(code, [_cell(code, group, found[code][group]) for group in TOLD]) for code in sorted(found)]
    return Money(titles=[(group.value, str(group.label)) for group in TOLD], rows=table)


def _totals() -> Iterable[tuple[str, int, str, int, int, int]]:
    shown = {group: counted & _within(group) for group, counted in GROUPS.items()}
    group = Case(
        *(When(counted, then=Value(str(group))) for group, counted in shown.items()),
        default=Value(""),
        output_field=CharField(),
    )
    return (
        Payment.objects.annotate(group=group)
        .exclude(group="")
        .order_by()
        .values_list("asset_code", "asset_scale", "group")
        .annotate(high=Sum(F("value") / HALF), low=Sum(F("value") % HALF), count=Count("pk"))
    )


def _within(group: str) -> Q:
    return Q(settled_at__gte=days.begins(_month())) if group in ENDED else Q()


def _month() -> date:
    return days.today().replace(day=1)


def _cell(code: str, group: Group, parts: list[Subtotal]) -> Cell:
    filters: dict[str, object] = {"group": group.value, "currency": code}
    if group in ENDED:
        filters["settled_at_from"] = _month().isoformat()
    return Cell(group, _sum(code, parts), sum(part.count for part in parts), rows(Payment, **filters))


def _sum(code: str, parts: list[Subtotal]) -> str:
    """One currency may be counted in more than one scale: told in the finest. Empty when there is nothing."""
    if not parts:
        return ""
    finest = max(part.scale for part in parts)
    total = sum(part.total * 10 ** (finest - part.scale) for part in parts)
    shown = format_amount(Amount(min(total, LARGEST_VALUE), Asset(code, finest)))
    return shown if total <= LARGEST_VALUE else f"> {shown}"
