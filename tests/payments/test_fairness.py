"""A wallet host that fails, hangs or is merely large takes no more than its share of the workers."""

import threading
from datetime import datetime, timedelta

import pytest

from ledger import clock
from payments.engine import circuit_breaker
from payments.models import PaymentRequest, WalletHost
from payments.openpayments.errors import WalletFailed
from payments.states import PaymentState, RequestState
from payments.worker import claims
from payments.worker.claims import claim_due_requests, count_due
from tests.cast import asked, paid_to_maria, unchecked_wallet

pytestmark = pytest.mark.django_db

BIG, SMALL, RECEIVING = "big.example", "small.example", "receiving.example"


def waiting(host: str, count: int = 1, *, receiver: str = RECEIVING, since: int = 60) -> list[str]:
    """`count` requests to payers at `host`, due for `since` seconds."""
    payer, paid = unchecked_wallet(f"https://{host}/sol"), unchecked_wallet(f"https://{receiver}/sol")
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


def fail(host: str, times: int) -> None:
    error = WalletFailed("create-quote", f"https://{host}/", "broken", 500)
    circuit_breaker.note_outcomes([(host, error)] * times, frozenset())


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
    assert sum(BIG in wallets for wallets in claimed.values()) == claims.OF_ONE_HOST
    assert set(small) <= set(claimed)


def test_what_the_worker_is_at_counts() -> None:
    waiting(BIG, 3, receiver=BIG)
    assert len(claim_due_requests(busy={BIG: claims.OF_ONE_HOST - 1})) == 1


def test_a_host_that_failed_is_tried_by_one_while_the_others_come_back_later() -> None:
    fail(BIG, 1)
    first, second = waiting(BIG, 2)
    assert list(claim_due_requests()) == [first]
    assert next_attempt(second) > clock.now()


def test_a_host_that_keeps_failing_is_left_alone_whether_it_pays_or_receives() -> None:
    fail(BIG, circuit_breaker.PATIENCE)
    paying, receiving, other = *waiting(BIG), *waiting(SMALL, receiver=BIG), *waiting(SMALL)
    assert list(claim_due_requests()) == [other]
    until = WalletHost.objects.get(host=BIG).closed_until
    assert next_attempt(paying) == next_attempt(receiving) == until


def test_a_host_that_answers_again_is_as_good_as_any() -> None:
    fail(BIG, circuit_breaker.PATIENCE)
    circuit_breaker.note_outcomes([(BIG, object())], circuit_breaker.suspects())
    waiting(BIG, 2)
    assert len(claim_due_requests()) == 2


def test_a_call_that_hangs_keeps_others_from_that_host_before_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "SLOW_SECONDS", 0.0)
    waiting(BIG, 2)
    other = waiting(SMALL, receiver=SMALL)
    calling, over = threading.Event(), threading.Event()

    def hang() -> None:
        with circuit_breaker.calling(BIG):
            calling.set()
            over.wait(10)

    thread = threading.Thread(target=hang)
    thread.start()
    calling.wait(10)
    try:
        assert list(claim_due_requests(busy={BIG: 1})) == other
    finally:
        over.set()
        thread.join()
    assert len(claim_due_requests(busy={BIG: 1})) == 2
