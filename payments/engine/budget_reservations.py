"""What standing budgets reserve before it is used: in one row per period, by a conditional update, never above.

Everything here runs in the transaction of the plan or command that needs it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from ledger import clock
from ledger.api import Actor, record
from payments.models import BudgetPeriod, Draw, Grant, Payment, StandingBudget
from payments.models.standing_budgets import AFTER_THE_START, BEFORE_THE_END, BudgetState
from payments.states import COUNTED_OUTGOING

ENGINE = Actor.system("engine")


@dataclass(frozen=True)
class Hindrance:
    """Why nothing can be reserved now; with `until`, waiting until then helps."""

    code: str
    until: datetime | None = None
    paused: bool = False


def hindrance(budget: StandingBudget, now: datetime) -> Hindrance | None:
    """What keeps a payment from being made from `budget` at this moment, whatever its amount."""
    if budget.state == BudgetState.PAUSED:
        return Hindrance("budget_paused", paused=True)
    if budget.state != BudgetState.ACTIVE:
        return Hindrance("budget_not_active")
    if now < budget.starts_at + AFTER_THE_START:
        return Hindrance("budget_not_begun", until=budget.starts_at + AFTER_THE_START)
    if now >= budget.ends_at - BEFORE_THE_END:
        return Hindrance("budget_over")
    period = budget.period_at(now + BEFORE_THE_END)
    assert period, "between start and end there is always a period"
    if budget.period_at(now - AFTER_THE_START) != period:
        return Hindrance("budget_between_periods", until=period.starts_at + AFTER_THE_START)
    return None


def cover(payment: Payment, debit: int, now: datetime) -> bool:
    """Whether `debit` minor units are reserved for `payment` in the period of now: its order may be given.

    What was reserved before for another amount, or in a period that is over, is given back first.
    """
    draw = Draw.objects.select_related("period__budget__request").get(payment=payment)
    budget = draw.period.budget
    period = budget.period_at(now)
    if period is None or hindrance(budget, now):
        return False
    if draw.given_back_at is None and (draw.period_id, draw.value) == (period.pk, debit):
        return True
    give_back(payment)
    return reserve(payment, period, debit)


def reserve(payment: Payment, period: BudgetPeriod, value: int) -> bool:
    """Take `value` minor units of what is left in `period` for `payment`; False, and nothing taken, if it is less."""
    # The whole of the rule: how much is left is compared and taken in one statement.
    rows = BudgetPeriod.objects.filter(pk=period.pk, reserved_value__lte=F("limit_value") - value)
    if not rows.update(reserved_value=F("reserved_value") + value):
        return False
    Draw.objects.update_or_create(
        payment=payment, defaults={"period": period, "value": value, "given_back_at": None, "changed_at": clock.now()}
    )
    _tell("budget.reserved", payment, period, value)
    return True


def give_back(payment: Payment) -> None:
    """The payment came to nothing: what it reserved is there for others. Not while money of it may have moved."""
    draw = Draw.objects.select_related("period__budget").filter(payment_id=payment.pk, given_back_at=None).first()
    if draw is None or payment.received_value:
        return
    if payment.outgoing_payments.filter(state__in=COUNTED_OUTGOING).exists():
        return
    now = clock.now()
    if Draw.objects.filter(pk=draw.pk, given_back_at=None).update(given_back_at=now, changed_at=now):
        BudgetPeriod.objects.filter(pk=draw.period_id).update(reserved_value=F("reserved_value") - draw.value)
        _tell("budget.given_back", payment, draw.period, draw.value)


def _tell(kind: str, payment: Payment, period: BudgetPeriod, value: int) -> None:
    budget = period.budget
    record(
        kind,
        actor=ENGINE,
        subjects={"budget": budget.pk, "payment": payment.pk, "request": payment.request_id, "draw": payment.pk},
        data={"period": period.number, "amount": wire(value, budget)},
    )


def wire(value: int, budget: StandingBudget) -> dict[str, str | int]:
    return {"value": str(value), "assetCode": budget.asset_code, "assetScale": budget.asset_scale}


def note_disagreement(grant: Grant) -> bool:
    """The wallet refused what fits by our books. True when it never took anything under this approval.

    Such a wallet may not know limits per period at all.
    """
    Grant.objects.filter(pk=grant.pk).update(asks_spent=True)
    StandingBudget.objects.filter(grant=grant).update(disagreed_at=clock.now())
    return not grant.outgoing_payments.filter(state__in=COUNTED_OUTGOING).exists()
