"""The overview's few figures: a card for each currency, and nothing added across them."""

from dataclasses import dataclass

from django.http import HttpRequest

from backoffice.dashboard.figures import moved, trends, under_way
from backoffice.dashboard.figures.shapes import FigureChange, ShownFigure
from backoffice.dashboard.figures.trends import Trend
from backoffice.dashboard.figures.under_way import BudgetUse, Owed, Stage
from backoffice.dashboard.links import may_see
from backoffice.dashboard.period import Period
from jobs.models import Application
from ledger.models import Movement
from payments.models import Payment, StandingBudget


@dataclass(frozen=True)
class CurrencyCard:
    """What somebody may see of one currency: empty or None where that is nothing, or there is none."""

    currency: str
    flows: list[FigureChange]
    trend: Trend | None
    stages: list[Stage]
    held: ShownFigure | None
    owed: Owed | None
    budgets: BudgetUse | None


def cards(request: HttpRequest, period: Period) -> list[CurrencyCard]:
    """In a constant number of queries, whoever asks for the same rows."""
    with_books = may_see(request, Movement)
    flows = moved.flows(period) if with_books else {}
    held = under_way.held() if with_books else {}
    received = {one.currency: one for one in trends.received(period)} if with_books else {}
    stages = under_way.stages() if may_see(request, Payment) else {}
    owed = under_way.owed() if may_see(request, Application) else {}
    budgets = under_way.budgets() if may_see(request, StandingBudget) else {}
    return [
        CurrencyCard(
            code,
            flows.get(code, []),
            received.get(code),
            stages.get(code, []),
            held.get(code),
            owed.get(code),
            budgets.get(code),
        )
        for code in sorted({*flows, *held, *stages, *owed, *budgets})
        if period.tells(code)
    ]
