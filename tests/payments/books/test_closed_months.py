"""What was settled in a closed month stays as it is; what arrives late is booked in an open one, and points back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from ledger import days
from ledger.api import Actor
from ledger.books.closed import closed_until
from ledger.books.closing import close, next_to_close, reckon
from ledger.models import Movement
from payments.actions import attention
from payments.actions.outside_payments import Paid, PaidWork, confirm, locked, report
from payments.engine.steps.receiving import note_received
from payments.models import IncomingPayment, OutsidePayment, Payment
from payments.openpayments.amounts import Amount, Asset
from payments.states import PaymentState
from tests import cast
from tests.driver import Stage

DAYS = 24 * 60 * 60.0


def close_all(stage: Stage) -> None:
    """A month and a half later, what is over by then."""
    stage.skip(45 * DAYS)
    month = next_to_close()
    assert month
    close(reckon(month), by=Actor.staff(stage.staff.pk))


def refused(statement: Callable[[], Any]) -> None:
    with pytest.raises(DatabaseError, match="month is closed"), transaction.atomic():
        statement()


def test_what_was_settled_in_a_closed_month_stays(stage: Stage) -> None:
    payment = Payment.objects.get(request=stage.settled())
    close_all(stage)
    before = list(Payment.objects.values())
    rows, later = Payment.objects.filter(pk=payment.pk), payment.settled_at
    assert later
    for columns in (
        {"value": 1},
        {"asset_code": "MXN"},
        {"asset_scale": 4},
        {"receiver_key": "member:9"},
        {"receiver_wallet": cast.wallet("other")},
        {"purpose": "fee"},
        {"settled_at": None},
        {"settled_at": later.replace(year=later.year + 1)},
        {"state": PaymentState.FAILED},
        # Nobody says that it is late without its needing a person.
        {"settled_at": None, "late_at": later},
    ):
        refused(lambda columns=columns: rows.update(**columns))  # type: ignore[misc]
    refused(lambda: connection.cursor().execute("UPDATE payments_payment SET value = 1"))
    refused(lambda: connection.cursor().execute("DELETE FROM payments_payment"))
    payment.pk = "0" * 26
    refused(lambda: payment.save(force_insert=True))
    if connection.vendor == "sqlite":
        refused(lambda: connection.cursor().execute("REPLACE INTO payments_payment SELECT * FROM payments_payment"))
    else:
        # What waits for its foreign keys to be checked would be in the way.
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
        refused(lambda: connection.cursor().execute("TRUNCATE payments_payment CASCADE"))
    assert list(Payment.objects.values()) == before
    # What says nothing of money may change: an address that its owner had erased.
    with transaction.atomic():
        assert rows.update(receiver_email="") == 1
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_what_was_paid_outside_and_confirmed_in_a_closed_month_stays(settings: Any, tmp_path: Path) -> None:
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    by, other, seller = cast.staff("rosa"), cast.staff("luis"), cast.seller()
    work = PaidWork(seller, "Radio", "", "member:1", "Sol", "member:2", "Ana")
    cash = Paid(Amount(100_00, Asset("MXN", 2)), days.today(), "cash", "Receipt 7")
    row, later = (report(cash, work, by=by, form_id=form, link=lambda _row: {}) for form in ("1", "2"))
    with transaction.atomic():
        confirm(locked(row.pk), cash.amount, by=other, about={})
    (tmp_path / "clock").write_text(str(45 * DAYS))
    month = next_to_close()
    assert month
    close(reckon(month), by=Actor.staff(by.pk))
    rows = OutsidePayment.objects.filter(pk=row.pk)
    for columns in (
        *({"value": 1}, {"asset_code": "USD"}, {"receiver_key": "member:9"}, {"payer_key": "x"}, {"way": "bank"}),
        *(
            {"state": "withdrawn"},
            {"decided_at": None},
            {"decided_by": by},
            {"from_held": True},
            {"owed_value": 200_00},
        ),
    ):
        refused(lambda columns=columns: rows.update(**columns))  # type: ignore[misc]
    refused(lambda: connection.cursor().execute("DELETE FROM payments_outsidepayment WHERE decided_at IS NOT NULL"))
    # Who it was may be erased; and what was only reported by then is decided now, and booked now.
    assert rows.update(receiver_name="", evidence="") == 1
    with transaction.atomic():
        confirm(locked(later.pk), cash.amount, by=other, about={})
    assert Movement.objects.get(subject=later.pk).day == days.today()


def test_what_arrives_late_is_booked_in_the_open_month_and_points_back(stage: Stage) -> None:
    payment = Payment.objects.get(request=stage.settled())
    close_all(stage)
    until = closed_until()
    assert until
    told = list(Movement.objects.filter(day__lte=until).values())
    incoming = IncomingPayment.objects.get(payment=payment)
    with transaction.atomic():
        note_received(incoming, payment.value + 5_00, completed=True)
    attention.take_note(payment.pk, by=stage.staff)
    payment.refresh_from_db()
    assert payment.state == PaymentState.SETTLED
    assert payment.settled_at
    late = Movement.objects.filter(subject=payment.pk, day__gt=until)
    assert sum(row.received for row in late) == 5_00
    last_of_then = Movement.objects.filter(subject=payment.pk, day__lte=until).latest("day").day
    assert {row.corrects for row in late} == {last_of_then}
    assert list(Movement.objects.filter(day__lte=until).values()) == told


def test_a_payment_of_the_open_month_is_nobodys_business(stage: Stage) -> None:
    Payment.objects.get(request=stage.settled())
    close_all(stage)
    new = Payment.objects.get(request=stage.settled())
    assert {row.corrects for row in Movement.objects.filter(subject=new.pk)} == {None}
