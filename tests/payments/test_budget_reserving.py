"""Whatever is reserved, given back and moved: no period above its limit, and each the sum of its draws."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import clock
from payments.engine.budget_reservations import cover, give_back, reserve
from payments.invariants import violations
from payments.models import BudgetPeriod, Payment, StandingBudget
from payments.models.standing_budgets import Unit
from payments.states import PaymentState, RequestState
from tests.cast import asked, paid_to_maria
from tests.progress import granted

LIMIT = 1000
PERIODS = 3

#: Reserve at once, in period 1 to 3; have an order covered now, to a fresh amount; or end without money.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "cover", "give_back"]),
        st.integers(0, 3),
        st.integers(0, PERIODS - 1),
        st.integers(1, LIMIT + 200),
    ),
    max_size=20,
)


@pytest.fixture
def payments() -> list[str]:
    """Four that may be drawn from it. Making them takes longer than anything that is done to them here."""
    return [paid_to_maria(asked(), PaymentState.APPROVED).pk for _ in range(4)]


@pytest.fixture
def standing() -> StandingBudget:
    """Of three weeks, the second of which is now."""
    start = clock.now() - timedelta(days=10)
    request = asked(RequestState.APPROVED, approved_at=clock.now(), next_attempt_at=clock.now())
    budget = StandingBudget.objects.create(
        request=request,
        grant=granted(request, interval="R3/2026-01-01T00:00:00Z/P1W"),
        limit_value=LIMIT,
        largest_value=LIMIT,
        asset_code="MXN",
        asset_scale=2,
        unit=Unit.WEEK,
        count=PERIODS,
        starts_at=start,
        ends_at=start + timedelta(weeks=PERIODS),
    )
    for number in range(PERIODS):
        begins, ends = start + timedelta(weeks=number), start + timedelta(weeks=number + 1)
        BudgetPeriod.objects.create(budget=budget, number=number + 1, starts_at=begins, ends_at=ends, limit_value=LIMIT)
    return budget


@pytest.mark.django_db
@given(steps=STEPS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_period_is_ever_above_its_limit(
    standing: StandingBudget, payments: list[str], steps: list[tuple[str, int, int, int]]
) -> None:
    with transaction.atomic():
        budget = StandingBudget.objects.get(pk=standing.pk)
        drawing = [Payment.objects.get(pk=each) for each in payments]
        for act, whose, period, value in steps:
            _do(act, drawing[whose], budget, period, value)
            assert all(one.reserved_value <= LIMIT for one in budget.periods.all())
            broken = {each.invariant.name for each in violations()}
            assert "within_the_period" not in broken
        transaction.set_rollback(True)


def _do(act: str, payment: Payment, budget: StandingBudget, period: int, value: int) -> None:
    has_draw = hasattr(payment, "draw") and payment.draw.given_back_at is None
    match act:
        case "reserve" if not has_draw:
            chosen = budget.periods.all()[period]
            left = LIMIT - chosen.reserved_value
            assert reserve(payment, chosen, value) == (value <= left)
        case "cover" if hasattr(payment, "draw"):
            covered = cover(payment, value, clock.now())
            payment.draw.refresh_from_db()
            if covered:
                assert (payment.draw.value, payment.draw.given_back_at) == (value, None)
                assert payment.draw.period.number == PERIODS - 1
        case "give_back":
            give_back(payment)
    payment.refresh_from_db()
