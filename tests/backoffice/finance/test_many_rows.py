"""Every list and page of finance costs as many queries for many rows as for few."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice.audit import access
from backoffice.audit.access import AuditPeriod
from backoffice.finance.exports.asking import ask
from backoffice.models import RegularExport
from jobs import paid_outside
from ledger import clock, days
from ledger.books.closing import closable_from, close, next_to_close, reckon
from ledger.models import StatementImport, StatementSource
from ledger.models.statements import SourceKind
from ledger.recording import Actor
from payments.actions.outside_payments import Paid
from payments.identifiers import new_ulid
from payments.models import Seller
from tests import cast
from tests.backoffice.finance.queue import queue
from tests.cast import signed_in

pytestmark = pytest.mark.django_db
PAGES = (
    "ledger/movement/",
    "ledger/statementsource/",
    "ledger/statementexception/",
    "payments/outsidepayment/",
    "backoffice/export/",
    "backoffice/regularexport/",
    "periods/",
    "reports/",
    "audit/",
)


def more(number: int, seller: Seller, root: User) -> None:
    """Three more rows of everything, each of other people."""
    for each in range(number, number + 3):
        by = User.objects.create_user(f"by-{each}", first_name=f"By {each}", is_staff=True)
        cast.settled()
        job = cast.job(funder=cast.member(f"Funder {each}"))
        cash = Paid(job.budget, days.today(), "cash", "Receipt 7")
        row = paid_outside.report(cast.applied(job, cast.member(f"Worker {each}")), cash, by=by, form_id=f"f{each}")
        paid_outside.confirm(row.pk, by=root)
        queue(payments=8, name=f"Bank {each}")
        listed = {"kind": SourceKind.INCOMING, "account": f"https://w.example/{each}", "client": seller.pk}
        StatementImport.objects.create(source=StatementSource.objects.create(name="List", **listed))
        ask("payments.payment", "", "csv", by=by, form_id=new_ulid(), rows=1)
        told = {"query": "", "format": "csv", "language": "en", "often": "daily", "next_at": clock.now()}
        regular = RegularExport.objects.create(model="payments.payment", made_by=by, **told)
        regular.receivers.add(by, root)


def queries(client: Client, page: str) -> int:
    client.get(f"/admin/{page}")
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(f"/admin/{page}")
    assert answer.status_code == 200, page
    return len(asked)


def test_many_rows_cost_as_many_queries_as_few(settings: Any, tmp_path: Path) -> None:
    clock_file = tmp_path / "clock"
    settings.CLOCK_OFFSET_FILE, settings.VAR_DIR = str(clock_file), tmp_path
    seller, root = cast.seller(), User.objects.create_superuser("root")
    today = days.today()
    access.propose(root, AuditPeriod(today, today + timedelta(days=365), today + timedelta(days=365)), by=root)
    # A list of several pages asks for the keys of one of them first. Of movements there are several from the beginning.
    for _payment in range(6):
        cast.settled()
    found = []
    for number, later in ((0, 40), (3, 120)):
        more(number, seller, root)
        clock_file.write_text(str(later * 86_400))
        for by in User.objects.exclude(pk=root.pk).order_by("-pk"):
            if (month := next_to_close()) and closable_from(month) < clock.now():
                close(reckon(month), by=Actor.staff(by.pk))
        client = signed_in(root)
        found.append({page: queries(client, page) for page in PAGES})
    assert found[0] == found[1]
