"""The balance of what is under way: where it is, and what came to it and left it."""

from datetime import date
from typing import Final

from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports import names
from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.shapes import Report
from backoffice.finance.reports.tables import Asked, FigureStep, Flow, RollForward, figure_section, roll_forward
from ledger.books.balances import balances

#: How whatever was asked comes to be under way, and what becomes of it.
FLOWS: Final = (Flow("asked"), Flow("over"), Flow("received", -1), Flow("outside", -1), Flow("ended", -1))
STAGES: Final = tuple(FigureStep(code) for code in ("waiting", "approved_open", "on_its_way", "attention"))
TOGETHER: Final = FigureStep("under_way", is_sum=True)
CHANGES: Final = RollForward("changes", _("What came to it, and what became of it"), "under_way", FLOWS)


def under_way(first: date, last: date, filters: Filters) -> Report:
    """In one query."""
    asked = Asked(first, last, filters)
    figures = [*(step.figure for step in STAGES), *CHANGES.figures]
    told = balances(figures, first, last, filters.movements(), by=["purpose"])
    stages = figure_section(asked, "stages", _("Where it is"), [*STAGES, TOGETHER], told.together())
    changes = roll_forward(asked, CHANGES, told, names.of_purposes)
    return asked.report("balance", _("Under way"), [*stages, *changes])
