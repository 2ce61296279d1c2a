"""Of standing budgets: by the wallets' own books never above a period's limit, and reserved is what it took."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db.models import QuerySet

from payments.models import BudgetPeriod, Draw, OutgoingPayment, StandingBudget
from payments.states import FINISHED_PAYMENTS
from tests.chaos.books import Outgoing


def above_a_limit(outgoing: Sequence[Outgoing]) -> Iterator[str]:
    """Periods in which a payer was charged more than they allowed. None at any moment."""
    by_order = {order.attempt: order for order in outgoing}
    for budget in _budgets():
        orders = OutgoingPayment.objects.filter(grant=budget.grant).order_by("created_at", "id")
        made = [by_order[pk] for pk in orders.values_list("pk", flat=True) if pk in by_order]
        within = 0
        for period in budget.periods.all():
            charged = sum(order.charged for order in made if _is_in(order, period))
            within += charged
            if charged > period.limit_value:
                yield f"{_name(period)}: {charged} charged, {period.limit_value} allowed"
        if everything := sum(order.charged for order in made) - within:
            yield f"{budget.pk}: {everything} charged outside all of its periods"


def reserved_is_what_it_took(outgoing: Sequence[Outgoing]) -> Iterator[str]:
    """At rest: what a payment from a budget reserves is what its wallet counts, in the same period."""
    by_order = {order.attempt: order for order in outgoing}
    made: dict[str, list[Outgoing]] = defaultdict(list)
    for pk, payment_id, grant_id in OutgoingPayment.objects.values_list("pk", "payment_id", "grant_id"):
        if pk in by_order:
            made[f"{payment_id} {grant_id}"].append(by_order[pk])
    odd = set()
    for draw in Draw.objects.select_related("payment", "period__budget").order_by("created_at", "payment_id"):
        budget = draw.period.budget
        orders = made[f"{draw.payment_id} {budget.grant_id}"]
        yield from _of(draw, orders)
        if _is_odd(draw, orders):
            odd.add(budget.pk)
    # The wallet is the last to say no; what is reserved here is to be refused here.
    for budget in _budgets().exclude(disagreed_at=None).exclude(pk__in=odd):
        yield f"budget {budget.pk}: its wallet refused what fits by our books"


def _of(draw: Draw, made: Sequence[Outgoing]) -> Iterator[str]:
    reserved = 0 if draw.given_back_at else draw.value
    charged, counted = sum(order.charged for order in made), sum(order.counted for order in made)
    told = f"{_name(draw.period)}, {draw.payment.receiver_name} ({draw.payment.state})"
    if charged > reserved:
        yield f"{told}: {charged} charged, {reserved} reserved"
    is_over = draw.payment.state in FINISHED_PAYMENTS
    if is_over and reserved and not draw.payment.received_value and not charged:
        yield f"{told}: {reserved} reserved for what came to nothing"
    if not _is_odd(draw, made) and counted != reserved:
        yield f"{told}: {counted} counted by the wallet, {reserved} reserved"
    if any(order.charged and not _is_in(order, draw.period) for order in made):
        yield f"{told}: charged in another period"


def _is_odd(draw: Draw, made: Sequence[Outgoing]) -> bool:
    """Nobody knows yet what became of it and it stays reserved; or wallets count it in ways of their own.

    That is so when somebody else paid, or when the wallet ended what it had not delivered.
    """
    by_us = sum(order.delivered for order in made)
    undelivered = any(order.delivered < order.receive and order.counted for order in made)
    unclear = draw.payment.state not in FINISHED_PAYMENTS
    return unclear or draw.payment.received_value != by_us or undelivered


def _budgets() -> QuerySet[StandingBudget]:
    return StandingBudget.objects.exclude(grant=None).prefetch_related("periods").order_by("created_at", "id")


def _is_in(order: Outgoing, period: BudgetPeriod) -> bool:
    return period.starts_at <= order.created_at < period.ends_at


def _name(period: BudgetPeriod) -> str:
    return f"budget {period.budget_id}, period {period.number}"
