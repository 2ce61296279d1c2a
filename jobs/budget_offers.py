"""A funder's standing budget: asked of the member as they are now, and what pays for jobs. No network here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from jobs.contacts import payer_of
from jobs.funding import fund, paid_jobs, record_refusal
from jobs.models import Application, Job, Member
from jobs.payables import default_seller
from jobs.wallet_changes import check_settled
from ledger import clock
from payments.actions import standing_budgets
from payments.actions.requests import lock_request
from payments.actions.standing_budgets import BudgetTerms
from payments.engine import budget_draws
from payments.models import PaymentRequest, Seller, StandingBudget
from payments.models.standing_budgets import BudgetState
from payments.openpayments.amounts import Amount
from payments.presentation import budget_summary
from payments.presentation.amount_rows import AmountRow
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal
from payments.risk.answers import NO_ANSWER, RiskAnswer
from payments.states import RequestState


def set_up_budget(
    member: Member, terms: BudgetTerms, seller: Seller | None = None, *, by: User, form_id: str
) -> StandingBudget:
    """Write down what `member` will be asked to allow, by the default seller unless another. Raises Refusal."""
    if member.wallet is None:
        raise Refusal("payer_without_wallet", name=member.name)
    check_settled(member)
    asks = seller or default_seller()
    if asks is None:
        raise Refusal("budget_no_seller")
    return standing_budgets.set_up(
        payer_wallet=member.wallet,
        payer=payer_of(member),
        seller=asks,
        terms=terms,
        requested_by=by,
        form_id=form_id,
        origin_path=reverse("admin:jobs_member_change", args=[member.pk]),
    )


@dataclass(frozen=True)
class BudgetOffer:
    """A standing budget as staff are shown it before they ask. With a `problem` it pays nothing now."""

    budget: StandingBudget
    every: str
    rows: list[AmountRow]
    left: str
    until: str
    problem: str


def offers(funder: Member, sellers: Iterable[Seller]) -> list[BudgetOffer]:
    """Of each seller the budget that has the most left; where none stands, the newest that did, with why not."""
    found = list(standing_budgets.of(funder.wallet)) if funder.wallet and funder.wallet.is_known else []
    best = []
    for seller in sellers:
        own = [budget for budget in found if budget.request.seller_id == seller.pk]
        standing_now = [budget for budget in own if budget.request.state == RequestState.APPROVED]
        over = [budget for budget in own if budget.state in {BudgetState.STOPPED, BudgetState.ENDED}]
        if budget := standing_budgets.most_left(standing_now) or next(reversed(over), None):
            best.append(_offer(budget))
    return best


def _offer(budget: StandingBudget) -> BudgetOffer:
    period, refusal = budget_summary.current(budget), budget_draws.why_not(budget, clock.now())
    return BudgetOffer(
        budget=budget,
        every=budget_summary.every(budget),
        rows=[*budget_summary.rows_of(budget, period), budget_summary.largest(budget)],
        left=format_amount(period.left) if period else "",
        until=budget_summary.last_day(period.ends_at) if period else "",
        problem=str(refusal or ""),
    )


def ask_within(  # noqa: PLR0913 - the parts of an ask
    jobs: Sequence[Job],
    receivers: Sequence[Application],
    budget: StandingBudget,
    *,
    by: User,
    form_id: str,
    seen: Mapping[int, str] | None = None,
    parts: Mapping[int, Amount] | None = None,
) -> PaymentRequest:
    """As `fund`, for workers whom `budget` is to pay. Refused before anything is written where it surely can't."""
    try:
        with transaction.atomic():
            made = fund(jobs, receivers, budget.request.seller, by=by, form_id=form_id, seen=seen, parts=parts)
            if made.state == RequestState.QUOTING:
                standing_budgets.check_beforehand(made, budget)
    except Refusal as refusal:
        with transaction.atomic():
            record_refusal(paid_jobs(jobs, receivers), receivers, refusal, by)
        raise
    return made


def pay_as_asked(
    request_id: str, budget: StandingBudget, *, by: User, answer: RiskAnswer = NO_ANSWER
) -> PaymentRequest:
    """Pay the quoted request from `budget` if it costs what was asked for. Otherwise a person looks at the cost first.

    `answer` is what `by` says to its warnings. Pressed twice, the second does nothing. Raises Refusal.
    """
    with transaction.atomic():
        request = lock_request(request_id)
        if request.state == RequestState.QUOTED and standing_budgets.is_as_asked(request):
            return standing_budgets.draw(request_id, budget.pk, by=by, answer=answer)
    return request
