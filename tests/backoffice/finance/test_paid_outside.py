"""What was paid in cash for work never asked for in a wallet is in everything that finance tells, as any payment is."""

import csv
import json
import re
import shutil
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User

from backoffice.audit import access
from backoffice.audit.access import AuditPeriod
from backoffice.finance.reports.catalogue import make
from jobs import paid_outside
from jobs.models import Application, Job
from ledger import days
from ledger.api import timeline
from ledger.models import StatementException, StatementMatch, StatementSource
from ledger.models.statements import SourceKind
from ledger.statements import importing
from ledger.statements.kinds import DifferenceType
from payments.actions.outside_payments import Paid
from payments.books.journal.bookings import Days
from payments.books.journal.table import as_csv
from payments.models import Message, OutsidePayment
from payments.models.messages import MessageState
from payments.openpayments.amounts import Amount
from payments.reconciliation.files import compare_file
from tests import cast
from tests.backoffice.exports.asked import csv_parts, download, export, told_totals
from tests.cast import person, signed_in
from tests.jobs.test_escrow import funded
from tests.payments.books.test_journal import run, written
from tests.payments.pages import words

pytestmark = pytest.mark.django_db
needs_hledger = pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed")


#: A job with what its funder paid in cash, and one with what was paid by bank out of the money held for it.
Rows = tuple[Job, OutsidePayment, Job, OutsidePayment]


def paid(worker: Application, value: int, by: User, *, way: str = "cash", from_held: bool = False) -> OutsidePayment:
    """Reported by one, confirmed by another, today."""
    cash = Paid(Amount(value, worker.job.budget.asset), days.today(), way, "Receipt 7, Transfer ABC-123")
    row = paid_outside.report(worker, cash, from_held=from_held, by=by, form_id=f"{worker.pk}-{value}")
    return paid_outside.confirm(row.pk, by=cast.staff("luis"))


@pytest.fixture
def rows() -> Rows:
    rosa, holder = cast.staff("rosa"), cast.holder()
    of_funder = cast.job(title="=1+1;=Radio", funder=cast.member("Sol Foundation", language="en"))
    cash = paid(cast.applied(of_funder, cast.member("Maria Lopez", wallet=None)), 400_00, rosa)
    of_held, (first, _second) = funded(holder, rosa)
    bank = paid(first, 500_00, rosa, way="bank", from_held=True)
    return of_funder, cash, of_held, bank


def test_reports_list_them_by_their_job_and_lead_to_their_page(rows: Rows) -> None:
    of_funder, cash, of_held, bank = rows
    today = days.today()
    report = make("jobs", today, today)
    outside = {str(line.key) for section in report.sections for line in section.lines if section.code == "asked"}
    assert str(of_funder.pk) in outside
    held = make("held", today, today).section("held", "MXN")
    assert held
    assert held.column("paid_out")[str(of_held.pk)].major == -500
    client = signed_in(person("ana", "ledger.view_movement", "payments.view_outsidepayment"))
    shown = client.get(f"/admin/ledger/movement/?job={of_funder.pk}").content.decode()
    assert f"/admin/payments/outsidepayment/{cash.pk}/change/" in shown
    assert "=1+1;=Radio" in shown
    assert "Sol Foundation → Maria Lopez" in shown
    assert f"/payment/{bank.pk}/" not in client.get("/admin/ledger/movement/").content.decode()
    for funder in (of_funder.funder, of_held.funder):
        found = make("funders", today, today).sections
        assert any(funder.key in section.column("asked") for section in found if section.code == "asked")


@needs_hledger
def test_the_journal_books_them_by_their_title(rows: Rows, tmp_path: Path) -> None:
    _job, cash, _of_held, bank = rows
    which = Days(days.today(), days.today())
    file = written(tmp_path, which)
    run(file, "check", "accounts")
    told = run(file, "print")
    assert f"({cash.pk}) =1+1,=Radio" in told
    of_bank = run(file, "register", f"code:{bank.pk}", "-O", "csv")
    assert {row["account"]: row["amount"] for row in csv.DictReader(of_bank.splitlines())} == {
        "assets:bank and cash": "-500.00 MXN",
        "liabilities:held for jobs": "500.00 MXN",
        "clearing:workers": "500.00 MXN",
        "clearing:with us": "-500.00 MXN",
    }
    of_cash = run(file, "register", f"code:{cash.pk}", "-O", "csv")
    assert {row["account"]: row["amount"] for row in csv.DictReader(of_cash.splitlines())} == {
        "clearing:workers": "400.00 MXN",
        "clearing:paid outside": "-400.00 MXN",
    }
    titles = {row["title"] for row in csv.DictReader("".join(as_csv(which)).splitlines()) if row["payment"] == cash.pk}
    assert titles == {"'=1+1;'=Radio"}, "no formula, whatever separates cells"


def test_the_list_is_exported_as_it_is_filtered(rows: Rows) -> None:
    _job, cash, _of_held, bank = rows
    client = signed_in(person("ana", "payments.view_outsidepayment", "payments.export_outsidepayment"))
    where = "/admin/payments/outsidepayment/"
    assert f"{where}export/" in client.get(where).content.decode()
    made = export(client, where, "?way__exact=cash")
    told, totals = csv_parts(download(client, made))
    (row,) = told
    assert (row["Outside payment"], row["Title"], row["Amount"]) == (cash.pk, "'=1+1;'=Radio", "400.00")
    assert told_totals(totals, begins="Total: ")[("Amount", "MXN")] == 400
    assert signed_in(person("eva", "payments.view_outsidepayment")).get(f"{where}export/").status_code == 403
    assert bank.pk not in str(told)


def test_an_auditor_of_the_period_sees_them_and_takes_the_evidence(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    _job, cash, _of_held, bank = rows
    Message.objects.update(state=MessageState.SENT)
    eva, today = person("eva"), days.today()
    access.propose(eva, AuditPeriod(today, today, today), by=User.objects.create_superuser("root"))
    client = signed_in(eva)
    monkeypatch.setattr("backoffice.audit.pages.PER_PAGE", 1)
    pages = [client.get(f"/admin/audit/?outside={number}").content.decode() for number in (1, 2)]
    assert [row.pk in page for page in pages for row in (cash, bank)] == [True, False, False, True]
    answer = client.post(f"/admin/audit/{cash.pk}/")
    assert answer.status_code == 200
    assert f'filename="evidence-paid_outside-{cash.pk}.zip"' in answer["Content-Disposition"]
    found = ZipFile(BytesIO(b"".join(answer)))
    (told,) = json.loads(found.read("summary.json"))["outsidePayments"]
    assert (told["id"], told["amount"]["value"]) == (cash.pk, "40000")
    assert "Maria Lopez" in found.read("timeline.txt").decode()
    every = b"".join(found.read(name) for name in found.namelist()).decode()
    assert bank.pk not in every
    assert sum(name.startswith("emails/") for name in found.namelist()) >= 4, "to the worker and to the funder"
    assert timeline([("paid_outside", cash.pk)])[-1].kind == "evidence.made"
    before = AuditPeriod(today - timedelta(days=9), today - timedelta(days=1), today)
    access.propose(eva, before, by=User.objects.get(username="root"))
    assert client.post(f"/admin/audit/{cash.pk}/").status_code == 404


def test_they_are_held_against_what_a_bank_or_a_cash_book_lists(rows: Rows) -> None:
    _job, cash, _of_held, bank = rows
    today = days.today().isoformat()
    of_bank, of_cash = (
        StatementSource.objects.create(kind=SourceKind.FILE, name=way, way=way, asset_code="MXN")
        for way in ("bank", "cash")
    )
    for source, lines in (
        (of_bank, f"{today},Transfer abc-123,-500.00\n{today},Transfer of rent,-7.00\n"),
        (of_cash, f"{today},{cash.pk},-400.01\n"),
    ):
        looked = importing.look(source, "x.csv", f"Date,Text,Amount\n{lines}".encode(), by=1)
        importing.import_whole(looked.pk, by=1)
        compare_file(source)
    assert list(StatementMatch.objects.filter(line__source=of_bank).values_list("subject", flat=True)) == [bank.pk]
    found = StatementException.objects.order_by("source__name", "type").values_list("source", "type", "subject")
    assert list(found) == [(of_bank.pk, DifferenceType.MISSING_HERE, ""), (of_cash.pk, DifferenceType.OVER, cash.pk)]
    client = signed_in(User.objects.create_superuser("root"))
    over = StatementException.objects.get(subject=cash.pk)
    for page in ("/admin/ledger/statementexception/", f"/admin/ledger/statementexception/{over.pk}/change/"):
        answer = client.get(page)
        assert f"/admin/payments/outsidepayment/{cash.pk}/change/" in answer.content.decode(), page
    assert re.search(r"Maria Lopez", words(answer))
