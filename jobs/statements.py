"""What a funder paid, and got back, in one month of the business's calendar: for their books. Reads only.

All figures are of the books, as finance's report by funder has them: what was charged, what went back, what was settled
outside, on the days on which it was booked.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from babel.dates import format_skeleton
from django.db.models import Max, Min, Q

from jobs.models import Member
from ledger import clock, days
from ledger.books.figures import FIGURES, ToldFigures, tell
from ledger.books.people import of_funder
from ledger.books.sums import Total, between
from ledger.models import Movement
from payments.models import OutsidePayment, Payment
from payments.presentation.format_amounts import locale_of
from payments.presentation.status import payment_status
from payments.states import PaymentState

MONTH: Final = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])")
DECEMBER: Final = 12
MOST_MONTHS: Final = 24
MOST_LINES: Final = 1000
#: What a statement tells, in each currency.
CHARGED, SENT_BACK, ARRIVED, OUTSIDE, BACK_OUTSIDE = (
    "charged",
    "sent_back",
    "arrived",
    "paid_outside",
    "sent_back_outside",
)
NET: Final = "net_charged"
TOLD: Final = (CHARGED, SENT_BACK, ARRIVED, OUTSIDE, BACK_OUTSIDE)


@dataclass(frozen=True)
class Month:
    """`key` is such as `2026-11`, `name` such as “November 2026” in the reader's language."""

    first: date

    @property
    def last(self) -> date:
        return _after(self.first) - timedelta(days=1)

    @property
    def key(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def name(self) -> str:
        return format_skeleton("yMMMM", self.first, locale=locale_of())


@dataclass(frozen=True)
class LineSubject:
    """What a line is about: a payment by wallets, or one outside of them."""

    pk: str
    title: str
    reference: str
    other: str  # who received it, or of what goes back, who sent it
    wallet: str  # the receiver's; empty outside the wallets
    status: str
    is_back: bool = False


@dataclass(frozen=True)
class StatementLine:
    """What one payment came to in the month; most of it is empty. `day` is when the last of it was booked."""

    about: LineSubject
    day: date
    charged: list[Total]  # by the payer's wallet
    arrived: list[Total]  # at the receiver's
    outside: list[Total]  # settled outside the wallets
    sent_back: list[Total]  # to the payer's wallet
    back_outside: list[Total]  # to the payer, outside the wallets


@dataclass(frozen=True)
class Statement:
    """Sums have one total per currency."""

    month: Month
    lines: list[StatementLine]
    charged: list[Total]
    sent_back: list[Total]
    net: list[Total]  # charged, less what was sent back
    outside: list[Total]
    back_outside: list[Total]
    is_cut: bool  # there was more than one page can hold; the sums count it all
    made_at: datetime


def read_month(text: str) -> Month | None:
    """`2026-11`; None for anything else, and for a month that has not begun."""
    match = MONTH.fullmatch(text)
    if match is None:
        return None
    month = Month(date(int(match[1]), int(match[2]), 1))
    return month if month.first <= days.today() else None


def months(payer: Member) -> list[Month]:
    """The months in which something of theirs was charged, settled outside or sent back, newest first, without gaps."""
    found = Movement.objects.filter(_theirs(payer), _counts()).aggregate(first=Min("day"), last=Max("day"))
    if not found["first"]:
        return []
    told: list[Month] = []
    day, end = found["last"].replace(day=1), found["first"].replace(day=1)
    while day >= end and len(told) < MOST_MONTHS:
        told.append(Month(day))
        day = _before(day)
    return told


def of(payer: Member, month: Month, most: int = MOST_LINES) -> Statement:
    """In five queries; what was booked by now, if the month is not over. `most`: lines, beyond which it is cut."""
    which = _theirs(payer) & between(month.first, month.last)
    sums = tell([*TOLD, NET], which)
    rows = Movement.objects.filter(which, _counts()).order_by().values("subject").annotate(day=Max("day"))
    found = {row["subject"]: row["day"] for row in rows.order_by("day", "subject")[: most + 1]}
    shown = dict(list(found.items())[:most])
    told = tell(TOLD, which & Q(subject__in=list(shown)), by=["subject"])
    about = _about(list(shown))
    return Statement(
        month=month,
        lines=[line for pk, day in shown.items() if (line := _line(about[pk], day, told))],
        charged=_of(sums, CHARGED),
        sent_back=_of(sums, SENT_BACK),
        net=_of(sums, NET) if _of(sums, SENT_BACK) else [],
        outside=_of(sums, OUTSIDE),
        back_outside=_of(sums, BACK_OUTSIDE),
        is_cut=len(found) > most,
        made_at=clock.now(),
    )


def _about(subjects: list[str]) -> dict[str, LineSubject]:
    found = {}
    for row in Payment.objects.filter(pk__in=subjects).select_related("request", "receiver_wallet"):
        other = row.request.payer_name if row.is_refund else row.receiver_name
        told = (row.request.shown_title, row.request.reference, other, row.receiver_wallet.url)
        found[row.pk] = LineSubject(row.pk, *told, str(payment_status(row).label), is_back=row.is_refund)
    for paid in OutsidePayment.objects.filter(pk__in=subjects):
        told = (paid.title, paid.reference, paid.receiver_name, "")
        found[paid.pk] = LineSubject(paid.pk, *told, str(PaymentState.SETTLED_OUTSIDE.label))
    return found


def _theirs(payer: Member) -> Q:
    return of_funder(payer.key)


def _counts() -> Q:
    """Movements that change what a statement tells."""
    which = Q(pk__in=[])
    for figure in TOLD:
        which |= FIGURES[figure].rows()
    return which


def _line(about: LineSubject, day: date, told: ToldFigures) -> StatementLine | None:
    """None where what was taken in the month was given up again in it."""
    figures = [_of(told, figure, (about.pk,)) for figure in (CHARGED, ARRIVED, OUTSIDE, SENT_BACK, BACK_OUTSIDE)]
    return StatementLine(about, day, *figures) if any(figures) else None


def _of(told: ToldFigures, figure: str, key: Iterable[str] = ()) -> list[Total]:
    """One total for each currency in which there is something."""
    totals = (told.total(figure, code, tuple(key)) for code in told.currencies)
    return [total for total in totals if total.value]


def _after(first: date) -> date:
    return date(first.year + 1, 1, 1) if first.month == DECEMBER else date(first.year, first.month + 1, 1)


def _before(first: date) -> date:
    return date(first.year - 1, DECEMBER, 1) if first.month == 1 else date(first.year, first.month - 1, 1)
