"""From asked to quoted: both wallets looked up, a place for the money, and what it costs."""

from datetime import datetime, timedelta
from typing import Any

from ledger import clock
from payments.engine.planning.quote_path import AccessGrants, Plan, quote_or_step
from payments.engine.queries import add_quotes, payments_of
from payments.engine.steps.base import ENGINE, PATIENCE, was_looked_up
from payments.engine.steps.checking import CheckWallet
from payments.engine.transitions import move
from payments.models import Payment, PaymentRequest, StandingBudget, WalletAddress
from payments.models.attempts import debit_of, latest_quote
from payments.models.standing_budgets import budget_of
from payments.openpayments.amounts import LARGEST_VALUE
from payments.states import FINISHED_PAYMENTS, PaymentState, RequestState

#: A person waits for the quote: older than this, nobody does any more.
DEADLINE = timedelta(minutes=10)
#: What a wallet address was, it still is so soon after: unless something fails, it is not looked up for each payment.
REMEMBERED = timedelta(minutes=5)


def plan(request: PaymentRequest, now: datetime) -> Plan:
    plan = Plan()
    payments = payments_of(request)
    if unchecked := _unchecked(request, payments):
        plan.steps = [CheckWallet(request.pk, wallet.pk, wallet.url) for wallet in unchecked]
        return plan
    if problem := _problem(request):
        return _give_up(plan, request, payments, *problem)
    if budget := budget_of(request):
        _limit_is_known(plan, request, budget)
        return plan
    access = AccessGrants(request, now)
    add_quotes(request, payments)
    for payment in payments:
        if payment.state == PaymentState.NEW:
            _quote(plan, access, payment)
    if not any(payment.state == PaymentState.NEW for payment in payments):
        _quoted(plan, request, payments)
    return plan


def _quote(plan: Plan, access: AccessGrants, payment: Payment) -> None:
    """One receiver who can't be paid falls out; the others go on without them."""
    problem = receiver_problem(payment) or _payer_problem(access.request, payment)
    if problem is None and payment.failures >= PATIENCE and payment.retry_at is None:
        # Its wallets were looked up anew since, and are what they were.
        problem = payment.reason, payment.reason_params
    if problem is None and access.now > access.request.changed_at + DEADLINE:
        problem = "wallet_gave_up", {}
    if problem:
        code, params = problem
        move(payment, PaymentState.FAILED, actor=ENGINE, reason=code, reason_params=params)
        plan.moved = True
    elif quote_or_step(plan, access, payment, since=access.request.changed_at):
        move(payment, PaymentState.QUOTED, actor=ENGINE, failures=0, retry_at=None)
        plan.moved = True


def _unchecked(request: PaymentRequest, payments: list[Payment]) -> list[WalletAddress]:
    """The wallets to be looked up before the quote: those that were not lately, or with which something is wrong."""
    wallets = [request.payer_wallet, request.seller.wallet, *(payment.receiver_wallet for payment in payments)]
    distinct = {wallet.pk: wallet for wallet in wallets}
    has_failed = any(payment.failures for payment in payments)
    return [
        wallet
        for wallet in distinct.values()
        if not was_looked_up(wallet, request)
        and (has_failed or not wallet.is_usable or not was_looked_up(wallet, request, REMEMBERED))
    ]


def _problem(request: PaymentRequest) -> tuple[str, dict[str, Any]] | None:
    """Why nobody at all can be paid."""
    payer = request.payer_wallet
    if payer.problem:
        return "payer_wallet", {"problem": {"code": payer.problem, "params": payer.problem_params}}
    if request.seller.wallet.problem:
        return "seller_unusable", {"seller": request.seller_id}
    return None


def receiver_problem(payment: Payment) -> tuple[str, dict[str, Any]] | None:
    """Why this receiver can't be paid, by what their wallet said when it was last looked up."""
    wallet = payment.receiver_wallet
    if wallet.problem:
        problem = {"code": wallet.problem, "params": wallet.problem_params}
        return "receiver_wallet", {"name": payment.receiver_name, "problem": problem}
    if wallet.asset != payment.asset:
        return "other_currency", {
            "name": payment.receiver_name,
            "asset": f"{payment.asset_code}/{payment.asset_scale}",
            "wallet_asset": f"{wallet.asset_code}/{wallet.asset_scale}",
        }
    return None


def _payer_problem(request: PaymentRequest, payment: Payment) -> tuple[str, dict[str, Any]] | None:
    """What the payer is to pay exactly must be in the currency of their wallet."""
    wallet, pays = request.payer_wallet, payment.pays
    if pays is None or pays.asset == wallet.asset:
        return None
    return "other_payer_currency", {
        "name": request.payer_name,
        "asset": f"{pays.asset.code}/{pays.asset.scale}",
        "wallet_asset": f"{wallet.asset_code}/{wallet.asset_scale}",
    }


def _give_up(plan: Plan, request: PaymentRequest, payments: list[Payment], code: str, params: dict[str, Any]) -> Plan:
    for payment in payments:
        if payment.state not in FINISHED_PAYMENTS:
            move(payment, PaymentState.FAILED, actor=ENGINE, reason=code, reason_params=params)
    move(request, RequestState.FAILED, actor=ENGINE, reason=code, reason_params=params, finished_at=clock.now())
    plan.steps.clear()
    plan.moved = True
    return plan


def _quoted(plan: Plan, request: PaymentRequest, payments: list[Payment]) -> None:
    """Every receiver has a quote or fell out: the total is that of those who are left."""
    quoted = [payment for payment in payments if payment.state == PaymentState.QUOTED]
    if not quoted:
        _give_up(plan, request, payments, *_why_nobody(payments))
        return
    debits = [quote.debit for payment in quoted if (quote := latest_quote(payment)) and quote.debit]
    assert len(debits) == len(quoted), "every quoted payment has a debit"
    asset = request.payer_wallet.asset
    if any(debit.asset != asset for debit in debits):
        _give_up(plan, request, payments, "asset_changed", {})
        return
    total = sum(debit_of(payment, quote) for payment in quoted if (quote := latest_quote(payment)))
    if total > LARGEST_VALUE:
        _give_up(plan, request, payments, "sum_too_large", {})
        return
    plan.moved = True
    move(
        request,
        RequestState.QUOTED,
        actor=ENGINE,
        ceiling_debit=total,
        asset_code=asset.code,
        asset_scale=asset.scale,
        failures=0,
        retry_at=None,
    )


def _limit_is_known(plan: Plan, request: PaymentRequest, budget: StandingBudget) -> None:
    """A standing budget pays nobody yet: what its payer is shown is the limit of a period."""
    if request.payer_wallet.asset != budget.asset:
        _give_up(plan, request, [], "asset_changed", {})
        return
    columns = {"ceiling_debit": budget.limit_value, "asset_code": budget.asset_code, "asset_scale": budget.asset_scale}
    move(request, RequestState.QUOTED, actor=ENGINE, **columns, failures=0, retry_at=None)
    plan.moved = True


def _why_nobody(payments: list[Payment]) -> tuple[str, dict[str, Any]]:
    """The reason that all of them share, or that each has its own."""
    first, several = payments[0], len({payment.reason for payment in payments}) > 1
    return ("nobody_left", {}) if several else (first.reason, first.reason_params)
