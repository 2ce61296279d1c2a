"""A wallet host that fails, hangs or is merely large takes no more than its share of the workers."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

import pytest

from ledger import clock
from payments.engine import host_turns
from payments.models import PaymentRequest, WalletAddress, WalletHost
from payments.openpayments.errors import NotSent, OpenPaymentsError, Refused, Said, Unanswered, WalletFailed
from payments.openpayments.operations import Operation
from payments.states import PaymentState, RequestState
from payments.worker import claims
from payments.worker.claims import claim_due_requests, count_due
from tests.cast import asked, paid_to_maria, unchecked_wallet

pytestmark = pytest.mark.django_db

BIG, SMALL, RECEIVING = "big.example", "small.example", "receiving.example"


def wallet(host: str, **servers: str) -> WalletAddress:
    """A wallet at `host`, whose `servers` (`auth_server`, `resource_server`) are at hosts of their own."""
    found = unchecked_wallet(f"https://{host}/sol")
    found.keep(**{name: f"https://{server}/" for name, server in servers.items()})
    return found


def waiting(
    host: str, count: int = 1, *, receiver: str = RECEIVING, since: int = 60, servers: dict[str, str] | None = None
) -> list[str]:
    """`count` requests to payers at `host`, due for `since` seconds. `servers` are the receivers'."""
    payer, paid = wallet(host), wallet(receiver, **servers or {})
    ids = []
    for number in range(count):
        due = clock.now() - timedelta(seconds=since, microseconds=-number)
        request = asked(RequestState.QUOTING, payer_wallet=payer, next_attempt_at=due)
        paid_to_maria(request, PaymentState.NEW, receiver_wallet=paid)
        ids.append(request.pk)
    return ids


def next_attempt(request_id: str) -> datetime:
    at = PaymentRequest.objects.get(pk=request_id).next_attempt_at
    assert at
    return at


def fail(host: str, times: int, error: OpenPaymentsError | None = None) -> None:
    """So many calls to `host` fail, one after the other."""
    for _ in range(times):
        host_turns.note_outcomes([(host, error or failed(Operation.REQUEST_GRANT, 503))], frozenset())


def failed(operation: Operation, status: int) -> WalletFailed:
    return WalletFailed(operation, "https://wallet.example/", "broken", status)


@contextmanager
def at_work(**hosts: Iterable[str]) -> Iterator[None]:
    """This process works on these requests meanwhile, each with its hosts."""
    host_turns.begin({request_id: frozenset(named) for request_id, named in hosts.items()})
    try:
        yield
    finally:
        for request_id in hosts:
            host_turns.end(request_id)


def test_those_that_wait_longest_come_first() -> None:
    late, early = waiting(SMALL, since=10), waiting(SMALL, since=20)
    assert list(claim_due_requests(1)) == early
    assert list(claim_due_requests(1)) == late


def test_what_a_person_just_did_goes_before_a_backlog() -> None:
    waiting(BIG, 5)
    [mine] = waiting(SMALL, since=0)
    assert list(claim_due_requests(1, first=mine)) == [mine]


def test_nobody_else_gets_what_was_claimed() -> None:
    waiting(SMALL)
    assert len(claim_due_requests()) == 1
    assert claim_due_requests() == {}
    assert count_due() == 0


def test_a_request_comes_with_the_hosts_of_all_its_wallets() -> None:
    [request] = waiting(SMALL)
    assert claim_due_requests() == {request: {SMALL, RECEIVING}}


def test_a_large_host_leaves_room_for_a_small_one_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "WINDOW", 10)
    # Put together anew now, and the one with the real window is back afterwards.
    monkeypatch.setattr(claims._DUE, "_statement", None)
    waiting(BIG, 30, receiver=BIG)
    small = waiting(SMALL, 2, since=1)
    claimed = claim_due_requests(8)
    assert sum(BIG in wallets for wallets in claimed.values()) == host_turns.AT_ONE_HOST
    assert set(small) <= set(claimed)


def test_what_the_worker_is_at_counts() -> None:
    waiting(BIG, 3, receiver=BIG)
    with at_work(**{str(number): {BIG} for number in range(host_turns.AT_ONE_HOST - 1)}):
        assert len(claim_due_requests()) == 1


def test_a_host_that_failed_is_tried_by_one_while_the_others_come_back_later() -> None:
    fail(BIG, 1)
    first, second = waiting(BIG, 2)
    assert list(claim_due_requests()) == [first]
    assert next_attempt(second) > clock.now()


def test_a_host_that_keeps_failing_is_left_alone_whether_it_pays_or_receives() -> None:
    fail(BIG, host_turns.PATIENCE)
    paying, receiving, other = *waiting(BIG), *waiting(SMALL, receiver=BIG), *waiting(SMALL)
    assert list(claim_due_requests()) == [other]
    until = WalletHost.objects.get(host=BIG).closed_until
    assert next_attempt(paying) == next_attempt(receiving) == until


def test_a_host_that_answers_again_is_as_good_as_any() -> None:
    fail(BIG, host_turns.PATIENCE)
    host_turns.note_outcomes([(BIG, object())], host_turns.suspects())
    waiting(BIG, 2)
    assert len(claim_due_requests()) == 2


def test_a_call_that_hangs_keeps_others_from_that_host_before_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_turns, "SLOW_SECONDS", 0.0)
    waiting(BIG, 2)
    other = waiting(SMALL, receiver=SMALL)
    calling, over = threading.Event(), threading.Event()

    def hang() -> None:
        with host_turns.calling("hangs", BIG):
            calling.set()
            over.wait(10)

    thread = threading.Thread(target=hang)
    thread.start()
    calling.wait(10)
    with at_work(hangs={BIG, SMALL}):
        try:
            assert list(claim_due_requests()) == other
        finally:
            over.set()
            thread.join()


AT_HOSTS_OF_THE_RECEIVER = [
    pytest.param({}, BIG, id="its wallet address"),
    pytest.param({"auth_server": BIG}, RECEIVING, id="its authorization server"),
    pytest.param({"resource_server": BIG}, RECEIVING, id="its resource server"),
]


@pytest.mark.parametrize(("servers", "receiver"), AT_HOSTS_OF_THE_RECEIVER)
@pytest.mark.parametrize("trouble", ["full", "failed", "left alone", "hangs"])
def test_a_receivers_host_in_trouble_hides_nobody_behind_it(
    monkeypatch: pytest.MonkeyPatch, trouble: str, servers: dict[str, str], receiver: str
) -> None:
    monkeypatch.setattr(claims, "WINDOW", 2)
    monkeypatch.setattr(claims._DUE, "_statement", None)
    monkeypatch.setattr(host_turns, "SLOW_SECONDS", 0.0)
    waiting("payer.example", 20, receiver=receiver, servers=servers)
    healthy = waiting(SMALL, 4, receiver=SMALL, since=1)
    requests = {str(number): {BIG} for number in range(host_turns.AT_ONE_HOST)}
    fail(BIG, {"full": 0, "failed": 1, "left alone": host_turns.PATIENCE, "hangs": 0}[trouble])
    with at_work(**requests), ExitStack() as calls:
        if trouble == "hangs":
            calls.enter_context(host_turns.calling("0", BIG))
        assert list(claim_due_requests(8)) == healthy


def test_who_waits_for_a_receiver_that_hangs_takes_no_turn_at_the_payers_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_turns, "SLOW_SECONDS", 0.0)
    requests = {str(number): {SMALL, BIG} for number in range(host_turns.AT_ONE_HOST)}
    healthy = waiting(SMALL, 4, receiver=SMALL)
    with at_work(**requests):
        assert not claim_due_requests()
        with ExitStack() as calls:
            for request_id in requests:
                calls.enter_context(host_turns.calling(request_id, BIG))
            assert list(claim_due_requests()) == healthy


@pytest.mark.parametrize("operation", [Operation.CREATE_QUOTE, Operation.CREATE_OUTGOING_PAYMENT])
def test_a_payers_wallet_is_not_blamed_for_what_the_receivers_may_have_done(operation: Operation) -> None:
    fail(BIG, host_turns.PATIENCE, failed(operation, 500))
    assert len(waiting(BIG, 3)) == len(claim_due_requests())


URL = "https://wallet.example/"
ITS_OWN = [
    NotSent(Operation.CREATE_QUOTE, URL, "refused", "connect"),
    NotSent(Operation.CREATE_QUOTE, URL, "no certificate", "tls"),
    Unanswered(Operation.CREATE_QUOTE, URL, "no answer", "time_out"),
    failed(Operation.CREATE_QUOTE, 503),
    failed(Operation.REQUEST_GRANT, 500),
    Refused(Operation.CREATE_QUOTE, URL, 429, Said()),
]


@pytest.mark.parametrize("error", ITS_OWN, ids=str)
def test_what_is_surely_a_hosts_own_fault_makes_it_wait_its_turn(error: OpenPaymentsError) -> None:
    fail(BIG, host_turns.PATIENCE, error)
    waiting(BIG, 3)
    assert not claim_due_requests()


def test_calls_that_were_made_at_once_fail_once() -> None:
    host_turns.note_outcomes([(BIG, ITS_OWN[0])] * 8, frozenset())
    assert WalletHost.objects.get(host=BIG).failures == 1
