"""Rows and entries that somebody garbled: they are named, and what else was changed is found all the same."""

import json
from typing import Any

import pytest
from django.db import connection

from ledger.api import Fault, verify_rows
from ledger.faults import FaultCode
from ledger.models import Entry, PrivatePart
from ledger.rows import verification
from payments.models import LedgerCheck, Pause, Payment
from payments.models.pauses import PauseCause
from payments.states import RequestState
from payments.worker import ledger_checks
from tests import cast, comparing
from tests.ledger.tampering import execute, tamper

pytestmark = pytest.mark.django_db
only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps texts and whole numbers only")


@pytest.fixture
def garbled() -> Payment:
    """Its entries are to be garbled: of two open payments the one whose key comes first."""
    both = [cast.paid_to_maria(cast.asked(RequestState.AWAITING_APPROVAL, form_id=str(at))) for at in (1, 2)]
    comparing.carry_over_all()
    return min(both, key=lambda payment: payment.pk)


@pytest.fixture
def redirected(garbled: Payment) -> Payment:
    """Another one, which goes to somebody else, as whoever has the database's password would change it."""
    other = Payment.objects.exclude(pk=garbled.pk).get()
    Payment.objects.filter(pk=other.pk).update(receiver_wallet=cast.wallet("mallory"))
    return other


def with_rows(table: str, column: str, where: str, key: str, rows: Any) -> None:
    """Let the JSON in `column` carry `rows` in the place of the payments' rows."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE {where} = %s", [key])
        told = json.loads(cursor.fetchone()[0])
    told["rows"]["payment"] = rows
    tamper(f"UPDATE {table} SET {column} = %s WHERE {where} = %s", json.dumps(told), key)


def carrying(payment: Payment) -> str:
    entries = Entry.objects.filter(subject_rows__subject_kind="payment", subject_rows__subject_id=payment.pk)
    found: str = entries.filter(body__contains='"rows":{"payment"').order_by("pk").values_list("pk", flat=True)[0]
    return found


def named(faults: list[Fault]) -> set[Any]:
    return {dict(fault.parameters).get("row") for fault in faults}


@pytest.mark.parametrize("rows", [lambda key: {key: 5}, lambda key: f"a text with {key}", lambda key: {key: [1]}])
def test_a_garbled_entry_hides_no_other_row(garbled: Payment, redirected: Payment, rows: Any) -> None:
    with_rows("ledger_entry", "body", "id", carrying(garbled), rows(garbled.pk))
    assert redirected.pk in named(list(verify_rows()))
    found = ledger_checks.check_quickly()
    assert found
    assert redirected.pk in {dict(finding.about)["row"] for finding in found.findings}
    assert found.is_over
    assert Pause.objects.get(ended_at=None).cause == PauseCause.LEDGER_FAULTS


def test_a_garbled_private_part_hides_no_other_row(garbled: Payment, redirected: Payment) -> None:
    part = PrivatePart.objects.get(entry_id=carrying(garbled))
    with_rows("ledger_privatepart", "text", "entry_id", part.pk, {garbled.pk: 5})
    assert redirected.pk in named(list(verify_rows()))


def mention(kind: str, identity: Any, *, like: Payment) -> None:
    """Let an entry be about what it is not."""
    tamper(
        "INSERT INTO ledger_entrysubject (entry_id, subject_kind, subject_id, recorded_at)"
        " SELECT id, %s, %s, recorded_at FROM ledger_entry WHERE id = %s",
        *(kind, identity, carrying(like)),
    )


def test_a_number_that_no_column_can_have_stops_nobody(garbled: Payment, redirected: Payment) -> None:
    mention("job", "9" * 40, like=garbled)
    mention("limit", "9223372036854775808", like=garbled)
    faults = list(verify_rows())
    assert redirected.pk in named(faults)
    assert FaultCode.UNREADABLE not in {fault.code for fault in faults}
    found = ledger_checks.check_quickly()
    assert found
    assert found.is_over


@only_sqlite
def test_a_row_whose_key_is_no_text_is_named_and_stops_nobody(
    redirected: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "_BATCH", 1)
    columns = ", ".join(field.column for field in Payment._meta.concrete_fields if field.column != "id")
    execute("PRAGMA defer_foreign_keys = ON")
    execute(
        f"INSERT INTO payments_payment (id, {columns}) SELECT CAST(%s AS TEXT), {columns}"
        " FROM payments_payment WHERE id = %s",
        (b"\xff\xfe", redirected.pk),
    )
    faults = list(verify_rows())
    assert redirected.pk in named(faults)
    assert {fault.code for fault in faults if dict(fault.parameters)["row"] == "\udcff\udcfe"} == {FaultCode.ROW_UNTOLD}
    assert ledger_checks.check_everything()
    assert LedgerCheck.objects.get(kind=LedgerCheck.Extent.WHOLE).is_over
    assert Pause.objects.filter(ended_at=None).exists()
