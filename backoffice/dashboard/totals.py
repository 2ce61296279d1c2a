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
from payments.presentation.status_groups import STAGES, Stage

#: Sums are made of two halves: amounts may be so large that their sum doesn't fit a column.
HALF = 10**9
#: Stages that only grow: of these, a month is told.
ENDED = {Stage.SETTLED, Stage.OUTSIDE}


@dataclass(frozen=True)
class Subtotal:
    """`total` minor units of `scale` in `count` payments."""

    scale: int
    total: int
    count: int


@dataclass(frozen=True)
class Cell:
    stage: Stage
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


def by_stage() -> Money:
    """A row per currency, a cell per stage; of what is settled, in the wallets or outside, only this month's."""
    found: dict[str, dict[str, list[Subtotal]]] = defaultdict(lambda: defaultdict(list))
    for code, scale, stage, high, low, count in _totals():
        found[code][stage].append(Subtotal(scale, high * HALF + low, count))
    table = [CurrencyRow(code, [_cell(code, stage, found[code][stage]) for stage in Stage]) for code in sorted(found)]
    return Money(titles=[(stage.value, str(stage.label)) for stage in Stage], rows=table)


def _totals() -> Iterable[tuple[str, int, str, int, int, int]]:
    shown = {stage: counted & _within(stage) for stage, counted in STAGES.items()}
    stage = Case(
        *(When(counted, then=Value(str(stage))) for stage, counted in shown.items()),
        default=Value(""),
        output_field=CharField(),
    )
    return (
        Payment.objects.annotate(stage=stage)
        .exclude(stage="")
        .order_by()
        .values_list("asset_code", "asset_scale", "stage")
        .annotate(high=Sum(F("value") / HALF), low=Sum(F("value") % HALF), count=Count("pk"))
    )


def _within(stage: str) -> Q:
    return Q(settled_at__gte=days.begins(_month())) if stage in ENDED else Q()


def _month() -> date:
    return days.today().replace(day=1)


def _cell(code: str, stage: Stage, parts: list[Subtotal]) -> Cell:
    filters: dict[str, object] = {"stage": stage.value, "currency": code}
    if stage in ENDED:
        filters["settled_at_from"] = _month().isoformat()
    return Cell(stage, _sum(code, parts), sum(part.count for part in parts), rows(Payment, **filters))


def _sum(code: str, parts: list[Subtotal]) -> str:
    """One currency may be counted in more than one scale: told in the finest. Empty when there is nothing."""
    if not parts:
        return ""
    finest = max(part.scale for part in parts)
    total = sum(part.total * 10 ** (finest - part.scale) for part in parts)
    shown = format_amount(Amount(min(total, LARGEST_VALUE), Asset(code, finest)))
    return shown if total <= LARGEST_VALUE else f"> {shown}"
