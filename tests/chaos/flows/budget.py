"""A funder approves a limit per period once; staff pay from it for weeks: at one moment, and above what is left."""

from dataclasses import dataclass, field
from typing import ClassVar

from payments.actions import requests, standing_budgets, wallets
from payments.actions.requests import RequestLine
from payments.actions.standing_budgets import BudgetTerms
from payments.models import PaymentRequest, StandingBudget
from payments.models.standing_budgets import BEFORE_THE_END, Unit
from payments.openpayments.amounts import Amount
from payments.presentation.reasons import Refusal
from payments.states import RequestState
from tests.chaos.flows.asked import Asked
from tests.chaos.flows.base import DAYS, HOURS, MINUTES, SHORTLY, Flow
from tests.chaos.world import Account, amount_for, contact

LIMITS = (30_000, 90_000, 400_000)
#: Of the limit, in percent.
DRAWS = (1, 10, 25, 40, 60, 95)
MOST_TRIES = 3
SKEWS = (-25, -10, 0, 10, 25)
#: So long all have to get a quote before they are paid at one moment.
UNTIL_ALL_PAY = 90.0


@dataclass
class Budget(Flow):
    budget_id: str = ""
    payer: Account = field(init=False)

    way: ClassVar[str] = "budget"

    def begin(self) -> None:
        self.payer = self.dice.choice(self.world.payers)
        self.follow(self._set_up)

    @property
    def budget(self) -> StandingBudget:
        return StandingBudget.objects.select_related("request").prefetch_related("periods").get(pk=self.budget_id)

    def _set_up(self) -> None:
        self.world.look_up(self.payer)
        limit = self.dice.choice(LIMITS)
        largest = limit // 2 if self.chance(15) else limit
        by_month = self.chance(20)
        terms = BudgetTerms(
            limit=Amount(limit, self.payer.asset),
            largest=Amount(largest, self.payer.asset),
            unit=Unit.MONTH if by_month else Unit.WEEK,
            count=1 if by_month else self.dice.choice((1, 2, 2)),
            starts_on=standing_budgets.business_day(),
        )
        budget = standing_budgets.set_up(
            payer_wallet=wallets.find_or_add(self.payer.url),
            payer=contact(self.payer),
            seller=self.world.seller,
            terms=terms,
            requested_by=self.world.staff,
            form_id=self.form_id,
        )
        self.budget_id = budget.pk
        self.requests.append(budget.request_id)
        asked = Asked(self, budget.request_id, self.again(self._set_up))
        self.later(SHORTLY, lambda: self._until_approved(asked))

    def _until_approved(self, asked: Asked) -> float | None:
        if asked.request.state != RequestState.APPROVED:
            return asked.step()
        self.asks = 0
        self._plan()
        return None

    def _plan(self) -> None:
        """When staff pay from it: soon; on another day, with another token; around the turn; in the next period."""
        turn = self.budget.periods.order_by("number")[0].ends_at.timestamp() - self.world.clock.now
        self._all_at_once(self.dice.uniform(SHORTLY, 5 * MINUTES))
        if self.chance(40):
            self._all_at_once(self.dice.uniform(DAYS / 2, 4 * DAYS))
        if self.chance(40):
            # Drawn just in time; whatever holds up the order now makes it wait for the next period.
            just_before = turn - BEFORE_THE_END.total_seconds() - UNTIL_ALL_PAY - self.dice.uniform(0, 30)
            self._all_at_once(just_before)
            self.later(just_before + UNTIL_ALL_PAY, self._skew)
        if self.chance(25):
            self._all_at_once(turn + self.dice.choice((0, MINUTES, HOURS, 2 * DAYS)) - UNTIL_ALL_PAY)

    def _skew(self) -> None:
        """The wallets' clock is a little off when the period turns."""
        self.world.sandbox.clock(self.dice.choice(SKEWS))
        self.at(2 * BEFORE_THE_END.total_seconds(), lambda: self.world.sandbox.clock(0))

    def _all_at_once(self, seconds: float) -> None:
        how_many = self.dice.choice((1, 1, 2, 2, 3))
        for _ in range(how_many):
            self.later(max(0.0, seconds), lambda: self._ask(self.world.clock.now + UNTIL_ALL_PAY))
        self.later(max(0.0, seconds) + self.dice.uniform(0, 10 * MINUTES), self._meddle)

    def _ask(self, pay_at: float) -> None:
        if self.budget.request.state != RequestState.APPROVED:
            return
        same = [each for each in self.world.workers if each.asset == self.payer.asset]
        worker = self.dice.choice(self.world.workers if self.chance(15) else same)
        amount = amount_for(self.dice, worker.asset)
        if worker.asset == self.payer.asset:
            amount = Amount(max(1, self.budget.limit_value * self.dice.choice(DRAWS) // 100), worker.asset)
        request = self.ask(self.payer, RequestLine(wallets.find_or_add(worker.url), contact(worker), amount))
        again = self.again(lambda: self._ask(pay_at))
        self.later(SHORTLY, Drawn(self, request.pk, again, budget_id=self.budget_id, pay_at=pay_at).step)

    def _meddle(self) -> None:
        """Staff or funder do something with the whole budget; mostly nothing."""
        if self.budget.request.state != RequestState.APPROVED:
            return
        by = self.world.staff
        if self.chance(4):
            standing_budgets.stop_by_payer(self.budget_id)
        elif self.chance(3):
            standing_budgets.stop(self.budget_id, by=by)
        elif self.chance(15):
            standing_budgets.pause(self.budget_id, by=by)
            self.later(self.dice.uniform(MINUTES, 5 * HOURS), self._resume)
        elif self.chance(25):
            standing_budgets.compare(self.budget_id)

    def _resume(self) -> None:
        if self.budget.request.state == RequestState.APPROVED:
            standing_budgets.resume(self.budget_id, by=self.world.staff)


@dataclass
class Drawn(Asked):
    """A payment from the budget. When that does not pay it, staff try again, ask in the ordinary way, or drop it."""

    budget_id: str = ""
    pay_at: float = 0.0
    tries: int = 0

    def quoted(self, request: PaymentRequest) -> float | None:
        wait = self.pay_at - self.flow.world.clock.now
        if wait > 0:
            return wait
        if self.tries >= MOST_TRIES:
            return super().quoted(request) if self.flow.chance(50) else None
        self.tries += 1
        try:
            standing_budgets.draw(request.pk, self.budget_id, by=self.flow.world.staff)
        except Refusal as refusal:
            return self._another_day(refusal)
        return SHORTLY

    def authorise(self, request: PaymentRequest) -> float | None:
        """What was there when it was drawn may be gone when the second person comes."""
        try:
            return super().authorise(request)
        except Refusal as refusal:
            requests.cancel(request.pk, by=self.flow.world.colleague)
            return self._another_day(refusal)

    def _another_day(self, refusal: Refusal) -> float:
        self.flow.world.refused(refusal.code)
        return self.flow.dice.uniform(MINUTES, 10 * HOURS)
