"""A funder's month as a file for their accounts: CSV in UTF-8, a line per payment, day and figure, then the sums.

The figures are those of the books, as on the statement's page and in finance's reports.
"""

import csv
from collections.abc import Iterator
from datetime import date
from io import StringIO
from typing import Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.models import Member
from jobs.statements import Month
from ledger.books.figures import REFUND, tell
from ledger.books.sums import Total, between
from payments.models import OutsidePayment, Payment

#: So that spreadsheets take it for what it is.
BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
#: What a spreadsheet would take for a formula.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
LABELS: Final[dict[str, Promise]] = {
    "debited": gettext_lazy("You were charged"),
    "received": gettext_lazy("Arrived at the receiver's"),
    "outside": gettext_lazy("Paid outside the wallets"),
    "sent_back": gettext_lazy("Came back to you"),
}
#: Of what they paid; and of what goes back, which is booked with the two people the other way round.
PAID: Final = ("debited", "received", "outside")
BACK: Final = ("sent_back",)

ORDER: Final = tuple(LABELS)

Line = tuple[str, ...]


def as_csv(payer: Member, month: Month) -> str:
    """In the language that is active. A month that is not over: what was booked by now."""
    into = StringIO()
    into.write(BYTE_ORDER_MARK)
    rows = csv.writer(into, lineterminator="\r\n")
    rows.writerow(
        [_("Day"), _("Payment id"), _("For"), _("Reference"), _("With"), _("What"), _("Amount"), _("Currency")]
    )
    for line in [*_lines(payer, month), *_sums(payer, month)]:
        rows.writerow([plain(cell) for cell in line[:-2]] + list(line[-2:]))
    return into.getvalue()


def plain(text: str) -> str:
    """`text` as text, whatever a spreadsheet would make of it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def sums(payer: Member, month: Month) -> list[tuple[str, Total]]:
    """Each figure of the month with its total, per currency; what is nothing is left out."""
    told = {**tell(PAID, _paid(payer, month)).totals, **tell(BACK, _back(payer, month)).totals}
    in_order = sorted(told.items(), key=lambda one: (one[0][1], ORDER.index(one[0][2])))
    return [(figure, total) for (_key, _code, figure), total in in_order]


def _paid(payer: Member, month: Month) -> Q:
    return _days(month) & Q(payer=payer.key) & ~Q(purpose=REFUND)


def _back(payer: Member, month: Month) -> Q:
    return _days(month) & Q(receiver=payer.key, purpose=REFUND)


def _days(month: Month) -> Q:
    following = date(month.first.year + month.first.month // 12, month.first.month % 12 + 1, 1)
    return between(month.first, date.fromordinal(following.toordinal() - 1))


def _lines(payer: Member, month: Month) -> Iterator[Line]:
    by = ("day", "subject")
    told = {**tell(PAID, _paid(payer, month), by).totals, **tell(BACK, _back(payer, month), by).totals}
    whose = _whose({key[1] for key, _code, _figure in told})
    in_order = sorted(told.items(), key=lambda one: (one[0][0], one[0][1], ORDER.index(one[0][2])))
    for ((day, subject), code, figure), total in in_order:
        title, reference, other = whose.get(subject, ("", "", ""))
        yield day.isoformat(), subject, title, reference, other, str(LABELS[figure]), _number(total), code


def _sums(payer: Member, month: Month) -> Iterator[Line]:
    for figure, total in sums(payer, month):
        yield month.key, "", _("Together"), "", "", str(LABELS[figure]), _number(total), total.code


def _number(total: Total) -> str:
    """With a point and all decimals, below zero too: a number to every program."""
    return f"{total.major:f}"


def _whose(subjects: set[str]) -> dict[str, Line]:
    """What each is for, under which reference, and who is at the other end."""
    payments = Payment.objects.filter(pk__in=subjects).select_related("request")
    found: dict[str, Line] = {}
    for row in payments:
        other = row.request.payer_name if row.purpose == REFUND else row.receiver_name
        found[row.pk] = (row.request.title, row.request.reference, other)
    outside = OutsidePayment.objects.filter(pk__in=subjects)
    return found | {row.pk: (row.title, row.reference, row.receiver_name) for row in outside}
