"""One flow: staff ask a payer for money for one to three workers, and everybody does what people do.

What each of them does is drawn from the flow's own dice, so that it depends on nothing but the seed and the number.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from payments.desk import approving, asking, attention, releasing, wallets
from payments.desk.asking import Contact, Line
from payments.models import Payment, PaymentRequest
from payments.models.grants import GrantKind
from payments.states import FINISHED_PAYMENTS, GrantState, PaymentState, RequestState
from payments.telling.reasons import Refusal
from tests.chaos import wallet_page
from tests.chaos.world import Account, World, amount_for

if TYPE_CHECKING:
    from collections.abc import Callable

#: How often staff ask, when there was no quote: mostly once, for another flow says as much for less.
ASKS = (*[1] * 9, 3)
MOST_PRESSES = 6
SHORTLY = 4.0
MINUTES = 60.0
HOURS = 3600.0


@dataclass
class Flow:
    number: int
    dice: random.Random
    requests: list[str] = field(default_factory=list)
    presses: int = 0
    #: As `presses` was when they last put it off.
    asks: int = 1
    rested: int = 0
    quoted_again: bool = False
    #: Paid when the work is accepted.
    held: bool = False
    rejected: bool = False

    @classmethod
    def of(cls, seed: int, number: int) -> Flow:
        dice = random.Random(f"flow {seed} {number}")
        return cls(number, dice, asks=dice.choice(ASKS))

    def chance(self, per_cent: float) -> bool:
        return self.dice.random() * 100 < per_cent

    def step(self, world: World) -> float | None:
        """Whoever's turn it is does something. Seconds until somebody looks again; None when nobody will."""
        try:
            return self._step(world)
        except Refusal as refusal:
            # The page had grown old: the person reads the sentence and looks again.
            world.refused(refusal.code)
            return SHORTLY

    def _step(self, world: World) -> float | None:
        if not self.requests:
            return self._ask(world)
        request = PaymentRequest.objects.get(pk=self.requests[-1])
        if self.chance(0.7):
            asking.cancel(request.pk, by=world.staff)
            return None
        match request.state:
            case RequestState.QUOTING:
                return self.dice.uniform(2, 15)
            case RequestState.QUOTED:
                return self._send(world, request)
            case RequestState.AWAITING_AUTHORISATION:
                asking.authorise(request.pk, by=world.colleague)
                return SHORTLY
            case RequestState.AWAITING_APPROVAL:
                return self._payer(world, request)
            case RequestState.APPROVED:
                return self._watch(world, request)
            case RequestState.FAILED if request.sent_at is None and len(self.requests) < self.asks:
                return self._ask(world)
        return None

    # -- staff

    def _ask(self, world: World) -> float:
        payer = self.dice.choice(world.payers)
        workers = self.dice.sample(world.workers, self.dice.choice((*[1] * 12, 2, 2, 3)))
        held = self.held = self.chance(20)
        lines = [self._line(payer, worker, held=held) for worker in workers]
        request = asking.ask(
            payer_wallet=wallets.find_or_add(payer.url),
            payer=Contact(payer.name, f"{payer.name}@example.org", "es"),
            seller=world.seller,
            lines=lines,
            title=f"Job {self.number}",
            reference=f"flow-{self.number}",
            requested_by=world.staff,
            form_id=f"{self.number}-{len(self.requests)}",
        )
        self.requests.append(request.pk)
        return SHORTLY

    def _line(self, payer: Account, worker: Account, *, held: bool) -> Line:
        """Mostly exactly so much for the worker; now and then the payer pays exactly so much."""
        wallet, contact = wallets.find_or_add(worker.url), Contact(worker.name, f"{worker.name}@example.org", "es")
        if not self.chance(15):
            return Line(wallet, contact, amount_for(self.dice, worker.asset), held=held)
        for account in (payer, worker):
            known = wallets.find_or_add(account.url)
            if not known.is_known:
                wallets.check(known.pk, SHORTLY)
        wallet.refresh_from_db()
        return Line(wallet, contact, None, held=held, pays=amount_for(self.dice, payer.asset))

    def _send(self, world: World, request: PaymentRequest) -> float | None:
        if self.chance(2):
            return None  # forgotten on somebody's desk: it expires
        if not self.quoted_again and self.chance(8):
            self.quoted_again = True
            asking.quote_again(request.pk, by=world.staff)
            return SHORTLY
        asking.send(request.pk, by=world.staff)
        return self.dice.uniform(5, 2 * MINUTES)

    def _watch(self, world: World, request: PaymentRequest) -> float:
        troubled = Payment.objects.filter(request=request, state=PaymentState.NEEDS_ATTENTION, decision="")
        for payment in troubled.order_by("created_at", "id"):
            self._resolve(world, payment)
        if self.held:
            self._accept_work(world, request)
        return self.dice.uniform(5 * MINUTES, 6 * HOURS)

    def _accept_work(self, world: World, request: PaymentRequest) -> None:
        """One worker's at a time; now and then it is no good."""
        waiting = request.payments.filter(held=True, released_at=None).exclude(state__in=FINISHED_PAYMENTS)
        payment = waiting.order_by("created_at", "id").first()
        if payment is None:
            return
        if self.chance(10):
            releasing.cancel(payment.pk, by=world.staff)
        elif self.chance(60):
            releasing.release(payment.pk, by=world.staff)

    def _resolve(self, world: World, payment: Payment) -> None:
        """What a person may do about it, one thing at a time."""
        by = world.staff
        claim = payment.outside_settlements.filter(withdrawn_at=None).first()
        if claim is not None:
            if self.chance(70):
                attention.confirm_outside(payment.pk, by=world.colleague)
            else:
                attention.withdraw_outside(payment.pk, by=by)
            return
        ways: list[tuple[int, Callable[[], object]]] = [
            (2, lambda: attention.take_over(payment.pk, by=by)),
            (2, lambda: attention.look_again(payment.pk, by=by)),
            (3, lambda: attention.start_anew(payment.pk, by=by)),
            (3, lambda: attention.give_up(payment.pk, by=by)),
            (2, lambda: attention.report_outside(payment.pk, way="bank", evidence="SPEI 4711", by=by)),
        ]
        self.dice.choices([way for _, way in ways], [weight for weight, _ in ways])[0]()

    # -- the payer

    def _payer(self, world: World, request: PaymentRequest) -> float | None:
        if self.presses >= MOST_PRESSES:
            return None  # enough of it: the link expires
        if self.presses == 0 and self.chance(4):
            approving.decline(request.pk, "Not this month")
            return None
        if self.presses == 0 and self.chance(3):
            return None  # never opened the mail
        grant = request.grants.filter(kind=GrantKind.OUTGOING, state=GrantState.PENDING).first()
        page = approving.wallet_page(request)
        if page and grant:
            return self._at_wallet(world, request, page)
        coming = request.grants.filter(
            kind=GrantKind.OUTGOING, state__in=[GrantState.RETURNED, GrantState.CONTINUING]
        ).exists()
        if (coming or request.payer_asked_at) and not self.chance(5):
            return self.dice.uniform(2, 20)
        if self.presses > self.rested:
            # It did not work: they try again when they think of it.
            self.rested = self.presses
            return self.dice.uniform(20, 200)
        return self._press(request)

    def _press(self, request: PaymentRequest) -> float | None:
        """ "Approve in my wallet"; an amount that has grown is accepted, or not."""
        if request.proposed_debit is not None and self.chance(15):
            approving.decline(request.pk, "Too much")
            return None
        self.presses += 1
        approving.approve(request.pk, request.shown)
        return self.dice.uniform(2, 15)

    def _at_wallet(self, world: World, request: PaymentRequest, page: str) -> float | None:
        if self.chance(5):
            return self.dice.uniform(11 * MINUTES, 20 * HOURS)  # the page is left open, and expires
        if not self.rejected and self.chance(8):
            self.rejected = True
            wallet_page.reject(world.sandbox, page)
            self.presses += 1
            approving.approve(request.pk, None)
            return self.dice.uniform(5, 5 * MINUTES)
        finish = wallet_page.approve(world.sandbox, page)
        if finish is None or self.chance(4):
            # That page was over; or the tab was closed before it led back.
            return self._later_again(request)
        if self.chance(6):
            wallet_page.forge(request, finish)
        if wallet_page.come_back(request, finish) == "accepted":
            wallet_page.remember(world, request, finish)
        if self.chance(10):
            assert wallet_page.come_back(request, finish) in ("repeated", "wrong_hash")
        return self.dice.uniform(3, 30)

    def _later_again(self, request: PaymentRequest) -> float:
        self.presses += 1
        approving.approve(request.pk, None)
        return self.dice.uniform(5, 10 * MINUTES)
