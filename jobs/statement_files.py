"""A funder's month as a file for their accounts: CSV in UTF-8, a line per payment and figure, then the sums.

It has exactly the figures of the statement's page, all lines of them.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import statements
from jobs.models import Member
from jobs.statements import Month, Statement, StatementLine
from ledger.books.sums import Total
from ledger.spreadsheet_text import neutral

#: So that spreadsheets take it for what it is.
BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
MOST_LINES: Final = 100_000
LABELS: Final[dict[str, Promise]] = {
    "charged": gettext_lazy("You were charged"),
    "arrived": gettext_lazy("Received"),
    "outside": gettext_lazy("Settled outside the wallets"),
    "sent_back": gettext_lazy("Sent back to you"),
    "back_outside": gettext_lazy("Given back outside the wallets"),
}
#: What is summed up for all lines together.
SUMMED: Final = {name: LABELS[name] for name in ("charged", "sent_back", "outside", "back_outside")} | {
    "net": gettext_lazy("Charged, less what was sent back")
}


def as_csv(payer: Member, month: Month) -> str:
    """In the language that is active. A month that is not over: what was booked by now."""
    told = statements.of(payer, month, MOST_LINES)
    into = StringIO()
    into.write(BYTE_ORDER_MARK)
    rows = csv.writer(into, lineterminator="\r\n")
    rows.writerow(
        [_("Day"), _("Payment id"), _("For"), _("Reference"), _("With"), _("What"), _("Amount"), _("Currency")]
    )
    for line in told.lines:
        rows.writerows(_cells(line))
    for figure, total in sums(told):
        rows.writerow([month.key, "", _("Together"), "", "", str(SUMMED[figure]), _number(total), neutral(total.code)])
    return into.getvalue()


def sums(statement: Statement) -> list[tuple[str, Total]]:
    """Each figure of the month with its total, per currency; what is nothing is left out."""
    return [(figure, total) for figure in SUMMED for total in getattr(statement, figure)]


def _cells(line: StatementLine) -> Iterator[list[str]]:
    about = line.about
    texts = [neutral(text) for text in (about.title, about.reference, about.other)]
    for figure, label in LABELS.items():
        for total in getattr(line, figure):
            yield [line.day.isoformat(), about.pk, *texts, str(label), _number(total), neutral(total.code)]


def _number(total: Total) -> str:
    """With a point and all decimals, below zero too: a number to every program."""
    return f"{total.major:f}"
