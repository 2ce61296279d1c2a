"""Reports by job: what was asked and received for each, and what is held for it."""

from datetime import date
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports import names
from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.of_people import ASKED, COST
from backoffice.finance.reports.shapes import Report
from backoffice.finance.reports.tables import Asked, Flow, RollForward, roll_forward
from jobs.job_of_movements import job_of_movement
from ledger.books.balances import balances

HELD: Final = RollForward(
    "held", _("Held"), "held", (Flow("came_to_be_held"), Flow("paid_out", -1), Flow("held_sent_back", -1))
)


def jobs(first: date, last: date, filters: Filters) -> Report:
    """In three queries."""
    asked = Asked(first, last, filters)
    figures = [*ASKED.figures, *COST.figures]
    told = balances(figures, first, last, filters.movements(), ["job"], named={"job": job_of_movement()})
    sections = [*roll_forward(asked, ASKED, told, names.of_jobs), *roll_forward(asked, COST, told, names.of_jobs)]
    return asked.report("jobs", _("By job"), sections)


def held(first: date, last: date, filters: Filters) -> Report:
    """In two queries."""
    asked, ours = Asked(first, last, filters), ~Q(holds=0) & filters.movements()
    told = balances(HELD.figures, first, last, ours, ["job"], named={"job": job_of_movement()})
    return asked.report("held", _("Held for jobs"), roll_forward(asked, HELD, told, names.of_jobs))
