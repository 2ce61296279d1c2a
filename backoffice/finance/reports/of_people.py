"""Reports by funder, by worker and by seller: what was asked for, what became of it, what it cost or brought them."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Final

from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports import names
from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.shapes import Report, Section
from backoffice.finance.reports.tables import Asked, Flow, RollForward, roll_forward
from backoffice.finance.reports.under_way import FLOWS
from ledger.books.balances import balances
from ledger.books.people import FUNDER, WORKER

ASKED: Final = RollForward("asked", _("Asked, and what became of it"), "under_way", FLOWS)
ASKED_FORWARD: Final = replace(ASKED, only="forward")
ASKED_FOR_WORK: Final = replace(ASKED, only="work")
COST: Final = RollForward("cost", _("What it cost"), "net_charged", (Flow("charged"), Flow("sent_back", -1)))
BROUGHT: Final = RollForward(
    "brought",
    _("What it brought"),
    "with_receivers",
    (Flow("paid_to_workers"), Flow("paid_outside"), Flow("given_back", -1)),
    only="work_and_back",
)


def funders(first: date, last: date, filters: Filters) -> Report:
    """In six queries at the most."""
    asked, who, named = Asked(first, last, filters), partial(names.of_people, "funder"), {"funder": FUNDER}
    sections: list[Section] = []
    for shape in (ASKED_FORWARD, COST):
        told = balances(shape.figures, first, last, filters.movements(shape.only), ["funder"], named=named)
        sections += roll_forward(asked, shape, told, who)
    return asked.report("funders", _("By funder"), sections)


def workers(first: date, last: date, filters: Filters) -> Report:
    """In six queries at the most."""
    asked, who, named = Asked(first, last, filters), partial(names.of_people, "worker"), {"worker": WORKER}
    sections: list[Section] = []
    for shape in (ASKED_FOR_WORK, BROUGHT):
        told = balances(shape.figures, first, last, filters.movements(shape.only), ["worker"], named=named)
        sections += roll_forward(asked, shape, told, who)
    return asked.report("workers", _("By worker"), sections)


def sellers(first: date, last: date, filters: Filters) -> Report:
    """In four queries."""
    asked = Asked(first, last, filters)
    figures = [*ASKED.figures, *COST.figures]
    told = balances(figures, first, last, filters.movements(), ["seller"])
    sections = [*roll_forward(asked, ASKED, told, names.of_sellers), *roll_forward(asked, COST, told, names.of_sellers)]
    return asked.report("sellers", _("By seller"), sections)
