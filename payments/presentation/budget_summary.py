"""The figures of a standing budget, as staff pages, the funder's page and mail all show them. Only reads."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ledger import clock
from payments.models import BudgetPeriod, Draw, PaymentRequest, StandingBudget
from payments.models.standing_budgets import BudgetState, Unit
from payments.openpayments.amounts import Amount
from payments.presentation.amount_rows import AmountRow
from payments.presentation.dates import day
from payments.presentation.format_amounts import format_amount
from payments.states import RequestState

MOST_DRAWS = 50


@dataclass(frozen=True)
class BudgetSummary:
    """How a budget stands now. `period` is None before the first and after the last, and once it is over."""

    budget: StandingBudget
    period: BudgetPeriod | None
    draws: list[Draw]  # newest first

    @property
    def wallet_says(self) -> Amount | None:
        """What the wallet counts as spent in its current period; None while nobody asked, or it does not tell."""
        grant = self.budget.grant
        asked_at = grant.spent_checked_at if grant else None
        # An answer of an earlier period says nothing of this one.
        if grant is None or asked_at is None or self.period is None or asked_at < self.period.starts_at:
            return None
        return grant.spent

    @property
    def disagrees(self) -> bool:
        """The wallet tells another figure than our books."""
        says = self.wallet_says
        return says is not None and self.period is not None and says.value != self.period.reserved_value


def summary_of(budget: StandingBudget) -> BudgetSummary:
    """In a constant number of queries."""
    return BudgetSummary(budget, current(budget), _draws(budget))


def current(budget: StandingBudget) -> BudgetPeriod | None:
    """The period of now, while the budget stands."""
    stands = budget.state in {BudgetState.ACTIVE, BudgetState.PAUSED}
    return budget.period_at(clock.now()) if stands else None


def running_periods() -> QuerySet[BudgetPeriod]:
    """The period of now of each budget that the funder approved, paused or not, and that is not over."""
    now = clock.now()
    return BudgetPeriod.objects.filter(
        budget__request__state=RequestState.APPROVED, starts_at__lte=now, ends_at__gt=now
    )


def _draws(budget: StandingBudget) -> list[Draw]:
    wanted = Draw.objects.filter(period__budget=budget).select_related("payment__request", "period__budget")
    return list(wanted.order_by("-created_at", "-pk")[:MOST_DRAWS])


def every(budget: StandingBudget) -> str:
    """`at most 500.00 USD each month`, in the reader's language."""
    limit = {"limit": format_amount(budget.limit)}
    if budget.unit == Unit.WEEK:
        return _("at most %(limit)s each week") % limit
    return _("at most %(limit)s each month") % limit


def terms(budget: StandingBudget) -> list[AmountRow]:
    """What the funder is asked to allow, or allowed."""
    periods = (
        ngettext("%(count)s week", "%(count)s weeks", budget.count)
        if budget.unit == Unit.WEEK
        else ngettext("%(count)s month", "%(count)s months", budget.count)
    )
    return [
        {"label": _("For"), "value": periods % {"count": budget.count}},
        {"label": _("Begins"), "value": day(budget.starts_at)},
        {"label": _("Until"), "value": last_day(budget.ends_at)},
        largest(budget),
    ]


def largest(budget: StandingBudget) -> AmountRow:
    return {"label": _("Largest single payment"), "value": format_amount(budget.largest)}


def last_day(end: datetime) -> str:
    """The business day before `end`, which is a day's beginning."""
    return day(end - timedelta(seconds=1))


def this_period(standing: BudgetSummary) -> list[AmountRow]:
    """Spent, left, and when it starts anew."""
    return rows_of(standing.budget, standing.period)


def rows_of(budget: StandingBudget, period: BudgetPeriod | None) -> list[AmountRow]:
    """What is spent and left of `period`, and when it ends or starts anew; nothing without a period."""
    if period is None:
        return []
    is_last = period.ends_at == budget.ends_at
    return [
        {"label": _("Spent or on its way"), "value": format_amount(period.reserved)},
        {"label": _("Left"), "value": format_amount(period.left), "total": True},
        {
            "label": _("Ends") if is_last else _("Starts anew"),
            "value": last_day(period.ends_at) if is_last else day(period.ends_at),
        },
    ]


def draw_rows(request: PaymentRequest) -> list[AmountRow]:
    """Of a request that is paid from a standing budget: who gets what, and what is left until when."""
    payments = list(request.payments.select_related("draw__period__budget"))
    rows: list[AmountRow] = [
        {"label": _("%(name)s receives") % {"name": payment.receiver_name}, "value": format_amount(payment.amount)}
        for payment in payments
        if payment.state not in {"failed", "cancelled"}
    ]
    draw = next((payment.draw for payment in payments if hasattr(payment, "draw")), None)
    if draw:
        period = draw.period
        rows.append(
            {
                "label": _("Left until %(until)s") % {"until": last_day(period.ends_at)},
                "value": format_amount(period.left),
            }
        )
    return rows
