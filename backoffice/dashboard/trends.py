"""How it goes: what settled on each of the last days, and how far requests come."""

from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import get_timezone_location
from django.db.models import Count
from django.db.models.functions import TruncDate

from backoffice.dashboard.links import rows
from ledger import days
from payments.models import Payment, PaymentRequest
from payments.presentation.format_amounts import locale_of
from payments.presentation.status_groups import ASKS_TO_PAY, GROUPS, REACHED, Reached
from payments.states import Group

CHART_DAYS = 14
FUNNEL_DAYS = 30
#: So many payments on one day fill the chart, or the busiest day: one lonely payment shouldn't look like many.
LOWEST_TOP = 4


@dataclass(frozen=True)
class Bar:
    """One business day; `height` is its part of the chart's, in percent."""

    day: date
    count: int
    height: int
    link: str


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    total: int
    link: str


@dataclass(frozen=True)
class FunnelStep:
    """`share` is the part of all requests of the time that came this far, in percent, rounded down."""

    title: str
    count: int
    share: int
    link: str


def settled_per_day() -> Chart:
    """Payments, not money: amounts of several currencies have no common height."""
    first = days.today() - timedelta(days=CHART_DAYS - 1)
    counted = dict(
        Payment.objects.filter(GROUPS[Group.SETTLED], settled_at__gte=days.begins(first))
        .annotate(day=TruncDate("settled_at", tzinfo=days.zone()))
        .order_by()
        .values_list("day")
        .annotate(count=Count("pk"))
    )
    shown = {day: counted.get(day, 0) for day in (first + timedelta(days=n) for n in range(CHART_DAYS))}
    top = max(LOWEST_TOP, *shown.values())
    return Chart(
        bars=[Bar(day, count, _percent(count, top), _settled(day, day)) for day, count in shown.items()],
        total=sum(shown.values()),
        link=_settled(first, days.today()),
    )


def city() -> str:
    """Whose midnight ends a business day, in the reader's language."""
    return get_timezone_location(days.zone(), locale=locale_of(), return_city=True)


def funnel() -> list[FunnelStep]:
    """Of the requests of the last 30 days that ask a payer: how many came how far, whatever became of them."""
    first = days.today() - timedelta(days=FUNNEL_DAYS - 1)
    counts = PaymentRequest.objects.filter(ASKS_TO_PAY, created_at__gte=days.begins(first)).aggregate(
        made=Count("pk"), **{str(step): Count("pk", filter=condition) for step, condition in REACHED.items()}
    )
    return [
        FunnelStep(
            title=str(step.label),
            count=counts[step],
            share=_percent(counts[step], counts["made"]),
            link=rows(PaymentRequest, reached=step.value, created_at_from=first.isoformat()),
        )
        for step in Reached
    ]


def _settled(first: date, last: date) -> str:
    return rows(Payment, group=Group.SETTLED.value, settled_at_from=first.isoformat(), settled_at_to=last.isoformat())


def _percent(part: int, whole: int) -> int:
    return part * 100 // whole if whole else 0
