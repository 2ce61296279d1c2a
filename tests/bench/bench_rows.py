"""How long it takes to hold every row against what the ledger says of it, and what it costs to carry rows."""

import os
import time
from collections.abc import Iterator
from functools import reduce
from typing import Any

import pytest
from django.db import connection, transaction

from ledger.api import Actor, RowCounts, record, verify_rows, verify_rows_since
from ledger.models import Entry, EntrySubject, PrivatePart
from payments.identifiers import new_ulid
from payments.models import Grant, IncomingPayment, Message, OutgoingPayment, Payment, PaymentRequest, Quote
from payments.models.messages import MessageState
from tests import comparing
from tests.bench.tables import show
from tests.driver import Stage
from tests.fixtures import sandbox, sandbox_process, stage

__all__ = ["sandbox", "sandbox_process", "stage"]

PAYMENTS = int(os.environ.get("BENCH_ROWS", "1000"))
ENTRIES = 1000
BATCH = 500
ROWS = (PaymentRequest, Grant, Payment, IncomingPayment, Quote, OutgoingPayment, Message)
TOLD = (Entry, EntrySubject, PrivatePart)


@pytest.mark.django_db
def test_every_row_of_many_payments(stage: Stage) -> None:
    request = stage.settled(form_id=new_ulid())
    comparing.carry_over_all()
    Message.objects.update(state=MessageState.SENT)
    _copy(request, PAYMENTS - 1)
    counts, began = RowCounts(), time.perf_counter()
    assert list(verify_rows(counts)) == []
    whole = time.perf_counter() - began
    quick, began = RowCounts(), time.perf_counter()
    assert list(verify_rows_since(request.created_at.replace(year=9999), quick)) == []
    seconds = time.perf_counter() - began
    columns = ("database", "payments", "check", "rows", "entries in the ledger", "seconds", "rows per second")
    entries = Entry.objects.count()
    show(
        "Rows against the ledger",
        columns,
        [
            (connection.vendor, PAYMENTS, "everything", counts.rows, entries, whole, counts.rows / whole),
            (connection.vendor, PAYMENTS, "quick", quick.rows, entries, seconds, quick.rows / seconds),
        ],
    )


@pytest.mark.django_db
def test_what_carrying_a_row_costs(stage: Stage) -> None:
    request = stage.quoted()
    about = {"about no row": {"thing": request.pk}, "with the payment's row": {"payment": request.payments.get().pk}}
    about["with the request's row, and names"] = {"request": request.pk}
    rows = []
    for name, subjects in about.items():
        kind = "request.resent" if "request" in subjects else "payment.looked_again"
        began = time.process_time()
        with transaction.atomic():
            for _ in range(ENTRIES):
                record(kind, actor=Actor.staff(1), subjects=subjects, data={"to": "payer"})
        rows.append((connection.vendor, name, 1_000_000 * (time.process_time() - began) / ENTRIES))
    show("Recording an entry", ("database", "entry", "microseconds of this process"), rows)


def _copy(request: PaymentRequest, times: int) -> None:
    """The same once more under other ids, entries and all, as if many payments had gone the same way."""
    about = set(EntrySubject.objects.filter(subject_kind="request", subject_id=request.pk).values_list("entry_id"))
    entries = [entry for (entry,) in about]
    models: tuple[type[Any], ...] = (*ROWS, *TOLD)
    found = (_of(m, request) if m in ROWS else m._default_manager.filter(**{_key(m): entries}) for m in models)
    tables: list[tuple[type[Any], list[dict[str, Any]]]] = [
        (model, list(rows.values())) for model, rows in zip(models, found, strict=True)
    ]
    ids = {str(row["id"]) for _, rows in tables for row in rows if "id" in row} | {str(request.form_id)}
    for first in range(0, times, BATCH):
        copies: dict[type[Any], list[Any]] = {model: [] for model, _ in tables}
        for _ in range(first, min(first + BATCH, times)):
            names = {old: new_ulid() for old in ids}
            for model, rows in tables:
                copies[model] += [model(**dict(_renamed(row, names))) for row in rows]
        for model, _ in tables:
            model._default_manager.bulk_create(copies[model])


def _of(model: type[Any], request: PaymentRequest) -> Any:
    if model is PaymentRequest:
        return model._default_manager.filter(pk=request.pk)
    path = "request" if model in (Grant, Payment, Message) else "payment__request"
    return model._default_manager.filter(**{path: request})


def _key(model: type[Any]) -> str:
    return "pk__in" if model is Entry else "entry__in"


def _renamed(row: dict[str, Any], names: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for column, value in row.items():
        yield (
            column,
            reduce(lambda text, old: text.replace(old, names[old]), names, value) if isinstance(value, str) else value,
        )
