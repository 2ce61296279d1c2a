"""Refunds: what was asked to go back, to whom, and what that took from those who gave it back."""

from datetime import date
from functools import partial
from typing import Final

from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports import names
from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.shapes import Report
from backoffice.finance.reports.tables import Asked, Flow, RollForward, roll_forward
from ledger.books.balances import balances
from ledger.books.people import FUNDER, WORKER

TO: Final = RollForward(
    "to",
    _("To whom: asked, and what became of it"),
    "under_way",
    (Flow("asked"), Flow("over"), Flow("sent_back", -1), Flow("outside", -1), Flow("ended", -1)),
    only="refund",
)
BY: Final = RollForward(
    "by",
    _("From whom: approved, and what was debited"),
    "not_debited",
    (Flow("approved"), Flow("given_back", -1), Flow("cheaper", -1), Flow("lapsed", -1)),
    only="refund",
)


def refunds(first: date, last: date, filters: Filters) -> Report:
    """In six queries."""
    asked, back = Asked(first, last, filters), filters.movements("refund")
    to = balances(TO.figures, first, last, back, ["funder"], named={"funder": FUNDER})
    given = balances(BY.figures, first, last, back, ["worker"], named={"worker": WORKER})
    sections = [
        *roll_forward(asked, TO, to, partial(names.of_people, "funder")),
        *roll_forward(asked, BY, given, partial(names.of_people, "worker")),
    ]
    return asked.report("refunds", _("Refunds"), sections)
