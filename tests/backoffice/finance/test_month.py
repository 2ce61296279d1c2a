"""A month of payments in four currencies, in the database and by the product's own pages: all that differs, alone.

Statements of four wallets are uploaded as their banks write them; the queue is then emptied by the same pages.
"""

import re
import time
from collections import Counter
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice import roles
from ledger.models import StatementException, StatementMatch, StatementSource
from ledger.statements.kinds import DifferenceType, MatchRule, Resolution
from payments.books.booking import unbooked
from payments.invariants import violations
from payments.models import Payment
from payments.reconciliation.files import compare_file
from tests.backoffice.finance.test_exceptions import LIST as QUEUE
from tests.backoffice.finance.test_exceptions import count_open, in_role
from tests.backoffice.finance.test_statements import LIST as SOURCES
from tests.backoffice.finance.test_statements import words
from tests.cast import signed_in
from tests.payments.reconciliation.month_in_rows import MonthInRows, StatementFile, make_month

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.edits_rows("payments are copied as rows: no entry of the ledger speaks of the copies"),
]
#: Exceptions that are marked on one page of the queue.
MARKED = 100


def imported(client: Client, file: StatementFile) -> str:
    """Set its source up, upload it, look at it, import it: what the page says."""
    given = {"name": file.name, "account": file.account, "asset_code": file.currency}
    answer = client.post(f"{SOURCES}add/", {**given, "window_days": "3", "tolerance": "0", "way": "bank"})
    assert answer.status_code == 302, answer.content.decode()
    place = looked_at(client, file)
    return words(client.post(place, {"do": "import"}, follow=True).content.decode())


def looked_at(client: Client, file: StatementFile) -> str:
    """Where it is told what was found in the file."""
    source = StatementSource.objects.get(account=file.account)
    upload = SimpleUploadedFile(file.name, file.content)
    answer: Any = client.post(f"{SOURCES}{source.pk}/import/", {"file": upload}, follow=True)
    return f"{answer.request['PATH_INFO']}?{answer.request['QUERY_STRING']}"


def found() -> Counter[tuple[DifferenceType, str]]:
    rows = StatementException.objects.filter(resolved_at=None)
    return Counter((DifferenceType(kind), subject) for kind, subject in rows.values_list("type", "subject"))


def resolve_all(client: Client) -> None:
    """Page by page, all that a page of the queue has, with one reason."""
    while rows := list(StatementException.objects.filter(resolved_at=None).values_list("pk", flat=True)[:MARKED]):
        marked: dict[str, Any] = {"action": "resolve_all_marked", "_selected_action": rows}
        shown = client.post(QUEUE, marked).content.decode()
        seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', shown))
        before = count_open()
        told = {"confirmed": "yes", "resolution": Resolution.ACCEPTED, "why": "Agreed with the wallet."}
        client.post(QUEUE, {**marked, **seen, **told})
        assert count_open() == before - len(rows)


def check_month(made: MonthInRows, client: Client, payments: int) -> None:
    assert unbooked(Payment.objects.all()) == []
    # The copies are not in the ledger; all else that must hold of payments holds of them.
    assert {one.invariant.name for one in violations() if not one.invariant.name.endswith("_in_the_ledger")} == set()
    assert {kind for kind, _subject in made.planted} == set(DifferenceType)
    with CaptureQueriesContext(connection) as queries:
        began = time.process_time()
        for file in made.files:
            assert "were imported" in imported(client, file)
        seconds = time.process_time() - began
    print(f"{connection.vendor}: {payments} payments, {seconds:.1f} s of CPU, {len(queries)} queries")  # noqa: T201
    assert found() == made.planted
    rules = set(StatementMatch.objects.values_list("rule", flat=True))
    assert rules == {MatchRule.ID, MatchRule.REFERENCE, MatchRule.AMOUNT}
    check_again(made, client)
    resolve_all(client)
    assert "Nothing here" in words(client.get(QUEUE).content.decode())
    check_again(made, client)
    assert unbooked(Payment.objects.all()) == [], "no money was moved by it"


def check_again(made: MonthInRows, client: Client) -> None:
    """The same files, and the same comparison, are nothing new."""
    before = sorted(StatementException.objects.values_list("pk", "type", "subject", "resolution"))
    for file in made.files:
        told = words(client.post(looked_at(client, file), {"do": "import"}, follow=True).content.decode())
        assert "nothing was imported" in told.lower() or "nothing new" in told.lower(), told
        outcome = compare_file(StatementSource.objects.get(account=file.account))
        assert (outcome.opened, outcome.cleared) == (0, 0)
    assert sorted(StatementException.objects.values_list("pk", "type", "subject", "resolution")) == before


def check_of(payments: int, each: int) -> None:
    client = signed_in(in_role("luis", roles.FINANCE))
    check_month(make_month(payments, seed=11, each=each), client, payments)


def test_of_a_month_in_four_currencies_all_that_differs_is_found_and_nothing_invented() -> None:
    check_of(payments=160, each=4)


@pytest.mark.prove
def test_of_a_month_of_5000_payments_all_that_differs_is_found_and_nothing_invented() -> None:
    check_of(payments=5000, each=25)
