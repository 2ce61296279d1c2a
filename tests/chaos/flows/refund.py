"""A payment that arrived goes back, all of it or a part: whoever received it is asked, and may not want to."""

from dataclasses import dataclass
from typing import ClassVar

from payments.actions import refunds, wallets
from payments.actions.requests import RequestLine
from payments.models import Payment, PaymentRequest
from payments.openpayments.amounts import Amount
from payments.states import PAID
from tests.chaos.flows.asked import Asked
from tests.chaos.flows.base import HOURS, MINUTES, SHORTLY, Flow
from tests.chaos.world import amount_for, contact

MOST_REFUNDS = 2


@dataclass
class Refunding(Flow):
    visits: int = 0

    way: ClassVar[str] = "refunding"

    def begin(self) -> None:
        self.follow(self._ask)

    def _ask(self) -> None:
        """One that can go back: no currency is changed on the way."""
        payer = self.dice.choice(self.world.payers)
        worker = self.dice.choice([each for each in self.world.workers if each.asset == payer.asset])
        line = RequestLine(wallets.find_or_add(worker.url), contact(worker), amount_for(self.dice, worker.asset))
        request = self.ask(payer, line)
        asked = Asked(self, request.pk, self.again(self._ask))
        self.later(SHORTLY, lambda: self._until_paid(asked))

    def _until_paid(self, asked: Asked) -> float | None:
        wait = asked.step()
        payment = Payment.objects.get(request=asked.request_id)
        if payment.state in PAID:
            self.later(self.dice.uniform(MINUTES, 20 * HOURS), lambda: self._give_back(payment.pk))
            return None
        return wait

    def _give_back(self, payment_id: str) -> float | None:
        """What was received, in one go or in parts, one after the other or at once; and now and then too much."""
        self.visits += 1
        if self.visits > MOST_REFUNDS:
            return None
        payment = Payment.objects.get(pk=payment_id)
        left = refunds.refundable(payment)
        if left.is_zero:
            return None
        value = self.dice.choice((left.value, left.value, -(-left.value // 2), -(-left.value // 3), left.value + 1))
        for _ in range(2 if self.chance(15) else 1):
            # The second of two who looked at the same moment is told that it has changed.
            self._refund(payment_id, Amount(value, left.asset), left)
        return self.dice.uniform(MINUTES, 20 * HOURS)

    def _refund(self, payment_id: str, amount: Amount, seen: Amount) -> None:
        request: PaymentRequest = refunds.refund(
            payment_id, amount, by=self.world.staff, form_id=self.form_id, seen=seen
        )
        self.requests.append(request.pk)
        self.later(SHORTLY, Asked(self, request.pk).step)
