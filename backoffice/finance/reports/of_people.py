"""Reports by funder, by worker and by seller: what was asked for, what became of it, what it cost or brought them."""

from datetime import date
from functools import partial
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports import names
from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.shapes import Report
from backoffice.finance.reports.tables import Asked, Flow, RollForward, roll_forward
from backoffice.finance.reports.under_way import FLOWS
from ledger.books.balances import balances
from ledger.books.figures import FORWARD, REFUND, WORK
from ledger.books.people import FUNDER, WORKER

ASKED: Final = RollForward("asked", _("Asked, and what became of it"), "under_way", FLOWS)
COST: Final = RollForward("cost", _("What it cost"), "net_charged", (Flow("charged"), Flow("sent_back", -1)))
BROUGHT: Final = RollForward(
    "brought",
    _("What it brought"),
    "with_receivers",
    (Flow("paid_to_workers"), Flow("outside"), Flow("given_back", -1)),
)


def funders(first: date, last: date, filters: Filters) -> Report:
    """In four queries."""
    asked, who = Asked(first, last, filters), partial(names.of_people, "funder")
    forward = Q(purpose__in=sorted(FORWARD)) & filters.movements()
    named = {"funder": FUNDER}
    of_asked = balances(ASKED.figures, first, last, forward, ["funder"], named=named)
    of_cost = balances(COST.figures, first, last, filters.movements(), ["funder"], named=named)
    sections = [*roll_forward(asked, ASKED, of_asked, who), *roll_forward(asked, COST, of_cost, who)]
    return asked.report("funders", _("By funder"), sections)


def workers(first: date, last: date, filters: Filters) -> Report:
    """In four queries."""
    asked, who = Asked(first, last, filters), partial(names.of_people, "worker")
    work, back = Q(purpose=WORK) & filters.movements(), Q(purpose=REFUND, returns=WORK) & filters.movements()
    named = {"worker": WORKER}
    of_asked = balances(ASKED.figures, first, last, work, ["worker"], named=named)
    of_brought = balances(BROUGHT.figures, first, last, work | back, ["worker"], named=named)
    sections = [*roll_forward(asked, ASKED, of_asked, who), *roll_forward(asked, BROUGHT, of_brought, who)]
    return asked.report("workers", _("By worker"), sections)


def sellers(first: date, last: date, filters: Filters) -> Report:
    """In four queries."""
    asked = Asked(first, last, filters)
    figures = [*ASKED.figures, *COST.figures]
    told = balances(figures, first, last, filters.movements(), ["seller"])
    sections = [*roll_forward(asked, ASKED, told, names.of_sellers), *roll_forward(asked, COST, told, names.of_sellers)]
    return asked.report("sellers", _("By seller"), sections)
