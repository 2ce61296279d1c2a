"""A member whose money is in a closed month is erased: books, chain and closed months hold, and no file names them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from backoffice.finance.exports.asking import ask
from backoffice.finance.exports.files.folder import folder
from backoffice.finance.exports.tasks import look_after_exports
from backoffice.models import Export, RegularExport
from jobs import decisions, paid_outside
from jobs.funding import fund
from jobs.models import JobStatus
from jobs.personal_data import erasing
from ledger import clock, days
from ledger.api import Actor, carry_over, seal, verify, verify_rows
from ledger.books.closing import close, next_to_close, reckon
from ledger.models import StatementException, StatementMatch, StatementSource
from ledger.models.statements import SourceKind
from ledger.statements import exceptions, importing
from ledger.statements.kinds import RESOLUTIONS, DifferenceType
from payments.actions import proposals
from payments.actions.outside_payments import Paid
from payments.identifiers import new_ulid
from payments.invariants import violations
from payments.mail.rendering import render
from payments.models import Message
from payments.openpayments.amounts import Amount
from payments.reconciliation.files import compare_file
from tests import cast, progress
from tests.backoffice.exports.asked import finance
from tests.cast import person

pytestmark = pytest.mark.django_db
ERASED = "What this email said was erased with the personal data of whom it was to.\n"
ERASE = ("jobs.erase_member", "jobs.view_member", "jobs.change_member")


def everything() -> str:
    """Every row of every table of the program."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if table.startswith(("jobs_", "payments_", "ledger_", "backoffice_export", "backoffice_regular")):
                cursor.execute(f"SELECT * FROM {table}")
                found.append(repr(cursor.fetchall()))
    return "\n".join(found)


def test_nothing_names_who_was_erased_and_what_was_closed_stays_so(settings: Any, tmp_path: Path) -> None:
    settings.CLOCK_OFFSET_FILE, settings.VAR_DIR = str(tmp_path / "clock"), tmp_path
    settings.PERSONAL_DATA_DAYS = 0
    rosa, luis = cast.staff("rosa"), finance()
    member, job = cast.member("Ximena Ocelotl"), cast.job(JobStatus.SUBMITTING)
    worker = cast.applied(job, member)
    parts = {worker.pk: Amount(25000, job.budget.asset)}
    progress.settle(fund(job, [worker], cast.seller(), by=rosa, form_id="1", parts=parts))
    cash = Paid(Amount(100000, job.budget.asset), days.today(), "bank", "Transfer X-77 of Ximena")
    row = paid_outside.confirm(paid_outside.report(worker, cash, by=rosa, form_id="2").pk, by=luis)
    decisions.accept_submission(cast.handed_in(worker).pk, by=rosa)
    # What the bank says of it names her, and somebody wrote her name beside an exception.
    source = StatementSource.objects.create(kind=SourceKind.FILE, name="Bank", asset_code="MXN")
    lines = (
        "Date,Text,Amount",
        f"{days.today()},X-77 Ximena Ocelotl,-1000.00",
        f"{days.today()},{row.pk} Ximena,-1.00",
    )
    looked = importing.look(source, "x.csv", "\n".join(lines).encode(), by=luis.pk)
    importing.import_whole(looked.pk, by=luis.pk)
    compare_file(source)
    odd = list(StatementException.objects.all())
    assert odd
    for each in odd:
        exceptions.note(each.pk, "Ximena Ocelotl says so", by=luis.pk)
        offered = RESOLUTIONS[DifferenceType(each.type)]
        exceptions.resolve(each.pk, offered[0], "Ximena Ocelotl has it", by=luis.pk)
    made = ask("payments.payment", "q=ximena", "csv", by=luis, form_id=new_ulid(), rows=1)
    assert list(folder().iterdir())
    searched = {"model": "payments.payment", "query": "q=Ximena+Ocelotl&group=settled", "format": "csv"}
    as_luis = {"language": "en", "often": "daily", "made_by": luis, "next_at": clock.now() + timedelta(days=99)}
    regular = RegularExport.objects.create(**searched, **as_luis)
    for room in ("payments", "jobs"):
        carry_over(room)  # what the cast wrote without an entry
    (tmp_path / "clock").write_text(str(40 * 86_400))
    month = next_to_close()
    assert month
    before = everything().casefold()
    assert all(name in before for name in ("ximena ocelotl", "ximena@", "of ximena", '"ximena"', "q=ximena"))
    close(reckon(month), by=Actor.staff(luis.pk))

    one, two = person("one", *ERASE), person("two", *ERASE)
    proposals.approve(erasing.propose(member, by=one).pk, by=two)
    look_after_exports()
    after = everything().casefold()
    # Ids of wallets stay; a wallet's address may have a name in it.
    names = ("ximena ocelotl", "ximena@", "of ximena", '"ximena"', "q=ximena")
    assert not [name for name in names if name in after]
    assert not list(folder().iterdir())
    # Files of evidence and the outbox still show that there was mail.
    assert {render(message).text for message in Message.objects.filter(to_email="")} == {ERASED}
    made.refresh_from_db()
    regular.refresh_from_db()
    assert (made.file, made.query, regular.query) == ("", "", "group=settled")
    assert regular.stopped_at
    assert Export.objects.count() == 1
    while seal():
        pass
    assert not list(verify()), "the closed month, too, is what it was closed with"
    assert not list(verify_rows())
    assert not violations()
    # The bank's row is still known for what it is, and matched.
    matched = set(StatementMatch.objects.values_list("subject", flat=True))
    compare_file(source)
    assert set(StatementMatch.objects.values_list("subject", flat=True)) == matched == {row.pk}
