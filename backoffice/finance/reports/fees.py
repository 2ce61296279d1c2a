"""Fees: ours, which payers are asked for, and what wallets keep."""

from datetime import date
from typing import Final

from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports import names
from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.shapes import Report
from backoffice.finance.reports.tables import Asked, Flow, RollForward, roll_forward
from backoffice.finance.reports.under_way import FLOWS
from ledger.books.balances import balances

ASKED: Final = RollForward("asked", _("Our fee: asked, and what became of it"), "under_way", FLOWS, only="fee")
EARNED: Final = RollForward(
    "earned", _("Our fee: what we have of it"), "net_fee", (Flow("our_fee"), Flow("our_fee_given_back", -1))
)
KEPT: Final = RollForward("kept", _("What wallets keep, by what was paid"), "wallet_fee", (Flow("wallet_fee"),))


def fees(first: date, last: date, filters: Filters) -> Report:
    """In five queries."""
    asked, which = Asked(first, last, filters), filters.movements()
    of_asked = balances(ASKED.figures, first, last, filters.movements(ASKED.only), ["seller"])
    told = balances(EARNED.figures, first, last, which, ["seller"])
    kept = balances(KEPT.figures, first, last, which, ["purpose"])
    sections = [
        *roll_forward(asked, EARNED, told, names.of_sellers),
        *roll_forward(asked, ASKED, of_asked, names.of_sellers),
        *roll_forward(asked, KEPT, kept, names.of_purposes),
    ]
    return asked.report("fees", _("Fees"), sections)
