"""What a payment costs, from asked to an empty queue: statements, commits and calls to wallets. It must not grow.

Counted is the second payment of the same people: whatever is looked up once for many was looked up for the first. Run
with `-s` to see which statements and calls they are.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.module_loading import import_string
from django_q.brokers.orm import ORM
from django_q.conf import Conf

from ledger import clock
from payments.actions import approvals, requests, standing_budgets, wallets
from payments.actions.requests import RequestLine
from payments.engine.advance import push
from payments.models import Message, PaymentRequest, StandingBudget
from payments.models.messages import MessageState
from payments.openpayments.amounts import Amount, Asset
from payments.states import RequestState
from payments.worker.advance_now import advance_now
from payments.worker.broker import Broker
from payments.worker.claims import claim_due_requests
from payments.worker.queue_guard import read_task
from tests.bench.tables import show
from tests.driver import MARIA, SECONDS, SOL, Stage
from tests.fixtures import short_waits
from tests.payments.engine.budgets import active

__all__ = ["short_waits"]

pytestmark = pytest.mark.django_db(transaction=True)

#: That begin or hold a transaction, which its commit stands for.
UNCOUNTED: Final = ("BEGIN",)
WRITES: Final = ("INSERT", "UPDATE", "DELETE")
USD: Final = Asset("USD", 2)
MOST_TURNS: Final = 20
#: Statements: PostgreSQL is asked which database it is. A few are there for what the clock may bring besides.
MOST_PLAIN: Final = {"sqlite": 471, "postgresql": 483}
MOST_DRAWN: Final = {"sqlite": 379, "postgresql": 387}
REQUEST_TASKS: Final = ("payments.tasks.advance_request", "payments.tasks.advance_due")


@dataclass
class Spent:
    """What was done while it was counted."""

    statements: Counter[str] = field(default_factory=Counter)
    commits: int = 0
    calls: Counter[str] = field(default_factory=Counter)

    def executed(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        verb = sql.split(maxsplit=1)[0].upper()
        self.statements[_shape(sql)] += verb not in UNCOUNTED
        self.commits += verb in WRITES and not context["connection"].in_atomic_block
        return execute(sql, params, many, context)

    def show(self, title: str) -> None:
        totals = [("statements", self.statements.total()), ("commits", self.commits), ("calls", self.calls.total())]
        show(title, ("what", "how often"), [*totals, *self.calls.most_common(), *self.statements.most_common()])


def _shape(sql: str) -> str:
    """The verb, the first table, and what it is found by."""
    verb, table = sql.split(maxsplit=1)[0], re.search(r'(?:FROM|INTO|UPDATE) "?(\w+)"?', sql)
    where = " ".join(re.findall(r'"(\w+)" (?:=|<=|>=|<|>|IN|IS)', sql.partition(" WHERE ")[2]))
    sets = " ".join(re.findall(r'"(\w+)" = ', sql.partition(" SET ")[2].partition(" WHERE ")[0]))[:60]
    return f"{verb} {table[1] if table else ''} {sets} [{where}]"


@contextmanager
def counted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spent]:
    spent, before = Spent(), len(stage.sandbox.requests())
    commit = vars(BaseDatabaseWrapper)["_commit"]

    def counted_commit(of: BaseDatabaseWrapper) -> Any:
        spent.commits += 1
        return commit(of)

    with monkeypatch.context() as patched, connection.execute_wrapper(spent.executed):
        patched.setattr(BaseDatabaseWrapper, "_commit", counted_commit)
        yield spent
    spent.calls.update(seen["operationId"] for seen in stage.sandbox.requests()[before:])


@pytest.fixture(autouse=True)
def nobody_waits_at_an_empty_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conf, "POLL", 0)


def ask(stage: Stage) -> PaymentRequest:
    """Staff ask, and wait for what it costs."""
    stage.asked += 1
    amount = Amount.from_major("100.00", USD)
    request = requests.ask(
        payer_wallet=wallets.find_or_add(stage.payer_url),
        payer=SOL,
        seller=stage.seller,
        lines=[RequestLine(wallets.find_or_add(stage.worker_url), MARIA, amount)],
        title="Translation into Nahuatl",
        reference="PO-7",
        requested_by=stage.staff,
        form_id=f"form-{stage.asked}",
    )
    return advance_now(request.pk, SECONDS)


def turn(stage: Stage, first: str | None) -> None:
    """What a worker does with requests that are due: it stays with each while the next look is a matter of seconds.

    One after the other: how often a turn with several looks for more depends on how long wallets take.
    """
    for request_id in claim_due_requests(first=first):
        while (wake := push(request_id, SECONDS)) and (wait := (wake - clock.now()).total_seconds()) < SECONDS:
            stage.later(max(wait, 0))


def work(stage: Stage) -> None:
    """What a worker does until nothing is due and the queue is empty: each task taken, done, and taken off it."""
    queue, looked = ORM(), False
    for _ in range(MOST_TURNS):
        if taken := queue.dequeue():
            for row_id, payload in taken:
                task = read_task(payload)
                if task["func"] in REQUEST_TASKS:
                    turn(stage, first=next(iter(task["args"]), None))
                else:
                    import_string(task["func"])(*task["args"])
                queue.acknowledge(row_id)
            looked = False
        elif looked:
            return
        else:
            Broker().look()
            looked = True
    raise AssertionError("the queue is never empty")


def pay(stage: Stage) -> PaymentRequest:
    """From asked, by staff, over the payer's approval in their wallet, to an empty queue."""
    request = ask(stage)
    requests.send(request.pk, by=stage.staff)
    work(stage)
    approvals.approve(request.pk, None)
    page = approvals.wallet_page(advance_now(request.pk, SECONDS))
    assert page
    assert stage.come_back(request, stage.sandbox.approve(page)) == "accepted"
    work(stage)
    return request


def draw(stage: Stage, budget: StandingBudget) -> PaymentRequest:
    """From asked, by staff, out of a budget that its funder approved before, to an empty queue."""
    request = standing_budgets.draw(ask(stage).pk, budget.pk, by=stage.staff)
    work(stage)
    return request


def is_settled(request: PaymentRequest) -> bool:
    request.refresh_from_db()
    return request.state == RequestState.SETTLED and not Message.objects.filter(state=MessageState.QUEUED).exists()


def test_a_plain_payment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_settled(pay(stage))
    with counted(stage, monkeypatch) as spent:
        request = pay(stage)
    assert is_settled(request)
    spent.show("A plain payment")
    assert spent.calls.total() <= 8
    assert spent.statements.total() <= MOST_PLAIN[connection.vendor]
    assert spent.commits <= 46


def test_a_payment_drawn_from_a_standing_budget(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = active(stage)
    assert is_settled(draw(stage, budget))
    with counted(stage, monkeypatch) as spent:
        request = draw(stage, budget)
    assert is_settled(request)
    spent.show("A payment drawn from a standing budget")
    assert spent.calls.total() <= 4
    assert spent.statements.total() <= MOST_DRAWN[connection.vendor]
    assert spent.commits <= 34
