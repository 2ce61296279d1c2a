"""Of the requests that were made in the chosen days: how many came how far, and how long payers and wallets took.

A request counts in the currency that its payer pays.
"""

from dataclasses import dataclass
from typing import Final

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice.dashboard.figures.shapes import share
from backoffice.dashboard.figures.spread import Spread, spread
from backoffice.dashboard.links import rows
from backoffice.dashboard.period import Period
from payments.models import PaymentRequest
from payments.presentation.status_groups import ASKS_TO_PAY, REACHED, Reached


@dataclass(frozen=True)
class FunnelStep:
    """`share` is the part of all requests of the time that came this far, in percent, rounded down."""

    title: str | Promise
    count: int
    share: int
    link: str


#: What takes its time: from which moment to which, of the requests that reached what.
WAITS: Final = (
    (_("From sent to approved"), Reached.APPROVED, "sent_at", "approved_at"),
    (_("From approved to settled"), Reached.SETTLED, "approved_at", "finished_at"),
)


def funnel(period: Period) -> list[FunnelStep]:
    """One query."""
    counts = _made(period).aggregate(
        made=Count("pk"), **{str(step): Count("pk", filter=condition) for step, condition in REACHED.items()}
    )
    return [
        FunnelStep(step.label, counts[step], share(counts[step], counts["made"]), _link(period, step))
        for step in Reached
    ]


def waits(period: Period) -> list[Spread]:
    """How long each took, of those that came so far. Three queries each."""
    found = []
    for title, reached, begins, ends in WAITS:
        took = ExpressionWrapper(F(ends) - F(begins), output_field=DurationField())
        both = Q(**{f"{begins}__isnull": False, f"{ends}__isnull": False})
        came = _made(period).filter(REACHED[reached], both).annotate(took=took)
        found.append(spread(title, came, _link(period, reached)))
    return found


def _made(period: Period) -> QuerySet[PaymentRequest]:
    found = PaymentRequest.objects.filter(ASKS_TO_PAY, period.on("created_at"))
    return found.filter(asset_code=period.currency) if period.currency else found


def _link(period: Period, reached: Reached) -> str:
    currency = {"currency": period.currency} if period.currency else {}
    return rows(PaymentRequest, reached=reached.value, **period.days("created_at"), **currency)
