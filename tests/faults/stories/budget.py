"""A standing budget: the funder approves once a limit per month; a day later a worker is paid without asking."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from ledger import clock
from payments.actions import requests, standing_budgets, wallets
from payments.actions.requests import Contact
from payments.models import BudgetPeriod, PaymentRequest, StandingBudget
from payments.models.messages import Template
from payments.models.standing_budgets import BudgetState, Unit
from payments.openpayments.amounts import Amount
from payments.states import OPEN_REQUESTS
from tests.faults.stories.base import A_DAY, AMOUNT, FORM, MARIA, SOL, USD, request_of, rosa, seller
from tests.faults.stories.jobs import JobStory
from tests.faults.world import World

LIMIT: Final = Amount(300_00, USD)
BUDGET: Final = "the-budget"
DRAWN: Final = AMOUNT + SOL.fee


class Budget(JobStory):
    name = "budget"
    says = "a limit per month is approved once; a day later a worker is paid from it without asking"
    workers = (MARIA,)
    received = {MARIA: AMOUNT}
    paid = {SOL: DRAWN}
    forms = (BUDGET, FORM)
    mails = Counter(
        [
            (Template.BUDGET.value, SOL.email),
            (Template.BUDGET_DRAW.value, SOL.email),
            (Template.RECEIPT.value, SOL.email),
            (Template.PAID.value, MARIA.email),
        ]
    )

    def go_on(self, world: World) -> bool:
        approval = request_of(BUDGET)
        if approval is None:
            standing_budgets.set_up(
                payer_wallet=wallets.find_or_add(world.address(SOL)),
                payer=Contact("Fundación Sol", SOL.email, "es"),
                seller=seller(),
                terms=standing_budgets.BudgetTerms(LIMIT, LIMIT, Unit.MONTH, 3, standing_budgets.business_day()),
                requested_by=rosa(),
                form_id=BUDGET,
            )
            return True
        return self._is_tomorrow(approval) and super().go_on(world)

    def send(self, request: PaymentRequest) -> None:
        """From the budget, as long as it stands; otherwise the funder is asked in the ordinary way."""
        budget = StandingBudget.objects.select_related("request").first()
        if budget and budget.state == BudgetState.ACTIVE:
            standing_budgets.draw(request.pk, budget.pk, by=rosa())
        else:
            requests.send(request.pk, by=rosa())

    def wait(self) -> int:
        approval = request_of(BUDGET)
        stands = approval is not None and approval.approved_at is not None
        return A_DAY if stands and request_of(FORM) is None else super().wait()

    def faults(self, lost_approvals: int) -> Iterator[str]:
        yield from super().faults(lost_approvals)
        budget = StandingBudget.objects.select_related("request", "grant").get()
        reserved = sum(BudgetPeriod.objects.values_list("reserved_value", flat=True))
        drawn = 0 if request_of(FORM) is None or budget.state != BudgetState.ACTIVE else DRAWN
        if reserved != drawn:
            yield f"{reserved} is reserved in the budget instead of {drawn}"
        if budget.request.state not in OPEN_REQUESTS and not lost_approvals:
            yield f"the budget is {budget.state} ({budget.request.reason})"

    def _is_tomorrow(self, approval: PaymentRequest) -> bool:
        return approval.approved_at is not None and clock.now() >= approval.approved_at + timedelta(days=1)
