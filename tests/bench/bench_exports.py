"""How long an export of many rows takes, and how much memory, beside PostgreSQL's own COPY of the same columns."""

import os
import resource
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from backoffice.finance.exports.asking import AT_ONCE, ask
from backoffice.finance.exports.making import make
from backoffice.models.exports import ExportState
from payments.identifiers import new_ulid
from payments.models import Payment
from tests import cast
from tests.bench.tables import show

ROWS = int(os.environ.get("BENCH_EXPORT_ROWS", "1000000"))
#: What is exported first, so that what a process needs at all is there before it is measured.
FIRST = 20_000
COPIED = """
    SELECT p.id, p.request_id, p.state, p.purpose, p.receiver_name, r.title, p.value, p.received_value, p.asset_code,
    p.asset_scale, p.fixed_debit, p.debit_code, p.created_at, p.sent_at, p.settled_at
    FROM payments_payment p JOIN payments_paymentrequest r ON r.id = p.request_id ORDER BY p.created_at DESC, p.id DESC
"""


def megabytes() -> float:
    """The most that this process ever had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


#: No two rows are alike: amounts, names and moments differ as they do in a year of payments.
VARIED = {
    "value": "100 + i * 7919 % 9000000",
    "received_value": "100 + i * 7919 % 9000000",
    "receiver_name": "'Person ' || (i * 31 % 50000)",
}
MOMENTS = ("created_at", "sent_at", "settled_at")


def copy_payment(payment: Payment, times: int) -> None:
    """A payment so many times more, under other ids, for other people, half a minute after one another."""
    columns = [field.column for field in Payment._meta.concrete_fields if field.column != "id"]
    postgresql = connection.vendor == "postgresql"
    name = "lpad(i::text, 26, '0')" if postgresql else "printf('%026d', i)"
    moment = "{} - i * interval '30 seconds'" if postgresql else "datetime({}, (-30 * i) || ' seconds')"
    varied = {**VARIED, **{column: moment.format(column) for column in MOMENTS}}
    names, values = ", ".join(columns), ", ".join(varied.get(column, column) for column in columns)
    count = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times})"
    rows = f"SELECT {name}, {values} FROM payments_payment, n WHERE id = '{payment.pk}'"
    with connection.cursor() as cursor:
        cursor.execute(f"{count} INSERT INTO payments_payment (id, {names}) {rows}".replace("%", "%%"), [])
        if postgresql:
            cursor.execute("ANALYZE payments_payment")


def exported(file_format: str, by: User) -> tuple[float, Any]:
    began = time.perf_counter()
    asked = ask("payments.payment", "", file_format, by=by, form_id=new_ulid(), rows=AT_ONCE + 1)
    made = make(asked.pk)
    assert made.state == ExportState.DONE, made.reason_params
    return time.perf_counter() - began, made


@pytest.mark.django_db
def test_a_million_rows(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    by = User.objects.create_superuser("alma")
    payment = cast.settled()
    copy_payment(payment, FIRST - 1)
    for file_format in ("csv", "xlsx"):
        exported(file_format, by)
    Payment.objects.exclude(pk=payment.pk).delete()
    copy_payment(payment, ROWS - 1)
    beside = copied(tmp_path / "copied.csv") if connection.vendor == "postgresql" else None
    rows: list[tuple[object, ...]] = []
    for file_format in ("csv", "xlsx"):
        before = megabytes()
        seconds, made = exported(file_format, by)
        assert made.rows == ROWS
        ratio = seconds / beside if beside else ""
        grown = megabytes() - before
        size = made.size / 2**20
        rows.append((connection.vendor, file_format, made.rows, ratio, seconds, made.rows / seconds, size, grown))
        print(rows[-1])  # noqa: T201 - the next may take very long
    if beside:
        rows.append((connection.vendor, "COPY", ROWS, 1.0, beside, ROWS / beside, "", ""))
    columns = (
        "database",
        "file",
        "rows",
        "times COPY",
        "seconds",
        "rows per second",
        "MB of the file",
        "MB more than for 20,000 rows",
    )
    show("Exports", columns, rows)


def copied(path: Path) -> float:
    """Seconds of the database itself: no names of states, no local times, no totals, no snapshot to wait for."""
    began = time.perf_counter()
    statement = f"COPY ({COPIED}) TO STDOUT WITH (FORMAT csv, HEADER)"
    with connection.cursor() as cursor, path.open("wb") as file, cursor.copy(statement) as source:
        file.writelines(source)
    return time.perf_counter() - began
