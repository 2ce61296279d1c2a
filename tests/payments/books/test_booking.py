"""What happens to payments is in the books, to the cent, each figure where it belongs."""

from collections import Counter

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.books.figures import tell
from ledger.models import Movement
from ledger.models.books import FIGURES
from payments.actions import approvals, refunds, requests
from payments.models import Payment, PaymentRequest
from payments.openpayments.amounts import Amount
from tests.driver import Stage
from tests.payments.engine.splits import line, paid_to


def booked(payment: Payment) -> dict[str, int]:
    """Every figure that is not zero."""
    total: Counter[str] = Counter()
    for row in Movement.objects.filter(subject=payment.pk):
        total.update({name: getattr(row, name) for name in FIGURES})
    return {name: value for name, value in total.items() if value}


def only(request: PaymentRequest) -> Payment:
    return Payment.objects.get(request=request)


def test_a_payment_is_asked_approved_debited_sent_and_received(stage: Stage) -> None:
    quoted = stage.quoted()
    assert booked(only(quoted)) == {}
    sent = requests.send(quoted.pk, by=stage.staff)
    assert booked(only(sent)) == {"asked": 100_00, "waiting": 100_00}
    stage.settle(sent)
    debit = only(sent).outgoing_payments.get().debit_value
    assert debit
    all_of_it = {"asked": 100_00, "received": 100_00, "promised": debit, "debited": debit}
    assert booked(only(sent)) == {**all_of_it, "worth": 100_00}
    first, *_, last = Movement.objects.filter(subject=only(sent).pk)
    assert (first.number, first.waiting) == (1, 100_00)
    # That it arrived, and that with it the payment is over, is one change.
    assert (last.received, last.early, last.in_transit) == (100_00, 0, -debit)
    assert (last.payer, last.receiver, last.purpose, last.seller) == ("", "", "work", "platform")


def test_what_is_declined_ended_without_money(stage: Stage) -> None:
    sent = stage.sent()
    approvals.decline(sent.pk, "Not now")
    assert booked(only(sent)) == {"asked": 100_00, "ended": 100_00}


def test_between_currencies_each_side_is_in_its_own(stage: Stage) -> None:
    request = stage.settled(lines=[line(stage, "xochitl", "1000.00", asset="MXN")])
    row = only(request)
    assert {(one.received_code, one.paid_code) for one in Movement.objects.filter(subject=row.pk)} == {("MXN", "USD")}
    debit = row.outgoing_payments.get().debit_value
    all_of_it = {"asked": 1000_00, "received": 1000_00, "promised": debit, "debited": debit}
    assert booked(row) == {**all_of_it, "worth": 1000_00}


def test_what_went_back_is_told_apart_by_its_purpose_and_belongs_to_the_same_two(stage: Stage) -> None:
    paid = only(stage.settled())
    back = refunds.refund(paid.pk, Amount(40_00, paid.asset), by=stage.staff, form_id="back")
    stage.settle(stage.send(back))
    assert booked(only(back))["received"] == 40_00
    told = tell(["received", "paid_to_workers", "sent_back", "our_fee"])
    figures = ("received", "paid_to_workers", "sent_back", "our_fee")
    assert [told.total(name, "USD").major for name in figures] == [140, 100, 40, 0]


def test_of_a_split_each_part_is_where_it_is(stage: Stage) -> None:
    lines = [line(stage, "ana", "10.00"), line(stage, "luz", "20.00")]
    request = stage.approved(lines=lines)
    stage.sandbox.faults(
        {"match": {"operation": "create-outgoing-payment", "nth": 2}, "do": "status:403", "times": None}
    )
    settled = stage.see_through(request)
    parts = sorted((booked(paid_to(settled, name)) for name in ("ana", "luz")), key=lambda each: each["asked"])
    assert sum(part.get("received", 0) for part in parts) in {10_00, 20_00}
    assert [part["asked"] for part in parts] == [10_00, 20_00]


def test_nobody_changes_what_is_booked(stage: Stage) -> None:
    stage.settled()
    for statement in ("UPDATE ledger_movement SET received = 1", "DELETE FROM ledger_movement"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
