"""Everything that people, wallets and time can do to a payment, in any order.

Hypothesis draws the orders, the same ones each time. `ANY_ORDER_EXAMPLES=500 make prove TESTS=tests/chaos` draws more.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ulid import ULID

from ledger.api import seal, verify
from payments import links, pauses
from payments.actions import approvals, attention, pausing, requests, wallets
from payments.actions.requests import Contact, RequestLine
from payments.client import client
from payments.engine.advance import push
from payments.invariants import violations
from payments.models import Pause, Payment, PaymentRequest
from payments.models.pauses import PauseScope
from payments.openpayments.amounts import Amount
from payments.presentation.reasons import Refusal
from payments.states import OPEN_REQUESTS, PaymentState, RequestState
from payments.worker.claims import claim_due_requests
from tests.chaos import audit, world
from tests.chaos.books import Books
from tests.chaos.clock import InOrder, VirtualClock
from tests.chaos.flows import wallet_page
from tests.chaos.moves import illegal_moves
from tests.chaos.world import World
from tests.driver import come_back
from tests.sandbox.process import SandboxProcess, SandboxRefusedError

RARELY = [False] * 7 + [True]
EXAMPLES = int(os.environ.get("ANY_ORDER_EXAMPLES", "10"))
STEPS = 40
TURN_SECONDS = 30.0
HOURS = 3600.0
PASSING = [1, 6, 6, 30, 30, 320, 320, 700, 700, 2 * HOURS, 2 * HOURS, 25 * HOURS, 15 * 24 * HOURS]
#: Calls that may lose their answer, or be refused, at any moment.
CALLS = [
    "post-request",
    "post-continue",
    "create-incoming-payment",
    "create-quote",
    "create-outgoing-payment",
    "get-incoming-payment",
    "list-outgoing-payments",
    "complete-incoming-payment",
    "delete-continue",
    "post-token",
]
TROUBLES = ["500-before", "500-after", "reset-after", "not-json", "status:401", "status:403", "status:404", "truncate"]
AMOUNTS = st.sampled_from([1, 10_000, 10_000, world.LIMIT + 1])
#: The way of a request to which nothing happens.
WAY = ["quote", "send", "press", "prepare", "return", "pay", "settle", "look"]
AS_FAR_AS = st.sampled_from([*WAY, "pay", "pay", "pay"])


@pytest.fixture
def hostile_world(
    transactional_db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    monkeypatch.setattr(ULID, "provider", InOrder())
    clock = VirtualClock(tmp_path / "clock")
    books = tmp_path / "wallets.sqlite3"
    with SandboxProcess(data=books, clock_file=tmp_path / "clock") as sandbox:
        settings.OPEN_PAYMENTS_TRUSTED_HOSTS = sandbox.trusted_hosts
        client.cache_clear()
        yield world.build(sandbox, books, clock)
    client.cache_clear()


class AnyOrder(RuleBasedStateMachine):
    """One payer, one worker; a new request whenever the last one is over."""

    def __init__(self, hostile: World) -> None:
        super().__init__()
        self.world = hostile
        self.books = Books(hostile.books)
        self.payer, self.worker = hostile.payers[2], hostile.workers[1]
        self.request_id = ""
        self.asked = PaymentRequest.objects.count()
        self.finish_url = ""

    # -- what is there

    @property
    def request(self) -> PaymentRequest:
        return PaymentRequest.objects.get(pk=self.request_id)

    @property
    def payment(self) -> Payment:
        return Payment.objects.get(request_id=self.request_id)

    def is_in(self, *states: str) -> bool:
        return bool(self.request_id) and self.request.state in states

    @property
    def has_wallet_page(self) -> bool:
        return self.is_in(RequestState.AWAITING_APPROVAL) and approvals.wallet_page(self.request) is not None

    def may_refuse(self, act: Callable[[], object], *, then_work: bool) -> None:
        """Pages show old states: people press what no longer fits, and are told so."""
        try:
            act()
        except Refusal as refusal:
            self.world.refused(refusal.code)
        if then_work:
            self.work()

    def work(self) -> None:
        """The worker does what is due now."""
        for _ in range(50):
            claimed = claim_due_requests(1)
            if not claimed:
                return
            for request_id in claimed:
                push(request_id, TURN_SECONDS)
        raise AssertionError("the engine goes round and round")

    # -- staff

    @initialize(value=AMOUNTS, as_far_as=AS_FAR_AS, trouble=st.sampled_from(["", "", *TROUBLES]))
    def begin(self, value: int, as_far_as: str, trouble: str) -> None:
        if trouble:
            self.a_call_will_go_wrong("create-outgoing-payment", trouble)
        self.ask(value, as_far_as)

    @precondition(lambda self: not self.is_in(*OPEN_REQUESTS))
    @rule(value=AMOUNTS, as_far_as=AS_FAR_AS)
    def another(self, value: int, as_far_as: str) -> None:
        self.ask(value, as_far_as)

    def ask(self, value: int, as_far_as: str) -> None:
        """A new request, which goes its way, if nothing hinders it, until something happens to it."""
        self.asked += 1
        worker = Contact("Ana", "ana@example.org", "es")
        self.request_id = requests.ask(
            payer_wallet=wallets.find_or_add(self.payer.url),
            payer=Contact("Sol", "sol@example.org", "en"),
            seller=self.world.seller,
            lines=[RequestLine(wallets.find_or_add(self.worker.url), worker, Amount(value, self.worker.asset))],
            title="Recording",
            reference=f"any-{self.asked}",
            requested_by=self.world.staff,
            form_id=f"any-{self.asked}",
        ).pk
        for step in WAY[: WAY.index(as_far_as) + 1]:
            self.go_on(step)

    def go_on(self, step: str) -> None:
        match step:
            case "send" if self.is_in(RequestState.QUOTED):
                requests.send(self.request_id, by=self.world.staff)
                if self.is_in(RequestState.AWAITING_AUTHORISATION):
                    requests.authorise(self.request_id, by=self.world.colleague)
            case "press" if self.is_in(RequestState.AWAITING_APPROVAL):
                approvals.approve(self.request_id, None)
            case "return" if self.has_wallet_page:
                self.returns()
            case "quote" | "prepare" | "pay" | "look":
                self.world.clock.forward(6)
                self.work()
            case "settle":
                self.world.sandbox.settle()

    def returns(self) -> None:
        finish = wallet_page.approve(self.world.sandbox, approvals.wallet_page(self.request) or "")
        if finish:
            self.finish_url = finish
            if come_back(self.request.pk, finish) == "accepted":
                wallet_page.remember(self.world, self.request, finish)

    @precondition(lambda self: self.is_in(RequestState.QUOTED))
    @rule(then_work=st.booleans())
    def quote_again(self, then_work: bool) -> None:
        self.may_refuse(lambda: requests.quote_again(self.request_id, by=self.world.staff), then_work=then_work)

    @precondition(lambda self: self.is_in(RequestState.QUOTED, RequestState.QUOTING, RequestState.AWAITING_APPROVAL))
    @rule()
    def send(self) -> None:
        self.may_refuse(lambda: requests.send(self.request_id, by=self.world.staff), then_work=False)

    @precondition(lambda self: self.is_in(RequestState.AWAITING_AUTHORISATION))
    @rule(own=st.sampled_from([False, False, True]))
    def authorise(self, own: bool) -> None:
        by = self.world.staff if own else self.world.colleague
        self.may_refuse(lambda: requests.authorise(self.request_id, by=by), then_work=False)

    @precondition(lambda self: bool(self.request_id))
    @rule(really=st.sampled_from(RARELY), then_work=st.booleans())
    def cancel(self, really: bool, then_work: bool) -> None:
        if really:
            self.may_refuse(lambda: requests.cancel(self.request_id, by=self.world.staff), then_work=then_work)

    @rule(really=st.sampled_from(RARELY))
    def pause(self, really: bool) -> None:
        if really:
            pausing.pause(PauseScope.ALL, "", "Counting", self.world.staff)

    @precondition(lambda _: bool(pauses.active()))
    @rule(then_work=st.booleans())
    def resume(self, then_work: bool) -> None:
        for pause in pauses.active():
            pausing.resume(pause.pk, self.world.staff)
        if then_work:
            self.work()

    @precondition(lambda self: self.is_in(RequestState.APPROVED))
    @rule(
        way=st.sampled_from(
            ["take_over", "look_again", "start_anew", "give_up", "report", "withdraw", "confirm", "own"]
        ),
        then_work=st.booleans(),
    )
    def resolve(self, way: str, then_work: bool) -> None:
        pk, by, other = self.payment.pk, self.world.staff, self.world.colleague
        acts: dict[str, Callable[[], object]] = {
            "take_over": lambda: attention.take_over(pk, by=by),
            "look_again": lambda: attention.look_again(pk, by=by),
            "start_anew": lambda: attention.start_anew(pk, by=by),
            "give_up": lambda: attention.give_up(pk, by=by),
            "report": lambda: attention.report_outside(pk, way="cash", evidence="Receipt 12", by=by),
            "withdraw": lambda: attention.withdraw_outside(pk, by=by, why="Not so"),
            "confirm": lambda: attention.confirm_outside(pk, by=other),
            "own": lambda: attention.confirm_outside(pk, by=by),
        }
        self.may_refuse(acts[way], then_work=then_work)

    # -- the payer

    @precondition(lambda self: self.is_in(RequestState.AWAITING_APPROVAL, RequestState.APPROVED))
    @rule(accepts=st.booleans(), then_work=st.sampled_from([True, True, False]))
    def approve(self, accepts: bool, then_work: bool) -> None:
        accepted = self.request.shown if accepts else None
        self.may_refuse(lambda: approvals.approve(self.request_id, accepted), then_work=then_work)

    @precondition(lambda self: self.has_wallet_page)
    @rule(then_work=st.booleans())
    def allow_and_return(self, then_work: bool) -> None:
        self.returns()
        if then_work:
            self.work()

    @precondition(lambda self: self.finish_url)
    @rule(then_work=st.booleans())
    def comes_back(self, then_work: bool) -> None:
        """Once, or once more, or long after; whatever became of the request meanwhile."""
        request = PaymentRequest.objects.get(pk=wallet_page.request_id(self.finish_url))
        if come_back(request.pk, self.finish_url) == "accepted":
            wallet_page.remember(self.world, request, self.finish_url)
        if then_work:
            self.work()

    @precondition(lambda self: self.finish_url)
    @rule()
    def forged_return(self) -> None:
        request = PaymentRequest.objects.get(pk=wallet_page.request_id(self.finish_url))
        assert come_back(request.pk, self.finish_url, changed="0") != "accepted"

    @precondition(lambda self: self.has_wallet_page)
    @rule()
    def reject(self) -> None:
        wallet_page.reject(self.world.sandbox, approvals.wallet_page(self.request) or "")

    @precondition(lambda self: self.is_in(RequestState.AWAITING_APPROVAL))
    @rule(really=st.sampled_from(RARELY), then_work=st.booleans())
    def decline(self, really: bool, then_work: bool) -> None:
        if really:
            self.may_refuse(lambda: approvals.decline(self.request_id, "No"), then_work=then_work)

    # -- time, and the wallets

    @rule()
    def worker_round(self) -> None:
        self.work()

    @rule(seconds=st.sampled_from(PASSING), then_work=st.booleans())
    def time_passes(self, seconds: float, then_work: bool) -> None:
        self.world.clock.forward(seconds)
        if then_work:
            self.work()

    @rule()
    def money_moves(self) -> None:
        self.world.sandbox.settle()

    @rule(down=st.sampled_from([False, False, True]))
    def wallet_down_or_up(self, down: bool) -> None:
        self.world.sandbox.clear_faults()
        if down:
            self.world.sandbox.faults({"do": "down", "times": None, "match": {"operation": "*"}})

    @rule(call=st.sampled_from(CALLS), trouble=st.sampled_from(TROUBLES))
    def trouble(self, call: str, trouble: str) -> None:
        self.a_call_will_go_wrong(call, trouble)

    def a_call_will_go_wrong(self, call: str, trouble: str) -> None:
        self.world.sandbox.faults({"match": {"operation": call}, "do": trouble})

    @rule(low=st.booleans())
    def balance_low_or_high(self, low: bool) -> None:
        has = self.world.sandbox.balance(self.payer.name)
        self.world.give(self.payer, -has if low else world.BALANCE)

    @rule(fixed=st.sampled_from([0, 25, 900]))
    def fee_changes(self, fixed: int) -> None:
        self.world.sandbox.change_wallet(self.payer.name, fee={"fixed": fixed, "percentBps": 100})

    @precondition(lambda self: self.is_in(RequestState.APPROVED))
    @rule(what=st.sampled_from(["half", "all", "complete", "cancel", "fail"]))
    def wallets_do_as_they_like(self, what: str) -> None:
        order = self.payment.outgoing_payments.select_related("quote__incoming").last()
        if order is None:
            return
        incoming, sandbox = order.quote.incoming, self.world.sandbox
        acts: dict[str, Callable[[], object]] = {
            "half": lambda: sandbox.pay_in(incoming.remote_id, max(incoming.value // 2, 1)),
            "all": lambda: sandbox.pay_in(incoming.remote_id, incoming.value),
            "complete": lambda: sandbox.complete(incoming.remote_id),
            "cancel": lambda: sandbox.cancel(order.quote.remote_id),
            "fail": lambda: sandbox.settings(onLowBalance="fail", lowBalanceSeconds=1),
        }
        with suppress(SandboxRefusedError):  # there may be nothing to do it to
            acts[what]()

    # -- what holds after every step

    @invariant()
    def every_move_was_one_of_the_table(self) -> None:
        if self.request_id:
            assert illegal_moves(self.request_id) == []

    @invariant()
    def what_must_hold_of_the_rows_holds(self) -> None:
        assert [str(violation) for violation in violations()] == []

    @invariant()
    def money_arrived_once_at_most_and_settled_means_it_is_there(self) -> None:
        assert list(audit.paid_twice(self.books)) == []

    @invariant()
    def nobody_was_charged_more_than_they_were_shown(self) -> None:
        assert list(audit.charged_more_than_shown(self.world, self.books)) == []

    @invariant()
    def the_page_is_there_and_asks_no_wallet(self) -> None:
        if not self.request_id:
            return
        before = len(self.world.sandbox.requests())
        page = Client().get(links.approval_url(self.request), headers={"accept": "text/html"})
        assert page.status_code == 200
        assert len(self.world.sandbox.requests()) == before
        self.world.sandbox.clear_requests()

    def teardown(self) -> None:
        """When all is well again, everything ends or waits for a person, and the ledger verifies."""
        sandbox = self.world.sandbox
        sandbox.clear_faults()
        sandbox.settings(onLowBalance="pending")
        for pause in Pause.objects.filter(ended_at=None):
            pausing.resume(pause.pk, self.world.staff)
        self.world.give(self.payer, world.BALANCE)
        for hours in (0, 1, 26, 1, 15 * 24, 31 * 24):
            self.world.clock.forward(hours * HOURS)
            self.work()
            sandbox.settle()
            self.world.clock.forward(700)
            self.work()
        if self.request_id and self.request.state in OPEN_REQUESTS:
            assert self.payment.state == PaymentState.NEEDS_ATTENTION, (self.request.state, self.payment.state)
            assert self.payment.reason
        while seal():
            pass
        assert list(verify()) == []


@pytest.mark.prove
def test_whatever_happens_in_whatever_order_every_promise_holds(hostile_world: World) -> None:
    class Here(AnyOrder):
        def __init__(self) -> None:
            super().__init__(hostile_world)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
