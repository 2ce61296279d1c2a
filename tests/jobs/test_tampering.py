"""Rows that somebody with the database's password changed, deleted or inserted: each is found, and no other is named.

What is tampered with was made by the product, against real wallets: money held for a job and paid out, a refund, a
split, a standing budget, a job paid beforehand with a fee, a wallet that is to change, limits, a pause.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction

from jobs import decisions, wallet_changes
from jobs.derive_status import sync_job
from jobs.escrow import pay_out
from jobs.funding import Way, fund
from jobs.models import JobStatus, Member, SubmissionStatus
from ledger.api import Actor, record, verify_rows
from ledger.rows.vouching import Vouched, vouched
from payments.actions import approvals, pausing, refunds, set_limits, set_rules, wallet_proofs, wallets
from payments.engine.advance import advance
from payments.models import Seller
from payments.models.pauses import PauseScope
from payments.openpayments.amounts import Amount, Asset
from tests import cast, comparing
from tests.driver import SECONDS, Stage
from tests.payments.engine import budgets
from tests.payments.engine.splits import split

USD = Asset("USD", 2)
MANY = int(os.environ.get("TAMPERINGS", "300"))
#: Columns that follow from other rows: who deletes or changes those is named with them.
RECKONED = {(table.table, name) for table in vouched() for name in table.reckoned}


@pytest.fixture
def house(stage: Stage) -> Stage:
    """A little of everything that rows can tell of."""
    luis = cast.staff("luis")
    Seller.objects.filter(pk=stage.seller.pk).update(
        may_hold_money=True, approval_email="treasury@example.org", fee_share=250
    )
    wallets.check(stage.seller.wallet_id, SECONDS)
    stage.seller = Seller.objects.select_related("wallet").get(pk=stage.seller.pk)
    funder = cast.member("Sol Foundation", wallet=stage.payer, kind="organisation")
    workers = [cast.member(name, wallet=stage.wallet(name.lower())) for name in ("Ana", "Beto", "Caro")]
    comparing.carry_over_all()
    _held_for_a_job(stage, funder, workers[:2])
    _paid_beforehand(stage, funder, workers)
    paid = stage.settled(amount="60.00").payments.get()
    back = refunds.refund(paid.pk, Amount(20_00, paid.asset), by=stage.staff, form_id="back")
    stage.send(back)
    stage.settle(stage.send(stage.ask(lines=split(stage, "dora", "eva"))))
    approvals.decline(stage.sent(amount="5.00").pk, "Not now")
    budget = budgets.active(stage)
    stage.see_through(budgets.drawn(stage, budget))
    _people_and_limits(stage, workers[0], luis)
    return stage


def _held_for_a_job(stage: Stage, funder: Member, workers: list[Member]) -> None:
    job = cast.job(JobStatus.SELECTING, funder=funder, workers_wanted=2, budget=Amount(30_00, USD))
    chosen = [cast.applied(job, worker) for worker in workers]
    for application in chosen:
        cast.handed_in(application, SubmissionStatus.ACCEPTED)
    comparing.carry_over_all()
    stage.settle(stage.send(fund(job, "seller", stage.seller, by=stage.staff, form_id="hold")))
    sync_job(job.pk)
    job.refresh_from_db()
    stage.send(pay_out(job, chosen, by=stage.staff, form_id="out"))


def _paid_beforehand(stage: Stage, funder: Member, workers: list[Member]) -> None:
    job = cast.job(JobStatus.SUBMITTING, funder=funder, workers_wanted=3, budget=Amount(33_34, USD))
    chosen = [cast.applied(job, worker) for worker in workers]
    for application in chosen:
        cast.handed_in(application)
    comparing.carry_over_all()
    request = fund(job, chosen, stage.seller, Way.HELD, by=stage.staff, form_id="held")
    stage.settle(stage.send(request))
    decisions.accept_submission(chosen[0].submissions.get().pk, by=stage.staff)
    advance(request.pk, SECONDS)
    sync_job(job.pk)


def _people_and_limits(stage: Stage, member: Member, luis: User) -> None:
    set_rules.set_rule(Amount(500_00, USD), luis)
    set_limits.set_proof_limit(Amount(900_00, USD), luis)
    pausing.resume(pausing.pause(PauseScope.ALL, "", "A drill", luis).pk, luis)
    pausing.pause(PauseScope.HOST, "wallet.example", "Down", luis)
    wallet_changes.propose(member, stage.wallet("ana-new").url, by="staff", user=stage.staff)
    contact = {"name": member.name, "email": member.email, "language": "es"}
    assert member.wallet
    wallet_proofs.ask(member.wallet, stage.seller, by=stage.staff, **contact)


# Tampering


@dataclass(frozen=True)
class Done:
    table: str
    row: str
    what: str


class Tamperer:
    """Whoever has the database's password, and picks by chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.tables = [table for table in vouched() if self._keys(table)]

    def tamper(self, *, spared: set[tuple[str, str]]) -> Done:
        """Change, delete or insert a row that is not among `spared`. What the database refuses does not count."""
        while True:
            table = self.random.choice(self.tables)
            left = [key for key in self._keys(table) if (table.table, key) not in spared]
            if not left:
                continue
            key = self.random.choice(left)
            way = self.random.choices((self._change, self._delete, self._insert), (7, 2, 2))[0]
            try:
                with transaction.atomic():
                    if done := way(table, key):
                        return done
            except DatabaseError:
                continue

    def _change(self, table: Vouched, key: str) -> Done | None:
        name = self.random.choice([*table.once, *table.changing, *table.present, *table.reckoned])
        before = _ask(f'SELECT "{name}" FROM {table.table} WHERE {_where(table)}', key)[0][0]
        after = "" if name in table.present else self._other(table, name, before)
        if after == before:
            return None
        _run(f'UPDATE {table.table} SET "{name}" = %s WHERE {_where(table)}', after, key)
        # The key itself: the row that was there is gone, and another is there.
        return Done(table.table, key, name)

    def _delete(self, table: Vouched, key: str) -> Done:
        _run(f"DELETE FROM {table.table} WHERE {_where(table)}", key)
        return Done(table.table, key, "gone")

    def _insert(self, table: Vouched, key: str) -> Done:
        """A copy of the row under another key, so that it looks as if the program had made it."""
        fields = list(table.model._meta.concrete_fields)
        row = dict(zip([f.column for f in fields], _ask(_select(table), key)[0], strict=True))
        for field in fields:
            if field.primary_key or field.unique or field.column == table.key:
                row[field.column] = self._new(row[field.column])
        columns = ", ".join(f'"{name}"' for name in row)
        _run(f"INSERT INTO {table.table} ({columns}) VALUES ({', '.join(['%s'] * len(row))})", *row.values())
        return Done(table.table, str(row[table.key]), "inserted")

    def _keys(self, table: Vouched) -> list[str]:
        return [str(key) for (key,) in _ask(f'SELECT "{table.key}" FROM {table.table} ORDER BY 1')]

    def _new(self, value: Any) -> Any:
        return self.random.randrange(10_000, 99_999) if isinstance(value, int) else self._letters(value)

    def _other(self, table: Vouched, name: str, before: Any) -> Any:
        field = table.column(name)
        match field.get_internal_type():
            case "BooleanField":
                return not before
            case "DateTimeField":
                moment = datetime.fromisoformat(before) if isinstance(before, str) else before
                return (moment or datetime.now(UTC)) + timedelta(seconds=self.random.randrange(1, 99_999))
            case "JSONField":
                return '{"tampered": true}'
            case "CharField" | "TextField" | "EmailField":
                return self._letters(before)
        if isinstance(before, str):
            return self._letters(before)
        return (before or 0) + self.random.choice((1, 7, 1000))

    def _letters(self, before: str | None) -> str:
        """As long as it was, so that it fits, with one letter changed."""
        text = list(before or "x")
        place = self.random.randrange(len(text))
        text[place] = self.random.choice([letter for letter in "ABCXYZ123" if letter != text[place]])
        return "".join(text)


def _where(table: Vouched) -> str:
    return f'CAST("{table.key}" AS varchar) = %s'


def _select(table: Vouched) -> str:
    columns = ", ".join(f'"{field.column}"' for field in table.model._meta.concrete_fields)
    return f"SELECT {columns} FROM {table.table} WHERE {_where(table)}"


def _ask(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _run(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert cursor.rowcount == 1


def tampered(seed: int, rounds: int, at_once: int) -> Iterator[tuple[list[Done], set[tuple[str, str]]]]:
    """Round by round what was done, and which rows verification names; then all is as it was."""
    tamperer = Tamperer(seed)
    for _ in range(rounds):
        with transaction.atomic():
            done: list[Done] = []
            for _ in range(at_once):
                done.append(tamperer.tamper(spared={(each.table, each.row) for each in done}))
            named = [dict(fault.parameters) for fault in verify_rows()]
            transaction.set_rollback(True)
        aside = {(each.table, each.row) for each in done}
        yield (
            done,
            {
                (str(told["table"]), str(told["row"]))
                for told in named
                if (told["table"], told["row"]) in aside or (told["table"], told.get("column")) not in RECKONED
            },
        )


def check(seed: int, rounds: int, at_once: int) -> int:
    count = 0
    for done, named in tampered(seed, rounds, at_once):
        assert {(each.table, each.row) for each in done} <= named, f"seed {seed}: {done}"
        # A changed key is a row that is gone and one that was inserted.
        keys = {table.table for table in vouched() for each in done if each.what == table.key}
        assert {each for each in named if each[0] not in keys} <= {(each.table, each.row) for each in done}, done
        count += len(done)
    return count


def test_every_row_that_was_tampered_with_is_named_and_no_other(house: Stage) -> None:
    assert list(verify_rows()) == []
    assert check(seed=1, rounds=20, at_once=5) == 100
    _a_later_entry_is_no_cover(house)


@pytest.mark.prove
def test_many_are_all_found_one_by_one(house: Stage) -> None:
    """`TAMPERINGS=1000 make prove TESTS=tests/jobs` has more of them."""
    assert check(seed=random.randrange(2**32), rounds=MANY, at_once=1) == MANY


def _a_later_entry_is_no_cover(house: Stage) -> None:
    """Whoever changes where money goes is found, whatever the program writes about the payment afterwards."""
    payment = house.sent(amount="7.00").payments.get()
    other = house.wallet("mallory")
    with transaction.atomic():
        _run("UPDATE payments_payment SET receiver_wallet_id = %s WHERE id = %s", other.pk, payment.pk)
        record("payment.looked_again", actor=Actor.staff(1), subjects={"payment": payment.pk}, data={})
        named = [fault.sentence() for fault in verify_rows()]
        transaction.set_rollback(True)
    assert len(named) == 1
    assert f"The column receiver_wallet_id of row {payment.pk} in payments_payment" in named[0]
