"""Staff ask a payer for money for one to three workers, with the platform's fee now and then.

Some are paid when their work is accepted; and now and then the payer pays exactly so much.
"""

from dataclasses import dataclass
from typing import ClassVar

from ledger.api import Actor
from payments.actions import lower_fee, release_held, wallets
from payments.actions.requests import Contact, RequestLine
from payments.models import Payment, PaymentRequest
from payments.models.payments import Purpose
from payments.openpayments.amounts import Amount
from payments.states import FINISHED_PAYMENTS, PaymentState, RequestState
from tests.chaos.flows.asked import Asked
from tests.chaos.flows.base import SHORTLY, Flow
from tests.chaos.world import Account, amount_for, contact

FEES = (1, 250, 4_000)


@dataclass
class Paying(Flow):
    held: bool = False

    way: ClassVar[str] = "paying"

    def begin(self) -> None:
        # Mostly once: another flow says as much for less.
        self.most_asks = 2 if self.chance(5) else 1
        self.follow(self._ask)

    def _ask(self) -> None:
        payer = self.dice.choice(self.world.payers)
        workers = self.dice.sample(self.world.workers, self.dice.choice((*[1] * 12, 2, 2, 3)))
        held = self.held = self.chance(20)
        lines = [self._line(payer, worker, held=held) for worker in workers]
        if self.chance(25):
            lines.append(self._fee(held=held))
        request = self.ask(payer, *lines)
        asked = Asked(self, request.pk, self.again(self._ask))
        self.later(SHORTLY, lambda: self._step(asked))

    def _line(self, payer: Account, worker: Account, *, held: bool) -> RequestLine:
        """Mostly exactly so much for the worker; now and then the payer pays exactly so much."""
        wallet = wallets.find_or_add(worker.url)
        if not self.chance(15):
            return RequestLine(wallet, contact(worker), amount_for(self.dice, worker.asset), held=held)
        self.world.look_up(payer, worker)
        wallet.refresh_from_db()
        return RequestLine(wallet, contact(worker), None, held=held, pays=amount_for(self.dice, payer.asset))

    def _fee(self, *, held: bool) -> RequestLine:
        seller = self.world.seller
        amount = Amount(self.dice.choice(FEES), self.world.platform.asset)
        return RequestLine(seller.wallet, Contact(seller.name, "", "en"), amount, held=held, purpose=Purpose.FEE)

    def _step(self, asked: Asked) -> float | None:
        wait = asked.step()
        if wait is not None and self.held and (request := asked.request).state == RequestState.APPROVED:
            self._accept_work(request)
        return wait

    def _accept_work(self, request: PaymentRequest) -> None:
        """One worker's at a time; now and then it is no good. The fee comes last, and less when somebody fell out."""
        payments = list(request.payments.order_by("created_at", "id"))
        waiting = [
            payment for payment in payments if payment.waits_for_release and payment.state not in FINISHED_PAYMENTS
        ]
        workers = [payment for payment in waiting if not payment.is_fee]
        if workers:
            self._accept(workers[0])
        elif waiting:
            fell_out = any(payment.state == PaymentState.CANCELLED for payment in payments)
            self._release_fee(waiting[0], lowered=fell_out)

    def _accept(self, payment: Payment) -> None:
        if self.chance(10):
            release_held.cancel(payment.pk, by=self.world.staff)
        elif self.chance(60):
            release_held.release(payment.pk, by=self.world.staff)

    def _release_fee(self, fee: Payment, *, lowered: bool) -> None:
        half = Amount(fee.value // 2, fee.asset)
        if lowered and half.value and not lower_fee.lower(fee.pk, half, actor=Actor.system("chaos")):
            return  # not yet: somebody looks again
        release_held.release(fee.pk, by=None)
