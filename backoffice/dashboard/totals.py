"""Money, by how far it has come, per currency: figures of the books. Never a sum across currencies."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Case, CharField, Count, Q, QuerySet, Value, When
from django.utils.functional import Promise

from backoffice.dashboard.links import rows
from ledger import days
from ledger.books.figures import FIGURES, tell
from ledger.books.sums import Total
from ledger.models import Movement
from payments.models import Payment
from payments.presentation.format_totals import format_total_number, usual_places
from payments.presentation.status_groups import GROUPS
from payments.states import FINISHED_PAYMENTS, Group, PaymentState

#: What is there now: the figure of each group of payments that are not over.
NOW: Final[dict[str, Group]] = {
    "waiting": Group.WAITING,
    "approved_open": Group.APPROVED,
    "on_its_way": Group.ON_ITS_WAY,
    "attention": Group.ATTENTION,
}
#: What came to be in this month. Apart, so that no money is told twice: what was held and then paid out is in two.
THIS_MONTH: Final = ("paid_to_workers", "our_fee", "taken_in_to_hold", "sent_back", "outside")

Counts = dict[tuple[str, str], int]


@dataclass(frozen=True)
class MoneyHead:
    """`figure` is its code."""

    figure: str
    title: str | Promise
    in_month: bool


@dataclass(frozen=True)
class MoneyCell:
    head: MoneyHead
    amount: str
    count: int
    link: str


@dataclass(frozen=True)
class CurrencyRow:
    currency: str
    cells: list[MoneyCell]


@dataclass(frozen=True)
class Money:
    heads: list[MoneyHead]
    rows: list[CurrencyRow]


def by_figure() -> Money:
    """A row per currency. Of what happens once and for all, only this month's; what nowhere happened is left out."""
    now, month = tell(NOW, Q(subject__in=_under_way().values("pk"))), tell(THIS_MONTH, Q(day__gte=_month()))
    counts = {**_payments(), **_this_month()}
    found = {figure for _key, _code, figure in month.totals}
    heads = [MoneyHead(figure, FIGURES[figure].label, in_month=False) for figure in NOW]
    heads += [
        MoneyHead(figure, FIGURES[figure].label, in_month=True)
        for figure in THIS_MONTH
        if figure in found or figure == "paid_to_workers"
    ]
    table = [
        CurrencyRow(
            code, [_cell((month if head.in_month else now).total(head.figure, code), head, counts) for head in heads]
        )
        for code in sorted({*now.currencies, *month.currencies})
    ]
    return Money(heads, table)


def _cell(total: Total, head: MoneyHead, counts: Counts) -> MoneyCell:
    figure, code = head.figure, total.code
    if head.in_month:
        link = rows(Movement, figure=figure, currency=code, day_from=_month().isoformat())
    else:
        link = rows(Payment, group=NOW[figure].value, currency=code)
    return MoneyCell(head, written(total) if total.value else "", counts.get((figure, code), 0), link)


def written(total: Total) -> str:
    """In as many places as reports write it, whatever the wallets' own were that it is the sum of."""
    return f"{format_total_number(total, places=usual_places(total))}\N{NO-BREAK SPACE}{total.code}"


def _under_way() -> QuerySet[Payment]:
    """All others add nothing to what is under way: so their movements, most of all there are, need not be summed."""
    # Named one by one, so that an index finds them.
    return Payment.objects.filter(state__in=sorted(set(PaymentState) - FINISHED_PAYMENTS))


def _payments() -> Counts:
    """How many payments are where."""
    figures = {group: figure for figure, group in NOW.items()}
    group = Case(
        *(When(GROUPS[group], then=Value(figure)) for group, figure in figures.items()),
        default=Value(""),
        output_field=CharField(),
    )
    counted = _under_way().annotate(figure=group).exclude(figure="").order_by().values_list("figure", "asset_code")
    return {(figure, code): count for figure, code, count in counted.annotate(count=Count("pk"))}


def _this_month() -> Counts:
    """Of how many payments something changed a figure in this month."""
    wanted = {figure: Count("subject", filter=FIGURES[figure].rows(), distinct=True) for figure in THIS_MONTH}
    counted = Movement.objects.filter(Q(day__gte=_month())).order_by().values("received_code").annotate(**wanted)
    return {(figure, row["received_code"]): row[figure] for row in counted for figure in THIS_MONTH}


def _month() -> date:
    return days.today().replace(day=1)
