"""All reports, by the code that addresses, files and closed months know them by."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports.bridge import bridge
from backoffice.finance.reports.fees import fees
from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.of_jobs import held, jobs
from backoffice.finance.reports.of_people import funders, sellers, workers
from backoffice.finance.reports.payments import payments
from backoffice.finance.reports.refunds import refunds
from backoffice.finance.reports.shapes import Report, Words
from backoffice.finance.reports.under_way import under_way
from backoffice.finance.reports.unsettled import unsettled

Make = Callable[[date, date, Filters], Report]


@dataclass(frozen=True)
class KindOfReport:
    """`make` reads the books of the days from a first to a last, both included, in a constant number of queries."""

    code: str
    title: Words
    about: Words
    icon: str
    make: Make


REPORTS: Final = {
    kind.code: kind
    for kind in (
        KindOfReport(
            "balance",
            _("Under way"),
            _("What was asked for and is not over: where it is, what came to it, what became of it."),
            "hourglass_top",
            under_way,
        ),
        KindOfReport(
            "payments",
            _("Payments"),
            _("What was received, for what, and how it went day by day."),
            "payments",
            payments,
        ),
        KindOfReport(
            "bridge",
            _("Bridge"),
            _("From approved to debited to received, with each difference by its name."),
            "conversion_path",
            bridge,
        ),
        KindOfReport("fees", _("Fees"), _("Our fee, and what wallets keep."), "percent", fees),
        KindOfReport(
            "refunds", _("Refunds"), _("What went back, to whom, and what is on its way back."), "undo", refunds
        ),
        KindOfReport(
            "unsettled", _("Unsettled, by age"), _("How long what is under way has been so."), "timer", unsettled
        ),
        KindOfReport(
            "held", _("Held for jobs"), _("What we hold for each job: taken in, paid out, gone back."), "lock", held
        ),
        KindOfReport(
            "funders",
            _("By funder"),
            _("What each was asked for and charged, and what went back."),
            "volunteer_activism",
            funders,
        ),
        KindOfReport("workers", _("By worker"), _("What each was to get, and got."), "engineering", workers),
        KindOfReport("jobs", _("By job"), _("What was asked and received for each job."), "handyman", jobs),
        KindOfReport("sellers", _("By seller"), _("What each account of ours asked for."), "storefront", sellers),
    )
}


def make(code: str, first: date, last: date, filters: Filters | None = None) -> Report:
    """The report `code` of these days. Raises KeyError for one that there is not."""
    return REPORTS[code].make(first, last, filters or Filters())
