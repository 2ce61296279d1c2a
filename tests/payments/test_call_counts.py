"""Calls to wallets are counted by host, kind and outcome, without a statement for each, and so few hosts by name."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django_q.signals import post_execute

from payments import call_counts
from payments.models import HostCalls
from payments.openpayments.errors import (
    BadAnswer,
    NotSent,
    OpenPaymentsError,
    Refused,
    Said,
    Unanswered,
    UnsafeUrl,
    WalletFailed,
)
from payments.openpayments.operations import Operation
from tests.cast import unchecked_wallet, wallet
from tests.driver import Stage
from tests.fixtures import sandbox, sandbox_process, short_waits, stage

__all__ = ["sandbox", "sandbox_process", "short_waits", "stage"]
pytestmark = pytest.mark.django_db
LOOK = Operation.GET_INCOMING_PAYMENT
URL = "https://bank.example/x"
Told = dict[tuple[str, str, str], int]


@pytest.fixture(autouse=True)
def nothing_counted_before(db: None) -> Iterator[None]:
    """What other tests' calls left in this process is written, and forgotten with this test's rows."""
    call_counts.write()
    yield
    call_counts.write()


def told() -> Told:
    return {(row.host, row.kind, row.outcome): row.calls for row in call_counts.lately()}


def more_than(before: Told) -> Told:
    return {key: calls - before.get(key, 0) for key, calls in told().items() if calls != before.get(key, 0)}


def write_statements() -> list[str]:
    made: list[str] = []

    def keep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        made.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        call_counts.write()
    return made


def test_what_a_payment_asks_of_its_wallets_is_counted_in_one_statement(stage: Stage) -> None:
    before = told()
    stage.settled()
    assert more_than(before) == {}, "no call costs a statement"
    call_counts.write()
    found = more_than(before)
    assert {kind for _host, kind, _outcome in found} == set(HostCalls.Kind)
    assert {host for host, _kind, _outcome in found} == stage.payer.hosts | stage.worker.hosts
    assert found[stage.payer.host, "outgoing_payment", "ok"] >= 1
    seconds = HostCalls.objects.get(host=stage.payer.host, kind="outgoing_payment", outcome="ok").seconds
    assert 0 < seconds < 60

    call_counts.count(LOOK, stage.payer.host, None, 2.0)
    assert len(write_statements()) == 1, "its host is known by now"
    assert write_statements() == []


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "ok"),
        (Refused(LOOK, URL, 404, Said()), "refused"),
        (Refused(LOOK, URL, 429, Said()), "refused"),
        (WalletFailed(LOOK, URL, "", 503), "failed"),
        (BadAnswer(LOOK, URL, ""), "failed"),
        (Unanswered(LOOK, URL, "", "time_out"), "unanswered"),
        (NotSent(LOOK, URL, "", "dns"), "not_sent"),
        (UnsafeUrl(LOOK, URL, "", "private_address"), "unsafe"),
    ],
)
def test_each_outcome_has_its_name(error: OpenPaymentsError | None, outcome: str) -> None:
    wallet("https://bank.example/sol")
    call_counts.count(LOOK, "BANK.example", error, 1.5)
    call_counts.count(LOOK, "bank.example", error, 0.25)
    call_counts.write()
    row = HostCalls.objects.get(host="bank.example")
    assert (row.kind, row.outcome, row.calls, row.seconds) == ("incoming_payment", outcome, 2, 1.75)
    assert set(call_counts.KINDS) == set(Operation)


def test_hosts_that_no_answered_wallet_names_are_others_and_so_are_those_above_the_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unchecked_wallet("https://never-answered.example/x")
    wallet("https://one.example/x", auth_server="https://auth.one.example/", resource_server="https://r.one.example/")
    wallet("https://two.example/x")
    monkeypatch.setattr(call_counts, "MOST_HOSTS", 3 + HostCalls.objects.values("host").distinct().count())
    before = told()
    for host in ("stranger.example", "never-answered.example", "auth.one.example", "one.example", "r.one.example"):
        call_counts.count(LOOK, host, None, 0.1)
    call_counts.write()
    call_counts.count(LOOK, "two.example", None, 0.1)
    call_counts.write()
    hosts = {host: calls for (host, _kind, _outcome), calls in more_than(before).items()}
    assert hosts == {"auth.one.example": 1, "one.example": 1, "r.one.example": 1, "other": 3}


def test_what_could_not_be_written_is_counted_the_next_time() -> None:
    def locked(*_args: Any) -> Any:
        raise OperationalError("database is locked")

    call_counts.count(LOOK, "stranger.example", None, 0.1)
    before = told()
    with connection.execute_wrapper(locked):
        call_counts.write()
    call_counts.count(LOOK, "stranger.example", None, 0.1)
    call_counts.write()
    assert more_than(before) == {("other", "incoming_payment", "ok"): 2}


def test_it_is_written_with_what_may_change_something_and_never_with_a_page_that_is_read(client: Client) -> None:
    """A database that is busy writing would keep whoever only looks waiting."""
    before = told()
    call_counts.count(LOOK, "stranger.example", None, 0.1)
    client.get("/health")
    assert more_than(before) == {}
    client.post("/health")
    assert sum(more_than(before).values()) == 1
    call_counts.count(LOOK, "stranger.example", None, 0.1)
    post_execute.send(sender="django_q", task={})
    assert sum(more_than(before).values()) == 2
