"""What a funder paid in one month of the business's calendar: for their books. Reads only."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from babel.dates import format_skeleton
from django.db.models import Max, Min, QuerySet

from jobs.earnings import totals
from jobs.models import Member
from ledger import clock, days
from payments.models import Payment
from payments.openpayments.amounts import Amount
from payments.presentation.attention_text import missing
from payments.presentation.cost_summary import cost_line_of
from payments.presentation.format_amounts import locale_of
from payments.states import PAID, PaymentState

MONTH: Final = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])")
DECEMBER: Final = 12
MOST_MONTHS: Final = 24
MOST_LINES: Final = 1000


@dataclass(frozen=True)
class Month:
    """`key` is such as `2026-11`, `name` such as “November 2026” in the reader's language."""

    first: date

    @property
    def key(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def name(self) -> str:
        return format_skeleton("yMMMM", self.first, locale=locale_of())


@dataclass(frozen=True)
class StatementLine:
    payment: Payment
    received: Amount | None  # by the receiver's wallet
    charged: Amount | None  # by the payer's wallet; None where it was settled outside
    outside: Amount | None  # settled outside the wallets


@dataclass(frozen=True)
class Statement:
    month: Month
    lines: list[StatementLine]
    charged: list[Amount]  # one sum per currency
    outside: list[Amount]
    is_cut: bool  # there was more than one page can hold
    made_at: datetime


def read_month(text: str) -> Month | None:
    """`2026-11`; None for anything else, and for a month that has not begun."""
    match = MONTH.fullmatch(text)
    if match is None:
        return None
    month = Month(date(int(match[1]), int(match[2]), 1))
    return month if month.first <= days.today() else None


def months(payer: Member) -> list[Month]:
    """The months in which something of theirs settled, newest first, without gaps."""
    found = _paid(payer).aggregate(first=Min("settled_at"), last=Max("settled_at"))
    if not found["first"]:
        return []
    told: list[Month] = []
    day = found["last"].astimezone(days.zone()).date().replace(day=1)
    end = found["first"].astimezone(days.zone()).date().replace(day=1)
    while day >= end and len(told) < MOST_MONTHS:
        told.append(Month(day))
        day = _before(day)
    return told


def of(payer: Member, month: Month) -> Statement:
    """In a constant number of queries; what settled by now, if the month is not over."""
    found = _paid(payer).filter(
        settled_at__gte=days.begins(month.first), settled_at__lt=days.begins(_after(month.first))
    )
    rows = found.select_related("request", "receiver_wallet").prefetch_related("quotes", "outgoing_payments__quote")
    payments = list(rows.order_by("settled_at", "pk")[: MOST_LINES + 1])
    lines = [_line(payment) for payment in payments[:MOST_LINES]]
    return Statement(
        month=month,
        lines=lines,
        charged=totals(line.charged for line in lines if line.charged),
        outside=totals(line.outside for line in lines if line.outside),
        is_cut=len(payments) > MOST_LINES,
        made_at=clock.now(),
    )


def _paid(payer: Member) -> QuerySet[Payment]:
    return Payment.objects.filter(request__payer_key=payer.key, state__in=PAID, settled_at__isnull=False)


def _line(payment: Payment) -> StatementLine:
    outside = payment.state == PaymentState.SETTLED_OUTSIDE
    return StatementLine(
        payment,
        received=payment.received if payment.received_value else None,
        charged=cost_line_of(payment).charged,
        outside=missing(payment) if outside else None,
    )


def _after(first: date) -> date:
    return date(first.year + 1, 1, 1) if first.month == DECEMBER else date(first.year, first.month + 1, 1)


def _before(first: date) -> date:
    return date(first.year - 1, DECEMBER, 1) if first.month == 1 else date(first.year, first.month - 1, 1)
