"""One meaning of every figure: whatever happened, totals are sums of movements, and all that tell them say the same."""

import os
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q

from backoffice.finance.movements.rows import select
from backoffice.finance.reports.catalogue import REPORTS, make
from backoffice.finance.reports.shapes import Part, Report, Section
from jobs import statements
from jobs.escrow import escrows_of
from jobs.models import Job, Member
from ledger import days
from ledger.books.closing import control_totals
from ledger.books.figures import FIGURES, SUMS, tell
from ledger.books.page import page
from ledger.books.sums import Total, until
from ledger.management.commands.list_figures import PAGE
from ledger.months import CalendarMonth
from payments.books.journal.bookings import Days, bookings
from payments.invariants import violations
from payments.models import OutsidePayment, OutsidePaymentState, Payment
from payments.models.charts import AccountRole
from tests.backoffice.exports.asked import finance
from tests.backoffice.finance.exported_figures import check_exports
from tests.backoffice.finance.histories import History
from tests.backoffice.finance.overview_figures import check_dashboards
from tests.backoffice.finance.queue_figures import check_queues
from tests.cast import signed_in
from tests.payments.books.test_journal import FIGURES as OF_MONEY
from tests.payments.books.test_journal import agree, balances, needs_hledger, run
from tests.payments.books.test_journal import written as written_journal

pytestmark = pytest.mark.django_db
#: Of `make prove`; `FIGURE_HISTORIES=38` tries more of them.
HISTORIES = int(os.environ.get("FIGURE_HISTORIES", "4"))


@pytest.fixture
def clock_file(tmp_path: Path, settings: Any) -> Path:
    settings.VAR_DIR = tmp_path  # where files lie
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    return tmp_path / "clock"


def check_sums(last: date) -> None:
    """What a figure is said to be the sum of, it is, on any day and in every currency."""
    told = tell(FIGURES, until(last))
    for whole, plus, minus in SUMS:
        for code in told.currencies:
            parts = [told.total(one, code) for one in plus] + [-told.total(one, code) for one in minus]
            together = sum(parts, Total(code, 0, 0))
            assert together.major == told.total(whole, code).major, (last, whole, code)


def check_rows() -> None:
    """What receivers got, by purpose, is what the payments' own rows say."""
    received: dict[tuple[str, str], int] = defaultdict(int)
    for payment in Payment.objects.all():
        received[payment.purpose, payment.asset_code] += payment.received_value * 10 ** (4 - payment.asset_scale)
    told = tell(["received"], by=["purpose"])
    for (purpose, code), value in received.items():
        assert told.total("received", code, (purpose,)).at(4) == value
    for job in Job.objects.all():
        held = [one.held.rescaled(4).value + one.under_way.rescaled(4).value for one in escrows_of(job)]
        about = select({"job": str(job.pk)})
        total = tell(["held"], Q(pk__in=about.values("pk"))).total("held", "MXN")
        assert total.at(4) == sum(held), job


def check_journal(last: date) -> None:
    """Every booking comes to nothing in each currency; what is held in it is what is held."""
    booked = list(bookings(Days(date(2000, 1, 1), last)))
    held: dict[str, Decimal] = defaultdict(Decimal)
    for booking in booked:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for posting in booking.postings:
            sums[posting.total.code] += posting.total.major
            held[posting.total.code] -= posting.total.major if posting.role == AccountRole.HELD else 0
        assert not any(sums.values()), booking
        assert booking.title, "whatever it is of, it is called something"
    told = tell(["held"], until(last))
    assert {code: value for code, value in held.items() if value} == {
        code: told.total("held", code).major for code in told.currencies if told.total("held", code).value
    }
    outside = {row.pk for row in OutsidePayment.objects.filter(state=OutsidePaymentState.CONFIRMED)}
    assert outside <= {booking.payment for booking in booked}


def check_report(report: Report) -> None:
    """Opening + movements = closing in each line; the last line is the sum of the others; every figure has its rows."""
    for section in report.sections:
        for line in section.lines:
            opening, moved = section.of(line, Part.OPENING), section.of(line, Part.MOVEMENT)
            assert (opening + moved).major == section.of(line, Part.CLOSING).major, (report.code, section.code, line)
            for one in line.figures:
                if one.rows:
                    check_link(one.figure, one.rows, one.total)
        check_last_line(section)


def check_last_line(section: Section) -> None:
    *lines, last = section.lines or (None,)
    if last is None or not last.is_sum or not lines or section.in_time:
        return
    for place, one in enumerate(last.figures):
        together = sum((line.figures[place].total for line in lines if not line.is_sum), Total(section.currency, 0, 0))
        assert together.major == one.total.major, (section.code, section.columns[place].code)


def check_link(figure: str, rows: Any, total: Total) -> None:
    found = tell([figure], Q(pk__in=select(rows).values("pk"))).total(figure, total.code)
    assert abs(found.major) == abs(total.major), (figure, rows)


def check_statements() -> None:
    """What funders read of a month is what finance's report says of them, and what they got back is taken off."""
    for member in Member.objects.all():
        for month in statements.months(member):
            statement = statements.of(member, month)
            report = make("funders", month.first, month.last)
            # In a report, what takes away stands below zero.
            for figure, totals, sign in (("charged", statement.charged, 1), ("sent_back", statement.sent_back, -1)):
                told = {total.code: sign * total.major for total in totals}
                assert told == of_funder(report, member.key, figure), (member, month, figure)
            for column in ("charged", "sent_back", "outside", "back_outside"):
                lines = [total for line in statement.lines for total in getattr(line, column)]
                told = {total.code: sum(one.major for one in lines if one.code == total.code) for total in lines}
                sums = {total.code: total.major for total in getattr(statement, column)}
                assert {code: value for code, value in told.items() if value} == sums, (member, month, column)
            for line in statement.lines:
                assert any((line.charged, line.arrived, line.outside, line.sent_back, line.back_outside))


def of_funder(report: Report, key: str, column: str) -> dict[str, Any]:
    sections = [section for section in report.sections if section.code == "cost"]
    found = {section.currency: section.column(column).get(key) for section in sections}
    return {code: total.major for code, total in found.items() if total and total.value}


def check_closing(first: date, last: date) -> None:
    """What a month that is closed keeps is what the figures are."""
    opening, closing = tell(FIGURES, until(first - timedelta(days=1))), tell(FIGURES, until(last))
    for code, figures in control_totals(first, last).items():
        for figure, parts in figures.items():
            before, moved, after = map(Decimal, parts)
            assert before + moved == after
            assert (before, after) == (opening.total(figure, code).major, closing.total(figure, code).major), figure


def check_follows(before: Report, after: Report) -> None:
    """What one time closes with, the next opens with."""
    for section in after.sections:
        last = before.section(section.code, section.currency)
        if section.code != "days":
            assert ends(section, Part.OPENING) == (ends(last, Part.CLOSING) if last else {}), (after.code, section.code)


def ends(section: Section, part: Part) -> dict[str, Any]:
    found = {line.key: section.of(line, part).major for line in section.lines}
    return {key: value for key, value in found.items() if value}


def check(first: date, last: date) -> None:
    # That more arrives than was asked is against the invariants, and booked all the same.
    assert {each.invariant.name for each in violations()} <= {"never_more_than_asked"}
    check_journal(last)
    check_rows()
    check_statements()
    check_dashboards(first)
    check_queues()
    check_closing(first, last)
    half = first + (last - first) // 2
    for day in (first, half, last):
        check_sums(day)
    for code in REPORTS:
        before, after = make(code, first, half), make(code, half + timedelta(days=1), last)
        for report in (before, after):
            check_report(report)
        check_follows(before, after)


def check_history(seed: int, steps: int, clock_file: Path) -> None:
    first = days.today() - timedelta(days=70)
    History(seed, steps, clock_file)
    check(first, days.today())
    check_exports(signed_in(finance("ines")), first, days.today())


def check_hledger(folder: Path, first: date, last: date) -> None:
    """hledger takes each month, and comes to what the figures were at its end."""
    month = CalendarMonth.of(first)
    while month.first <= last:
        file = written_journal(folder, Days(month.first, month.last))
        run(file, "check", "accounts")
        if tell(OF_MONEY, until(month.last)).currencies:
            agree(balances(file), until(month.last))
        month = month.following


@needs_hledger
def test_of_any_history_the_journal_agrees_in_the_eyes_of_hledger(clock_file: Path) -> None:
    first = days.today() - timedelta(days=70)
    History(4, 16, clock_file)
    check_hledger(clock_file.parent, first, days.today())


@needs_hledger
@pytest.mark.prove
@pytest.mark.parametrize("seed", range(40, 40 + HISTORIES // 2))
def test_of_many_histories_the_journal_agrees_in_the_eyes_of_hledger(seed: int, clock_file: Path) -> None:
    first = days.today() - timedelta(days=70)
    History(seed, 40, clock_file)
    check_hledger(clock_file.parent, first, days.today())


def test_of_any_history_all_figures_agree(clock_file: Path) -> None:
    check_history(seed=1, steps=9, clock_file=clock_file)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(2, 2 + HISTORIES))
def test_of_many_histories_all_figures_agree(seed: int, clock_file: Path) -> None:
    check_history(seed, steps=40, clock_file=clock_file)


def test_the_page_in_the_docs_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python manage.py list_figures`"
