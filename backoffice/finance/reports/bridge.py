"""The bridge from what was approved to what was received, and to whom it belongs in the end, each difference named.

What goes back is a payment of its own, the other way round, and goes over the same bridge.
"""

from datetime import date
from typing import Final

from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.shapes import Report
from backoffice.finance.reports.tables import Asked, FigureStep, figure_section
from ledger.books.balances import balances

BRIDGE: Final = (
    FigureStep("approved"),
    FigureStep("not_debited", -1, title=_("Timing: approved, not debited yet")),
    FigureStep("cheaper", -1, title=_("Rounding: approved, and cost less")),
    FigureStep("lapsed", -1, title=_("Not needed: ended, or settled outside")),
    FigureStep("debited", is_sum=True),
    FigureStep("in_transit", -1, title=_("Timing: debited, and not over")),
    FigureStep("received_early", title=_("Timing: received, and not over")),
    FigureStep("wallet_fee", -1, title=_("Fee: what wallets keep")),
    FigureStep("given_to_exchange", -1, title=_("Rate: given to exchange")),
    FigureStep("got_from_exchange", title=_("Rate: got from exchange")),
    FigureStep("debited_of_ended", -1, title=_("Ended otherwise: debited")),
    FigureStep("received_of_ended", title=_("Ended otherwise: received")),
    FigureStep("surplus", title=_("Late or twice: beyond what was asked")),
    FigureStep("received", is_sum=True),
)
RECEIVERS: Final = (
    FigureStep("received"),
    FigureStep("sent_back", -1, title=_("Refund: what payers got back")),
    FigureStep("arrived", is_sum=True),
    FigureStep("given_back", -1, title=_("Refund: what receivers gave back")),
    FigureStep("paid_outside", title=_("Outside: paid by bank or in cash")),
    FigureStep("with_receivers", is_sum=True),
)
PAYERS: Final = (
    FigureStep("charged"),
    FigureStep("sent_back", -1, title=_("Refund: what payers got back")),
    FigureStep("net_charged", is_sum=True),
)


def bridge(first: date, last: date, filters: Filters) -> Report:
    """In one query."""
    asked = Asked(first, last, filters)
    figures = {step.figure for step in (*BRIDGE, *RECEIVERS, *PAYERS)}
    told = balances(figures, first, last, filters.movements())
    sections = [
        *figure_section(asked, "bridge", _("From approved to received"), BRIDGE, told),
        *figure_section(asked, "receivers", _("From received to what receivers have"), RECEIVERS, told),
        *figure_section(asked, "payers", _("What it cost payers"), PAYERS, told),
    ]
    return asked.report("bridge", _("Bridge"), sections)
