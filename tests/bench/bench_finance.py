"""A month of many payments: its reports, closing it, and holding it against the statements of four wallets."""

import os
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.finance.closing.stored_reports import reports_of
from backoffice.finance.reports.catalogue import REPORTS, make
from ledger.api import Actor
from ledger.books.closing import close, reckon
from ledger.books.verification import period_faults
from ledger.models import Movement, StatementException, StatementRow, StatementSource
from ledger.models.statements import SourceKind
from ledger.months import CalendarMonth
from ledger.statements import importing
from payments.reconciliation.files import compare_file
from tests import cast
from tests.bench.tables import show
from tests.ledger.statements.month import BEGIN
from tests.payments.reconciliation.month_in_rows import StatementFile, make_month

PAYMENTS = int(os.environ.get("BENCH_MONTH", "200000"))
#: Of so many payments one is planted that differs in each way.
ONE_IN = 1000
MONTH = CalendarMonth.of(BEGIN.date())


@pytest.mark.django_db
@pytest.mark.edits_rows("payments are copied as rows: no entry of the ledger speaks of the copies")
def test_a_month_of_many_payments() -> None:
    began = time.perf_counter()
    made = make_month(PAYMENTS, seed=11, each=PAYMENTS // ONE_IN)
    print(f"{PAYMENTS} payments were made in {time.perf_counter() - began:.0f} s")  # noqa: T201 - what a benchmark is for
    movements = Movement.objects.count()
    rows = [_measured(f"report: {code}", lambda code=code: make(code, MONTH.first, MONTH.last)) for code in REPORTS]  # type: ignore[misc]  # a default that a loop needs
    rows.append(_measured("all reports, as a closing keeps them", lambda: reports_of(MONTH)))
    rows.append(_measured("closing: reckoned", lambda: reckon(MONTH)))
    figures = reckon(MONTH)
    rows.append(_measured("closing: while nobody can book", lambda: close(figures, by=Actor.staff(1))))
    rows.append(_measured("a closed month verified", lambda: list(period_faults())))
    show(f"A month of {PAYMENTS} payments, {movements} movements", ("database", "what", "seconds", "queries"), rows)

    by, rows = cast.staff().pk, []
    for file in made.files:
        rows += _reconciled(file, by)
    assert StatementException.objects.count() == made.planted.total()
    lines = StatementRow.objects.count()
    show(f"Four statements of {lines} rows", ("database", "what", "seconds", "queries"), rows)


def _reconciled(file: StatementFile, by: int) -> list[tuple[object, ...]]:
    source = StatementSource.objects.create(
        kind=SourceKind.FILE, name=file.name, account=file.account, asset_code=file.currency
    )
    looked = importing.look(source, file.name, file.content, by=by)
    return [
        _measured(f"{file.currency}: looked at", lambda: importing.look(source, file.name, file.content, by=by)),
        _measured(f"{file.currency}: imported", lambda: importing.import_whole(looked.pk, by=by)),
        _measured(f"{file.currency}: compared", lambda: compare_file(source)),
        _measured(f"{file.currency}: compared again", lambda: compare_file(source)),
    ]


def _measured(what: str, run: Callable[[], object]) -> tuple[object, ...]:
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        run()
        seconds = time.perf_counter() - began
    return connection.vendor, what, seconds, len(queries)
