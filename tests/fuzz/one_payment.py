"""One payment from asked to over, by everybody whose turn it is, while one answer of a wallet is not what it should be.

The clock is virtual: it jumps to whatever the request waits for. So nothing is waited for, and hours are a few rounds.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from payments.actions import approvals, requests, wallets
from payments.actions.requests import RequestLine
from payments.engine.advance import push
from payments.invariants import violations
from payments.models import Payment, PaymentRequest, WalletAddress
from payments.openpayments.amounts import Amount
from payments.presentation.reasons import Refusal
from payments.states import OPEN_REQUESTS, PaymentState, RequestState
from tests.chaos.books import Books
from tests.chaos.clock import VirtualClock
from tests.chaos.flows import wallet_page
from tests.chaos.moves import illegal_moves
from tests.driver import MARIA, SOL, Stage, come_back

#: Rounds of the worker. Hardly any payment needs half as many, except those whose receiver never says anything usable.
MOST_ROUNDS: Final = 90
TURN_SECONDS: Final = 30.0
#: Seconds until people look again.
SOON: Final = 6.0
DAY: Final = 86_400.0
OF_PEOPLE: Final = frozenset({RequestState.QUOTED, RequestState.AWAITING_APPROVAL})
BALANCE: Final = 1_000_000
#: After how many seconds money may move, and what the payer's wallet makes of the order, by rules of the sandbox.
STORIES: Final[dict[str, tuple[float, list[dict[str, Any]]]]] = {
    "plain": (0, []),
    "soon": (20, []),
    "late": (1800, []),
    "answer lost": (120, [{"match": {"operation": "create-outgoing-payment"}, "do": "500-after"}]),
    "order lost": (
        120,
        [
            {"match": {"operation": "create-outgoing-payment"}, "do": "500-before"},
            {"match": {"operation": "list-outgoing-payments"}, "do": "status:503", "times": None},
        ],
    ),
}


class Endless(Exception):
    """Something is due for ever."""


@dataclass
class OnePayment:
    stage: Stage
    clock: VirtualClock
    books: Books
    number: int
    story: str
    request_id: str = ""
    presses: int = 0
    rounds: int = 0

    def go(self, mutation: dict[str, Any]) -> None:
        """All of it. `mutation` is a rule of the sandbox."""
        sandbox = self.stage.sandbox
        sandbox.clear_faults()
        sandbox.clear_requests()
        seconds, troubles = STORIES[self.story]
        self.settles_at = self.clock.now + seconds
        # What is struck first is the mutation's: of two rules for one call only the first counts.
        sandbox.faults(mutation, *troubles)
        self.payer = sandbox.create_wallet(f"payer-{self.number}", balance=BALANCE)
        self.worker = sandbox.create_wallet(f"worker-{self.number}", balance=0)
        if not self._ask():
            return
        while self._request.state in OPEN_REQUESTS and self.rounds < MOST_ROUNDS:
            self._round()
        self._calm()

    @property
    def was_struck(self) -> bool:
        return any(str(call["fault"]).startswith("mutate") for call in self.stage.sandbox.requests())

    @property
    def _request(self) -> PaymentRequest:
        return PaymentRequest.objects.get(pk=self.request_id)

    def _ask(self) -> bool:
        """Staff ask, once both wallets are known to be usable; False when one never is."""
        receiver = self._known(self.worker)
        self._known(self.payer)
        if not receiver.is_usable:
            return False
        request = requests.ask(
            payer_wallet=wallets.find_or_add(self.payer),
            payer=SOL,
            seller=self.stage.seller,
            lines=[RequestLine(receiver, MARIA, Amount.from_major("100.00", receiver.asset))],
            title="Translation into Nahuatl",
            reference=f"fuzz-{self.number}",
            requested_by=self.stage.staff,
            form_id=f"fuzz-{self.number}",
        )
        self.request_id = request.pk
        return True

    def _known(self, url: str) -> WalletAddress:
        wallet = wallets.find_or_add(url)
        for _ in range(2):
            if not wallet.is_usable:
                wallet = wallets.check(wallet.pk, TURN_SECONDS)
        return wallet

    def _round(self) -> None:
        self.rounds += 1
        with suppress(Refusal):  # the page had grown old: they look again
            self._people()
        self._work()

    def _people(self) -> None:
        request = self._request
        match request.state:
            case RequestState.QUOTED:
                requests.send(request.pk, by=self.stage.staff)
            case RequestState.AWAITING_APPROVAL:
                self._payer(request)

    def _payer(self, request: PaymentRequest) -> None:
        page = approvals.wallet_page(request)
        if page is None:
            if request.payer_asked_at is None and self.presses < 6:
                self.presses += 1
                approvals.approve(request.pk, request.shown)
            return
        finish = wallet_page.approve(self.stage.sandbox, page)
        if finish is not None:
            come_back(request.pk, finish)
        elif self.presses < 6:
            # Whatever that page was, it leads nowhere.
            self.presses += 1
            approvals.approve(request.pk, request.shown)

    def _work(self) -> None:
        wake = push(self.request_id, TURN_SECONDS)
        if self.clock.now >= self.settles_at:
            self.stage.sandbox.settle()
        self._sleep_until(wake)

    def _sleep_until(self, wake: datetime | None) -> None:
        now = self.clock.now
        due = wake.timestamp() + 0.001 if wake else now + SOON
        # As long as it is people's turn they come along before anything else happens.
        self.clock.move_to(min(due, now + SOON) if self._request.state in OF_PEOPLE else due)
        self.clock.forward(0.5)

    def _calm(self) -> None:
        """The wallets behave again: what can end by itself ends now, also what is given back after the end."""
        self.stage.sandbox.clear_faults()
        began = self.clock.now
        for _ in range(MOST_ROUNDS):
            request = self._request
            if request.next_attempt_at is None or _waits_for_people(request):
                return
            self.clock.move_to(request.next_attempt_at.timestamp() + 0.001)
            self._work()
        if self._request.state in OPEN_REQUESTS or self.clock.now < began + DAY / 2:
            # What is left of an approval may be tried for longer, rarely, at a host that cannot be reached.
            raise Endless(f"{self._request.state} {self._request.reason}")

    def problems(self) -> Iterator[str]:
        """Every broken promise, one sentence each."""
        received, charged = self.stage.received(f"worker-{self.number}"), self._charged()
        request = PaymentRequest.objects.filter(pk=self.request_id).first()
        if request is None:
            if received or charged:
                yield "money moved, and nobody asked for it"
            return
        payment = request.payments.get()
        if received > payment.value:
            yield f"{received} arrived, {payment.value} was owed"
        if charged > (request.shown or 0):
            yield f"{charged} charged, {request.shown} shown"
        if received > payment.received_value:
            yield f"{received} arrived, {payment.received_value} is noted, and it is called {payment.state}"
        if payment.state == PaymentState.NEEDS_ATTENTION and not payment.reason:
            yield "waits for a person who is told nothing"
        if request.state == RequestState.APPROVED and not _waits_for_people(request):
            yield f"still {request.state} ({request.reason})"
        yield from illegal_moves(request.pk)
        yield from (str(violation) for violation in violations())

    def _charged(self) -> int:
        return sum(each.charged for each in self.books.outgoing() if each.wallet == f"payer-{self.number}")


def _waits_for_people(request: PaymentRequest) -> bool:
    """For staff or its payer; here they have lost patience by the time when this is asked."""
    if request.state == RequestState.APPROVED:
        return Payment.objects.filter(request=request, state=PaymentState.NEEDS_ATTENTION).exists()
    return request.state in OPEN_REQUESTS
