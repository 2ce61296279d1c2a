"""What there is now, whatever days are chosen: money under way, held, owed, and what standing budgets still allow.

Each question begins with the few rows that are open.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Case, CharField, Count, Min, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from backoffice.dashboard.figures.shapes import ShownFigure, share
from backoffice.dashboard.links import rows
from jobs.models import Application
from jobs.owed import OwedSum, owed_sums
from ledger.books.ages import BANDS
from ledger.books.figures import FIGURES, tell
from ledger.books.sums import Total
from ledger.models import Movement
from payments.models import Payment, StandingBudget
from payments.presentation.budget_summary import running_periods
from payments.presentation.format_totals import format_total_number, usual_places
from payments.presentation.status_groups import GROUPS
from payments.states import FINISHED_PAYMENTS, Group, PaymentState

#: The figure of each group of payments that are not over.
STAGES: Final[dict[str, Group]] = {
    "waiting": Group.WAITING,
    "approved_open": Group.APPROVED,
    "on_its_way": Group.ON_ITS_WAY,
    "attention": Group.ATTENTION,
}
HELD: Final = "held"
#: Movements of money that fills or empties what is held.
OF_HELD: Final = Q(holds__in=[-1, 1])


@dataclass(frozen=True)
class Stage:
    """`oldest` is when the first of them was sent to its payer, where that is what they wait for."""

    figure: ShownFigure
    oldest: datetime | None


@dataclass(frozen=True)
class Owed:
    """All that is owed in one currency, and its parts by age, the oldest first."""

    whole: ShownFigure
    ages: list[ShownFigure]


@dataclass(frozen=True)
class BudgetUse:
    """Of the standing budgets whose period runs now: what is spent or on its way, and what they allow."""

    spent: ShownFigure
    limit: Total

    @property
    def limit_number(self) -> str:
        return format_total_number(self.limit, places=usual_places(self.limit))

    @property
    def share(self) -> int:
        """In percent."""
        scale = max(self.spent.total.scale, self.limit.scale)
        return share(self.spent.total.at(scale), self.limit.at(scale))


def stages() -> dict[str, list[Stage]]:
    """By currency, all four of them. Two queries."""
    told, counted = tell(STAGES, Q(subject__in=_open().values("pk"))), _counted()
    found: dict[str, list[Stage]] = defaultdict(list)
    for code in told.currencies:
        for figure, group in STAGES.items():
            count, oldest = counted.get((figure, code), (0, None))
            link = rows(Payment, group=group.value, currency=code)
            shown = ShownFigure(figure, FIGURES[figure].label, told.total(figure, code), count, link)
            found[code].append(Stage(shown, oldest if group == Group.WAITING else None))
    return found


def held() -> dict[str, ShownFigure]:
    """By currency: what came to be held and did not leave. One query."""
    told = tell([HELD], OF_HELD)
    label = FIGURES[HELD].label
    return {
        code: ShownFigure(HELD, label, told.total(HELD, code), 0, rows(Movement, figure=HELD, currency=code))
        for code in told.currencies
    }


def owed() -> dict[str, Owed]:
    """By currency: what workers are owed, and nobody was asked for."""
    sums: dict[str, list[OwedSum]] = defaultdict(list)
    for one in sorted(owed_sums(), key=lambda each: BANDS.index(each.band), reverse=True):
        sums[one.total.code].append(one)
    return {code: _owed(code, found) for code, found in sums.items()}


def budgets() -> dict[str, BudgetUse]:
    """By currency of those who pay. One query."""
    units = ("budget__asset_code", "budget__asset_scale", "reserved_value", "limit_value")
    found: dict[str, BudgetUse] = {}
    for code, scale, reserved, limit in running_periods().order_by().values_list(*units):
        link = rows(StandingBudget, running="yes", currency=code)
        nothing = ShownFigure("budgets", _("Spent of standing budgets, this period"), Total(code, 0, 0), 0, link)
        known = found.get(code, BudgetUse(nothing, Total(code, 0, 0)))
        total = known.spent.total + Total(code, scale, reserved)
        spent = ShownFigure(nothing.code, nothing.title, total, known.spent.count + 1, link)
        found[code] = BudgetUse(spent, known.limit + Total(code, scale, limit))
    return found


def _open() -> QuerySet[Payment]:
    """All others add nothing to what is under way: so their movements, most of all there are, need not be summed."""
    # Named one by one, so that an index finds them.
    return Payment.objects.filter(state__in=sorted(set(PaymentState) - FINISHED_PAYMENTS))


def _counted() -> dict[tuple[str, str], tuple[int, datetime | None]]:
    """How many payments are where, by figure and currency, and when the first payer of them was asked."""
    figures = {group: figure for figure, group in STAGES.items()}
    group = Case(
        *(When(GROUPS[group], then=Value(figure)) for group, figure in figures.items()),
        default=Value(""),
        output_field=CharField(),
    )
    told = _open().annotate(figure=group).exclude(figure="").order_by().values_list("figure", "asset_code")
    counted = told.annotate(count=Count("pk"), oldest=Min("request__sent_at"))
    return {(figure, code): (count, oldest) for figure, code, count, oldest in counted}


def _owed(code: str, sums: list[OwedSum]) -> Owed:
    ages = [
        ShownFigure(f"owed_{one.band.code}", one.band.title, one.total, one.count, _applications(one.band.code, code))
        for one in sums
    ]
    total = sum((one.total for one in ages), Total(code, 0, 0))
    whole = ShownFigure("owed", _("Owed to workers"), total, sum(one.count for one in ages), _applications("all", code))
    return Owed(whole, ages)


def _applications(owed_since: str, code: str) -> str:
    return rows(Application, owed=owed_since, budget_code=code)
