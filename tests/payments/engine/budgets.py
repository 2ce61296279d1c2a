"""Standing budgets, set up and approved, for the tests of the engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from ledger import clock
from payments.actions import standing_budgets
from payments.actions.standing_budgets import BudgetTerms
from payments.models import BudgetPeriod, PaymentRequest, StandingBudget
from payments.models.standing_budgets import Unit
from payments.openpayments.amounts import Amount
from payments.presentation.reasons import Refusal
from payments.states import RequestState
from tests.driver import SOL, Stage

DAY = 24 * 3600


def first_day() -> date:
    """Today, or the first day of the next month while today is too late in it."""
    today = clock.now().astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).date()
    return (
        today if today.day <= standing_budgets.LAST_DAY else (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    )


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.code == code


def set_up(stage: Stage, limit: str = "500.00", **changes: Any) -> StandingBudget:
    wallet = stage.payer
    stage.asked += 1
    terms = {"largest": "500.00", "unit": Unit.MONTH, "count": 3, "starts_on": first_day(), **changes}
    terms["limit"] = Amount.from_major(limit, wallet.asset)
    terms["largest"] = Amount.from_major(terms["largest"], wallet.asset)
    return standing_budgets.set_up(
        payer_wallet=wallet,
        payer=SOL,
        seller=stage.seller,
        terms=BudgetTerms(**terms),
        requested_by=stage.staff,
        form_id=f"budget-{stage.asked}",
    )


def sent(stage: Stage, limit: str = "500.00", **changes: Any) -> StandingBudget:
    budget = set_up(stage, limit, **changes)
    stage.send(budget.request)
    return again(budget)


def active(stage: Stage, limit: str = "500.00", **changes: Any) -> StandingBudget:
    """Approved by its funder in their wallet."""
    budget = sent(stage, limit, **changes)
    assert stage.settle(budget.request).state == RequestState.APPROVED
    return again(budget)


def again(budget: StandingBudget) -> StandingBudget:
    """As it is now."""
    return StandingBudget.objects.select_related("request", "grant").get(pk=budget.pk)


def drawn(stage: Stage, budget: StandingBudget, amount: str = "100.00", **changes: Any) -> PaymentRequest:
    """Approved out of the budget; nothing was ordered yet."""
    return standing_budgets.draw(stage.quoted(amount=amount, **changes).pk, budget.pk, by=stage.staff)


def reserved(budget: StandingBudget) -> list[int]:
    """Of each period, in minor units."""
    return list(BudgetPeriod.objects.filter(budget=budget).order_by("number").values_list("reserved_value", flat=True))
