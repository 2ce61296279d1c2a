"""One run: flows, wallets that misbehave, and the engine's own worker, each at its moment of the virtual clock.

Nothing sleeps and nothing happens at once: the clock jumps to whatever is next. So the same seed gives the same run.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from django.db.models import Max, QuerySet

from ledger.api import backlog, seal
from ledger.compiled import Compiled
from payments.engine.advance import push
from payments.models import OutgoingPayment, PaymentRequest
from payments.worker.claims import claim_due_requests
from tests.chaos import flows, weather
from tests.chaos.flows.base import Flow
from tests.chaos.mischief import Mischief
from tests.chaos.world import World

BETWEEN_FLOWS = 30.0
#: After the last flow began, everything has this long to end, or to wait for a person with a reason: a standing budget
#: of a month is over by then.
HORIZON = 32 * 86_400.0
#: So long after the last flow began nothing happens any more to everybody at once; calls go wrong to the end.
QUIET_AFTER = 3 * 3600.0
#: So long after the last flow began, the wallets' provider goes away for hours.
NIGHT_AFTER = 600.0
#: Seconds from an order to its settlement: mostly shortly after, sometimes hours later.
SETTLING = (*[0.2] * 40, *[1] * 30, *[5] * 15, *[30] * 10, *[200] * 4, *[1200] * 2, 7200)
SETTLING_AGAIN = (20.0, 90.0, 300.0, 1200.0)
RECENTLY = timedelta(minutes=1)
#: The provider's log of requests holds 20,000: it is read and emptied before that.
READ_LOG_EVERY = 250
SEAL_EVERY = 1500
#: Real seconds; a turn ends much sooner, when the request has to wait for anything.
TURN_SECONDS = 60.0
#: So many rounds of one request at one moment are no progress any more.
MOST_ROUNDS = 60


def _next_due() -> QuerySet[PaymentRequest]:
    waiting = PaymentRequest.objects.exclude(next_attempt_at=None).order_by("next_attempt_at")
    return waiting.only("next_attempt_at")[:1]


def _ordered_since(moment: datetime) -> QuerySet[OutgoingPayment]:
    recent = OutgoingPayment.objects.filter(created_at__gte=moment)
    return recent.select_related("quote__incoming", "grant").order_by("created_at", "id")


NEXT_DUE = Compiled(_next_due)
ORDERED_SINCE = Compiled(_ordered_since, datetime)


class Stuck(Exception):
    """The engine goes round and round without time passing."""


@dataclass(frozen=True)
class Plan:
    """`first` is the number of the first flow; `faults` the share of calls that go wrong, in percent."""

    first: int
    flows: int
    seed: int
    faults: int
    hangs: int


@dataclass
class Run:
    world: World
    plan: Plan
    calls: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._dice = random.Random(f"run {self.plan.seed} {self.plan.first}")
        self._last_flow = 0.0
        self._advances = 0
        self._orders: set[str] = set()
        self._rounds: dict[str, tuple[float, int]] = {}
        self.mischief = Mischief(self.world, self.plan.seed + self.plan.first)

    def go(self) -> None:
        # The engine's backoff is jittered: by these dice.
        random.seed(f"backoff {self.plan.seed} {self.plan.first}")
        self.world.sandbox.faults(*weather.rules(self.plan.seed + self.plan.first, self.plan.faults, self.plan.hangs))
        for position in range(self.plan.flows):
            flow = flows.flow(self.world, self._at, self.plan.seed, self.plan.first + position)
            self.flows.append(flow)
            self._at(position * BETWEEN_FLOWS, flow.begin)
        self._at(self.mischief.next_in(), self._mischief)
        self._at(self.plan.flows * BETWEEN_FLOWS + NIGHT_AFTER, self.mischief.night)
        self._last_flow = self.world.clock.now + self.plan.flows * BETWEEN_FLOWS
        end = self._last_flow + HORIZON
        while self._next(end):
            pass
        self._calm()
        self._read_log()
        while seal():
            pass

    def _at(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.world.clock.now + seconds, next(self._numbers), do))

    def _next(self, end: float) -> bool:
        """One event, or one round of the worker, whichever comes first; False when there is nothing before `end`."""
        event = self._events[0][0] if self._events else end
        worker = next((due.next_attempt_at.timestamp() for due in NEXT_DUE() if due.next_attempt_at), end)
        if min(event, worker) >= end:
            return False
        if event <= worker:
            _, _, do = heapq.heappop(self._events)
            self.world.clock.move_to(event)
            do()
        else:
            # A stored moment is finer than the clock's milliseconds.
            self.world.clock.move_to(worker + 0.001)
            self._work()
        return True

    def _work(self) -> None:
        for request_id in claim_due_requests(1):
            self._count_round(request_id)
            push(request_id, TURN_SECONDS)
            self._advances += 1
            if self._advances % READ_LOG_EVERY == 0:
                self._read_log()
            if self._advances % SEAL_EVERY == 0 and backlog().entries:
                seal()
        self._notice_orders()

    def _count_round(self, request_id: str) -> None:
        moment, rounds = self._rounds.get(request_id, (0.0, 0))
        rounds = rounds + 1 if moment == self.world.clock.now else 1
        self._rounds[request_id] = (self.world.clock.now, rounds)
        if rounds > MOST_ROUNDS:
            raise Stuck(request_id)

    def _notice_orders(self) -> None:
        """Each new order is settled in its own time, and may have a fate of its own."""
        for order in ORDERED_SINCE(self.world.clock.at() - RECENTLY):
            if order.pk in self._orders:
                continue
            self._orders.add(order.pk)
            self.mischief.visit(order)
            self._at(self._dice.choice(SETTLING), partial(self._settle, order.quote.remote_id, SETTLING_AGAIN))

    def _settle(self, outgoing_url: str, waits: tuple[float, ...]) -> None:
        """One that is not paid for yet, or whose receiver can't be reached, is tried again some time."""
        if not self.world.sandbox.settle(outgoing_url)["ended"] and waits:
            self._at(waits[0], partial(self._settle, outgoing_url, waits[1:]))

    def _mischief(self) -> None:
        if self.world.clock.now > self._last_flow + QUIET_AFTER:
            return
        if undo := self.mischief.strike():
            self._at(*undo)
        self._at(self.mischief.next_in(), self._mischief)

    def _calm(self) -> None:
        """The wallets behave again: what can end by itself ends now."""
        self.world.sandbox.clear_faults()
        latest = PaymentRequest.objects.aggregate(latest=Max("next_attempt_at"))["latest"]
        end = max(self.world.clock.now, latest.timestamp() if latest else 0) + 3600
        while self._next(end):
            pass

    def _read_log(self) -> None:
        for request in self.world.sandbox.requests():
            self.calls[request["operationId"]] = self.calls.get(request["operationId"], 0) + 1
            if request["fault"]:
                self.faults[request["fault"]] = self.faults.get(request["fault"], 0) + 1
        self.world.sandbox.clear_requests()
