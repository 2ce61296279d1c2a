"""A funder's month as a file and by email: every cent of the books with their name, and text that stays text."""

import csv
from collections import defaultdict
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs import links, monthly_statements, paid_outside, statement_files
from jobs.derive_status import sync_job
from jobs.funding import fund
from jobs.models import JobStatus, Member
from jobs.statements import Month
from ledger import days
from ledger.api import timeline
from payments.actions import refunds
from payments.actions.outside_payments import Paid
from payments.links import LinkUse
from payments.mail.rendering import render
from payments.models import Message, Payment, Seller
from payments.models.messages import Template
from payments.openpayments.amounts import Amount
from tests import cast
from tests.driver import Stage

pytestmark = pytest.mark.django_db


def this_month() -> Month:
    return Month(days.today().replace(day=1))


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}")
    return list(csv.DictReader(StringIO(text[1:])))


def test_charged_sent_back_and_cash_are_told_apart_and_add_up(stage: Stage) -> None:
    funder = cast.member("Sol Foundation", wallet=stage.payer, language="en")
    job = cast.job(funder=funder, budget=Amount(100_00, stage.worker.asset), title='=HYPERLINK("x")')
    worker = cast.applied(job, cast.member("Maria Lopez", wallet=stage.worker))
    part = {worker.pk: Amount(60_00, stage.worker.asset)}
    stage.settle(stage.send(fund(job, [worker], stage.seller, by=stage.staff, form_id="1", parts=part)))
    sync_job(job.pk)
    paid = Payment.objects.get()
    cash = Paid(Amount(40_00, stage.worker.asset), days.today(), "cash", "Receipt 7")
    report = paid_outside.report(worker, cash, by=stage.staff, form_id="2")
    paid_outside.confirm(report.pk, by=cast.staff("luis"))
    back = refunds.refund(paid.pk, Amount(10_00, paid.asset), by=stage.staff, form_id="3")
    stage.settle(stage.send(back))

    told = rows(statement_files.as_csv(funder, this_month()))
    lines, sums = [each for each in told if each["Payment id"]], [each for each in told if not each["Payment id"]]
    debit = paid.outgoing_payments.get().debit_value
    assert debit
    charged = Decimal(debit) / 100
    totals = {each["What"]: (Decimal(each["Amount"]), each["Currency"]) for each in sums}
    assert totals == {
        "You were charged": (charged, "USD"),
        "Sent back to you": (Decimal("10.00"), "USD"),
        "Charged, less what was sent back": (charged - 10, "USD"),
        "Settled outside the wallets": (Decimal("40.00"), "USD"),
    }
    added: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        added[line["What"]] += Decimal(line["Amount"])
    assert added.pop("Received") == 60
    assert added == {what: total for what, (total, _code) in totals.items() if not what.startswith("Charged")}
    assert {line["For"] for line in lines if line["Payment id"] == paid.pk} == {'\'=HYPERLINK("x")'}, "no formula"
    other = cast.member("Luna Foundation")
    assert rows(statement_files.as_csv(other, this_month())) == [], "nothing of anybody else"


@pytest.fixture
def funder(rosa: User, seller: Seller) -> Member:
    """Something was paid for them this month."""
    found = cast.member("Sol Foundation", language="en")
    job = cast.job(JobStatus.SUBMITTING, funder=found)
    cash = Paid(Amount(125000, job.budget.asset), days.today(), "cash", "Receipt 7")
    report = paid_outside.report(cast.applied(job), cash, by=rosa, form_id="1")
    paid_outside.confirm(report.pk, by=cast.staff("luis"))
    return found


def test_who_wants_it_gets_each_month_once_when_it_is_over(
    funder: Member, settings: object, tmp_path: object, client: Client
) -> None:
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")  # type: ignore[attr-defined, operator]
    page, month = links.funder_url(funder), this_month()
    cast.member("Luna Foundation")
    Member.objects.exclude(pk=funder.pk).update(statements_since=None)
    for _click in range(2):
        assert client.post(page, {"statements": "on"}).status_code == 302
    switched = [row for row in timeline([("member", str(funder.pk))]) if row.kind == "member.statements_switched"]
    assert [row.data["on"] for row in switched] == [True]
    monthly_statements.send_due()
    assert not Message.objects.filter(template=Template.STATEMENT).exists(), "this month is not over"

    (tmp_path / "clock").write_text(str(32 * 86400))  # type: ignore[operator]
    for _turn in range(2):
        monthly_statements.send_due()
    message = Message.objects.get(template=Template.STATEMENT)
    text = render(message).text
    assert "1,250.00\xa0MXN" in text
    assert f"{page}/{month.key}" in text
    (tmp_path / "clock").write_text(str(64 * 86400))  # type: ignore[operator]
    monthly_statements.send_due()
    assert Message.objects.filter(template=Template.STATEMENT).count() == 1, "nothing was booked in that month"
    client.post(page, {"statements": "off"})
    funder.refresh_from_db()
    assert funder.statements_since is None


def test_the_file_is_behind_the_same_link(funder: Member, client: Client) -> None:
    page, month = links.funder_url(funder), this_month().key
    client.post(page, {"statements": "on"})
    assert "No more statements by email" in client.get(page).content.decode()
    shown = client.get(f"{page}/{month}").content.decode()
    assert f"{month}/file" in shown
    answer = client.get(f"{page}/{month}/file")
    assert answer["Content-Disposition"] == f'attachment; filename="statement-{month}.csv"'
    assert [each["Amount"] for each in rows(answer.content.decode())] == ["1250.00", "1250.00"]
    assert client.get(f"{page}/2999-01/file").status_code == 404
    assert client.get(f"{page}x/{month}/file").status_code == 404
    ana = cast.staff("ana")
    client.post(links.funder_url(funder, ana.pk), {"statements": "off"})
    last = timeline([("member", str(funder.pk))])[-1]
    assert (last.kind, last.data["did"]) == ("member.shown_link_used", LinkUse.STATEMENTS)
