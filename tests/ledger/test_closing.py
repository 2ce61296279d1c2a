"""A month that is closed stays as it was, by whatever way somebody comes; what is booked later is of an open month."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from ledger import clock, days
from ledger.api import Actor, record, seal, verify
from ledger.books.closed import closed_until
from ledger.books.closing import CannotClose, Obstacle, close, next_to_close, reckon, reopen
from ledger.content import RefusedContentError
from ledger.faults import Fault, FaultCode
from ledger.models import Checkpoint, Closing, Entry, Movement, Reopening
from ledger.months import CalendarMonth
from ledger.triggers import ensure_triggers, remove_triggers
from tests.ledger import samples
from tests.ledger.conftest import MoveClock

pytestmark = pytest.mark.django_db

ANA, LUZ = Actor.staff(1), Actor.staff(2)
NOW = clock.now()
LAST_MONTH = CalendarMonth.of((NOW.date().replace(day=1)) - timedelta(days=1))
THIS_MONTH = LAST_MONTH.following


def booked(day: date, subject: str = "P1", number: int = 1, value: int = 100_00, code: str = "USD") -> Movement:
    """About noon of `day`."""
    return samples.booked(datetime(day.year, day.month, day.day, 18, tzinfo=UTC), subject, number, value, code)


def closed(month: CalendarMonth = LAST_MONTH, by: Actor = ANA) -> Closing:
    return close(reckon(month), by=by)


def refused(statement: Callable[[], Any], says: str) -> None:
    with pytest.raises(DatabaseError, match=says), transaction.atomic():
        statement()


def run(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture
def later(move_clock: MoveClock) -> MoveClock:
    """Well after the end of the last month, whatever the day is."""
    if clock.now() < LAST_MONTH.ends_at + timedelta(hours=3):
        move_clock(timedelta(hours=3))
    return move_clock


@pytest.mark.usefixtures("later", "key")
def test_a_month_is_closed_with_all_that_it_comes_to() -> None:
    booked(LAST_MONTH.first)
    booked(LAST_MONTH.last, "P2", code="MXN")
    booked(THIS_MONTH.first, "P3")
    row = close(reckon(LAST_MONTH), by=ANA, reports={"fees": [["a", "1.00"]]}, left_open={"attention": 2}, note="Ok")
    assert (row.month, row.number, row.movements) == (str(LAST_MONTH), 1, 2)
    assert row.totals["USD"]["received"] == ["0", "100.00", "100.00"]
    assert set(row.totals) == {"MXN", "USD"}
    entry = Entry.objects.get(kind="period.closed")
    assert (entry.actor_id, entry.pk) == ("1", row.entry_id)
    assert row.digest in entry.body
    assert "Ok" not in entry.body
    # It is signed for at once, whatever the hour of the last checkpoint.
    assert Checkpoint.objects.get().size == entry.link.index
    assert next_to_close() == THIS_MONTH
    assert list(verify()) == []


@pytest.mark.parametrize("name", ["America/Mexico_City", "Europe/Madrid", "Pacific/Auckland", "UTC"])
def test_the_last_moment_of_a_month_is_the_business_s_whatever_clocks_are_moved_in_it(name: str, settings: Any) -> None:
    settings.BUSINESS_TIME_ZONE = name
    for first in (date(2026, 3, 1), date(2026, 9, 1), date(2026, 10, 1), date(2026, 12, 1)):
        month = CalendarMonth(first)
        late = samples.booked(month.ends_at - timedelta(microseconds=1), f"{first}a")
        early = samples.booked(month.ends_at, f"{first}b")
        assert (late.day, early.day) == (month.last, month.following.first)
        assert month.following.begins_at == month.ends_at
        local = (month.ends_at - timedelta(microseconds=1)).astimezone(days.zone())
        assert (local.hour, local.minute, local.second) == (23, 59, 59)


@pytest.mark.usefixtures("later")
def test_opening_and_movements_come_to_closing_from_month_to_month() -> None:
    booked(LAST_MONTH.first, value=10_00)
    first = closed()
    booked(THIS_MONTH.first, "P2", value=5_00)
    told = reckon(THIS_MONTH).totals["USD"]["received"]
    assert told == [first.totals["USD"]["received"][2], "5.00", "15.00"]


@pytest.mark.usefixtures("later")
def test_nothing_is_booked_changed_or_taken_away_in_a_closed_month() -> None:
    row = booked(LAST_MONTH.first)
    closing = closed()
    row.pk, row.number = None, 2  # as it was, on its old day
    refused(lambda: Movement.objects.bulk_create([row]), "closed month")
    refused(lambda: row.save(force_insert=True), "closed month")
    for sql in (
        "UPDATE ledger_closing SET digest = 'x'",
        "DELETE FROM ledger_closing",
        "UPDATE ledger_movement SET day = '2001-01-01'",
        "DELETE FROM ledger_movement",
    ):
        refused(lambda sql=sql: run(sql), "append-only")  # type: ignore[misc]
    refused(closing.delete, "append-only")
    refused(lambda: Closing.objects.update(totals={}), "append-only")
    refused(lambda: Closing.objects.filter(pk=closing.pk).delete(), "append-only")


@pytest.mark.usefixtures("later")
def test_a_closing_and_a_reopening_need_their_entries() -> None:
    booked(LAST_MONTH.first)
    closing = closed()
    forged = {"reopened_at": clock.now(), "reopened_by": "1"}
    refused(lambda: Reopening.objects.create(closing=closing, entry_id=closing.entry_id, **forged), "reopened")
    closing.pk, closing.number = "0" * 26, 2
    closing.first_day, closing.last_day = THIS_MONTH.first, THIS_MONTH.last
    refused(lambda: closing.save(force_insert=True), "with an entry")
    with pytest.raises(RefusedContentError), transaction.atomic():
        record("period.reopened", actor=ANA, subjects={"closing": closing.pk}, data={})


@pytest.mark.usefixtures("later")
def test_what_is_booked_later_is_of_the_open_month_and_points_back() -> None:
    booked(LAST_MONTH.first)
    closed()
    late = booked(LAST_MONTH.last, number=2)
    assert (late.day, late.corrects) == (THIS_MONTH.first, LAST_MONTH.last)
    assert booked(THIS_MONTH.first, "P2").corrects is None
    assert list(verify()) == []


def test_a_month_is_closed_once_it_is_over_and_after_the_one_before(move_clock: MoveClock) -> None:
    with pytest.raises(CannotClose) as why:
        closed()
    assert why.value.obstacle == Obstacle.NOTHING_BOOKED
    booked(LAST_MONTH.first)
    assert next_to_close() == LAST_MONTH
    for month, moment, obstacle in (
        (THIS_MONTH, LAST_MONTH.ends_at, Obstacle.NOT_NEXT),
        (LAST_MONTH, LAST_MONTH.ends_at + timedelta(minutes=59), Obstacle.NOT_OVER),
    ):
        move_clock(moment - datetime.now(UTC))
        with pytest.raises(CannotClose) as why:
            closed(month)
        assert why.value.obstacle == obstacle
    move_clock(LAST_MONTH.ends_at + timedelta(minutes=61) - datetime.now(UTC))
    assert closed().month == str(LAST_MONTH)


@pytest.mark.usefixtures("later")
def test_of_two_who_close_at_once_one_does_and_the_other_reads_who_did() -> None:
    booked(LAST_MONTH.first)
    both = reckon(LAST_MONTH), reckon(LAST_MONTH)
    close(both[0], by=LUZ)
    with pytest.raises(CannotClose) as why:
        close(both[1], by=ANA)
    assert (why.value.obstacle, why.value.by) == (Obstacle.CLOSED_ALREADY, "2")
    assert Closing.objects.count() == 1


@pytest.mark.usefixtures("later")
def test_what_is_booked_while_it_is_reckoned_is_not_closed_over() -> None:
    booked(LAST_MONTH.first)
    reckoned = reckon(LAST_MONTH)
    booked(LAST_MONTH.last, "P2")
    with pytest.raises(CannotClose) as why:
        close(reckoned, by=ANA)
    assert why.value.obstacle == Obstacle.CHANGED_MEANWHILE


@pytest.mark.usefixtures("later", "key")
def test_only_the_newest_is_opened_again_and_can_be_closed_anew() -> None:
    booked(LAST_MONTH.first)
    first = closed()
    with transaction.atomic():
        reopen(first.pk, by=LUZ)
    assert closed_until() is None
    with pytest.raises(CannotClose), transaction.atomic():
        reopen(first.pk, by=LUZ)
    assert booked(LAST_MONTH.last, "P2").corrects is None
    second = closed()
    assert (second.number, second.movements, first.movements) == (2, 2, 1)
    assert closed_until() == LAST_MONTH.last
    seal()
    assert list(verify()) == []


@pytest.mark.usefixtures("later")
def test_verification_names_the_month_that_differs() -> None:
    booked(LAST_MONTH.first)
    closing = closed()
    seal()
    booked(THIS_MONTH.first, "P2")
    tampered = {
        "UPDATE ledger_movement SET received = 1, asked = 1 WHERE subject = 'P1'": {
            FaultCode.PERIOD_MOVEMENTS,
            FaultCode.PERIOD_TOTALS,
        },
        f"UPDATE ledger_movement SET day = '{LAST_MONTH.last}' WHERE subject = 'P2'": {
            FaultCode.PERIOD_MOVEMENTS,
            FaultCode.PERIOD_TOTALS,
        },
        "UPDATE ledger_movement SET receiver = 'member:2' WHERE subject = 'P1'": {FaultCode.PERIOD_MOVEMENTS},
        """UPDATE ledger_closing SET totals = '{"USD":{}}'""": {FaultCode.PERIOD_CHANGED, FaultCode.PERIOD_TOTALS},
        "UPDATE ledger_closing SET closed_by = '9'": {FaultCode.PERIOD_CHANGED},
        "UPDATE ledger_closing SET ends_at = closed_at": {FaultCode.PERIOD_CHANGED},
        "DELETE FROM ledger_closing": {FaultCode.PERIOD_GONE},
    }
    for sql, codes in tampered.items():
        sid = transaction.savepoint()
        remove_triggers(connection)
        run(sql)
        ensure_triggers(connection)
        found = list(verify())
        assert {fault.code for fault in found} == codes, sql
        assert all(closing.month in fault.sentence() for fault in found)
        transaction.savepoint_rollback(sid)
    assert list(verify()) == []


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("body", ["x", "[]", '{"subjects":{"closing":[5]},"data":{}}', '{"subjects":{"closing":[]}}'])
def test_an_entry_that_says_nothing_of_a_month_keeps_nobody_from_looking_at_the_others(body: str) -> None:
    booked(LAST_MONTH.first)
    closing = closed()
    seal()
    remove_triggers(connection)
    columns = "recorded_at, kind, actor_kind, actor_id, digest"
    run(
        f"INSERT INTO ledger_entry (id, body, {columns}) SELECT 'forged', '{body}', {columns}"
        f" FROM ledger_entry WHERE id = '{closing.entry_id}'"
    )
    run("UPDATE ledger_movement SET receiver = 'member:2' WHERE subject = 'P1'")
    ensure_triggers(connection)
    found = list(verify())
    assert Fault.of(FaultCode.PERIOD_MOVEMENTS, month=closing.month, entry=closing.entry_id) in found
    assert Fault.of(FaultCode.BODY_MALFORMED, entry="forged") in found
    assert FaultCode.UNREADABLE not in {fault.code for fault in found}
