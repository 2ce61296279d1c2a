"""What staff and funders do with standing budgets: set up, pay from, pause, resume, stop, compare. No network here.

Every function locks the row of a payment request first, as the engine does: that of the approval, or of the draw.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django_q.tasks import async_task

from ledger import clock
from ledger.api import Actor, record
from payments import rolling_sums
from payments.actions.requests import ADVANCE_TASK, Contact, lock_request
from payments.actions.wallet_proofs import check_proven
from payments.authorisation import why_second_person
from payments.engine import budget_draws
from payments.engine.budget_reservations import wire
from payments.engine.planning.keep_budget import end, wake_draws
from payments.engine.second_person import to_second_person
from payments.engine.transitions import begin
from payments.models import BudgetPeriod, PaymentRequest, Seller, StandingBudget, WalletAddress
from payments.models.grants import GrantKind
from payments.models.requests import APPROVAL_LIFETIME
from payments.models.standing_budgets import Unit
from payments.models.titles import MadeTitle, TitleKind
from payments.openpayments.amounts import Amount, AmountError
from payments.presentation.format_amounts import format_amount
from payments.presentation.languages import supported
from payments.presentation.reasons import Refusal
from payments.risk.answers import NO_ANSWER, RiskAnswer, check_answered
from payments.risk.warnings import unsent_of
from payments.states import GrantState, PaymentState, RequestState

#: Months have 28 days at least: from a later day wallets disagree on when the next period starts.
LAST_DAY = 28
MOST_PERIODS = 60
FARTHEST_START = timedelta(days=366)


@dataclass(frozen=True)
class BudgetTerms:
    """What a funder is asked to allow: at most `limit` in each of `count` periods, from a business day on."""

    limit: Amount
    largest: Amount  # that staff may pay at once
    unit: Unit
    count: int
    starts_on: date

    def bounds(self) -> list[datetime]:
        """The start of each period, and the end of the last."""
        # Not before the day has begun in UTC, too: wallets reckon in UTC, and days 1 to 28 have to stay those days.
        here = datetime.combine(self.starts_on, time(), ZoneInfo(settings.BUSINESS_TIME_ZONE)).astimezone(UTC)
        first = max(here, datetime.combine(self.starts_on, time(), UTC))
        if self.unit == Unit.WEEK:
            return [first + timedelta(weeks=number) for number in range(self.count + 1)]
        months = [first.year * 12 + first.month - 1 + number for number in range(self.count + 1)]
        return [first.replace(year=month // 12, month=month % 12 + 1) for month in months]


def set_up(  # noqa: PLR0913 - the parts of a request
    *,
    payer_wallet: WalletAddress,
    payer: Contact,
    seller: Seller,
    terms: BudgetTerms,
    requested_by: User,
    form_id: str,
    origin_path: str = "",
) -> StandingBudget:
    """Write down what a funder will be asked to allow. The same `form_id` gives the same budget.

    Staff then send it as any payment request. Raises Refusal for terms that no wallet, or not every wallet, keeps.
    """
    if existing := StandingBudget.objects.filter(request__form_id=form_id).first():
        return existing
    if seller.retired_at:
        raise Refusal("seller_retired", seller=seller.name)
    _check(payer_wallet, payer, terms)
    now, bounds, title = clock.now(), terms.bounds(), _title(terms)
    request = PaymentRequest(
        title=title.written_in(supported(payer.language)),
        title_made_of=title.to_json(),
        origin_path=origin_path,
        seller=seller,
        payer_wallet=payer_wallet,
        payer_name=payer.name,
        payer_email=payer.email,
        payer_language=payer.language,
        payer_key=payer.key,
        payer_details=dict(payer.details),
        requested_by=requested_by,
        form_id=form_id,
        expires_at=now + APPROVAL_LIFETIME,
        next_attempt_at=now,
    )
    budget = StandingBudget(
        request=request,
        limit_value=terms.limit.value,
        largest_value=terms.largest.value,
        asset_code=terms.limit.asset.code,
        asset_scale=terms.limit.asset.scale,
        unit=terms.unit,
        count=terms.count,
        starts_at=bounds[0],
        ends_at=bounds[-1],
    )
    try:
        with transaction.atomic():
            begin(request, actor=Actor.staff(requested_by.pk))
            budget.save(force_insert=True)
            BudgetPeriod.objects.bulk_create(
                BudgetPeriod(budget=budget, number=number, starts_at=start, ends_at=stop, limit_value=terms.limit.value)
                for number, (start, stop) in enumerate(pairwise(bounds), 1)
            )
            periods = [str(pk) for pk in budget.periods.values_list("pk", flat=True)]
            _tell(budget, "budget.set_up", Actor.staff(requested_by.pk), period=periods)
            async_task(ADVANCE_TASK, request.pk)
    except IntegrityError:
        return StandingBudget.objects.get(request__form_id=form_id)
    return budget


def _check(payer_wallet: WalletAddress, payer: Contact, terms: BudgetTerms) -> None:
    if not payer.email:
        raise Refusal("no_email", name=payer.name)
    if not payer_wallet.is_known:
        raise Refusal("wallet_not_checked", name=payer.name)
    if payer_wallet.asset != terms.limit.asset:
        raise Refusal("asset_changed")
    if terms.limit.value <= 0 or terms.largest.value <= 0:
        raise Refusal("nothing_to_pay")
    if terms.largest.value > terms.limit.value:
        raise Refusal("budget_largest_above_limit", limit=format_amount(terms.limit))
    if not 1 <= terms.count <= MOST_PERIODS:
        raise Refusal("budget_count", most=str(MOST_PERIODS))
    today = business_day()
    if terms.starts_on < today:
        raise Refusal("budget_in_the_past")
    if terms.starts_on > today + FARTHEST_START:
        raise Refusal("budget_too_far")
    if terms.starts_on.day > LAST_DAY:
        raise Refusal("budget_day", last=str(LAST_DAY))


def business_day() -> date:
    """Today, where the business is."""
    return clock.now().astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).date()


def _title(terms: BudgetTerms) -> MadeTitle:
    kind = TitleKind.WEEKLY_BUDGET if terms.unit == Unit.WEEK else TitleKind.MONTHLY_BUDGET
    return MadeTitle((kind,), format_amount(terms.limit, "en"))


def for_request(request: PaymentRequest) -> QuerySet[StandingBudget]:
    """The approved budgets that could pay `request`, paused ones too: same payer, seller and currency."""
    return of(request.payer_wallet).filter(
        request__state=RequestState.APPROVED,
        request__seller=request.seller_id,
        asset_code=request.asset_code,
        asset_scale=request.asset_scale,
    )


def of(payer_wallet: WalletAddress) -> QuerySet[StandingBudget]:
    """Every budget in the wallet's currency, whatever became of it, oldest first."""
    found = StandingBudget.objects.filter(
        request__payer_wallet=payer_wallet, asset_code=payer_wallet.asset_code, asset_scale=payer_wallet.asset_scale
    )
    return found.select_related("request__seller", "grant").prefetch_related("periods").order_by("created_at")


def most_left(found: Iterable[StandingBudget]) -> StandingBudget | None:
    """The one to offer: that has the most left now, the oldest of those that have as much; a paused one last."""
    return max(found, key=_left, default=None)


def _left(budget: StandingBudget) -> tuple[bool, int]:
    period = budget.period_at(clock.now())
    return budget.paused_at is None, period.left.value if period else -1


def check_beforehand(request: PaymentRequest, budget: StandingBudget) -> None:
    """Raises Refusal for what `budget` surely does not pay, before a wallet was asked what it costs."""
    budget_draws.check_budget(request, budget, clock.now())
    wanted, period = asked_for(request), budget.period_at(clock.now())
    if wanted is None or period is None:
        return
    if wanted > budget.largest_value:
        raise Refusal("budget_too_large", largest=format_amount(budget.largest))
    if wanted > period.left.value:
        raise budget_draws.too_little_left(period)


def asked_for(request: PaymentRequest) -> int | None:
    """What it takes by the amounts asked for, in minor units of the payer's currency.

    None when a receiver has another currency, so that only the wallet knows. Its fee may come on top.
    """
    asset, total = request.payer_wallet.asset, 0
    for payment in request.payments.all():
        amount = payment.pays or payment.amount
        if amount.asset.code != asset.code:
            return None
        try:
            total += amount.rescaled(asset.scale).value
        except AmountError:
            return None
    return total


def is_as_asked(request: PaymentRequest) -> bool:
    """The quote takes no more than the amounts asked for, and pays everybody: who asked has seen all there is."""
    wanted = asked_for(request)
    if wanted is None or request.ceiling_debit is None or request.ceiling_debit > wanted:
        return False
    return not request.payments.exclude(state=PaymentState.QUOTED).exists()


@transaction.atomic
def draw(request_id: str, budget_id: str, *, by: User, answer: RiskAnswer = NO_ANSWER) -> PaymentRequest:
    """Pay a quoted request from a budget. Where a rule asks for a second person, they authorise that first.

    Raises Refusal when the budget does not pay it, or a warning still has to be answered; nothing is lost, and it can
    be asked for in the ordinary way.
    """
    request = lock_request(request_id)
    if request.state != RequestState.QUOTED:
        raise Refusal("not_now", state=str(RequestState(request.state).label))
    budget = StandingBudget.objects.select_related("request", "grant").get(pk=budget_id)
    payments = list(request.payments.filter(state=PaymentState.QUOTED).prefetch_related("quotes"))
    actor = Actor.staff(by.pk)
    check_proven(request)
    check_answered(unsent_of(request.pk), answer, by=by)
    rolling_sums.hold(request.requested_by_id)
    if because := why_second_person(request, to_draw=True):
        budget_draws.check(request, budget, payments, clock.now())
        to_second_person(request, because, actor=actor, budget=budget)
    else:
        budget_draws.start(request, budget, payments, actor)
        async_task(ADVANCE_TASK, request.pk)
    return request


@transaction.atomic
def pause(budget_id: str, *, by: User) -> None:
    """Nothing is paid from it until it is resumed. What was ordered goes on."""
    budget = _lock_budget(budget_id)
    if budget.paused_at is None:
        StandingBudget.objects.filter(pk=budget.pk).update(paused_at=clock.now())
        _tell(budget, "budget.paused", Actor.staff(by.pk))


@transaction.atomic
def resume(budget_id: str, *, by: User) -> None:
    budget = _lock_budget(budget_id)
    if budget.paused_at is not None:
        wake_draws(budget)
        StandingBudget.objects.filter(pk=budget.pk).update(paused_at=None, resumed_at=clock.now())
        _tell(budget, "budget.resumed", Actor.staff(by.pk))


@transaction.atomic
def stop(budget_id: str, *, by: User) -> None:
    """End it for good. The engine gives the approval back at the wallet; what was ordered goes on."""
    _stop(budget_id, Actor.staff(by.pk), "budget_stopped")


@transaction.atomic
def stop_by_payer(budget_id: str) -> None:
    """The funder ends it, from their link."""
    request_id = StandingBudget.objects.values_list("request_id", flat=True).get(pk=budget_id)
    _stop(budget_id, Actor.payer(request_id), "budget_stopped_by_payer")


def _stop(budget_id: str, actor: Actor, reason: str) -> None:
    budget = _lock_budget(budget_id)
    end(budget.request, RequestState.CANCELLED, reason, actor=actor, now=clock.now())
    async_task(ADVANCE_TASK, budget.request_id)


@transaction.atomic
def compare(budget_id: str) -> None:
    """Have the payer's wallet say, at the next look, what it counts as spent in the current period."""
    budget = _lock_budget(budget_id)
    budget.request.grants.filter(kind=GrantKind.OUTGOING, state=GrantState.ACTIVE).update(asks_spent=True)


def _lock_budget(budget_id: str) -> StandingBudget:
    """The budget, the request of its approval locked until the transaction ends. Raises Refusal once it is over."""
    request = lock_request(StandingBudget.objects.values_list("request_id", flat=True).get(pk=budget_id))
    budget = StandingBudget.objects.get(pk=budget_id)
    budget.request = request
    if request.state != RequestState.APPROVED:
        raise Refusal("budget_not_active", state=str(budget.state.label))
    return budget


def _tell(budget: StandingBudget, kind: str, actor: Actor, **also: list[str]) -> None:
    record(
        kind,
        actor=actor,
        subjects={"budget": budget.pk, "request": budget.request_id, **also},
        data={"limit": wire(budget.limit_value, budget), "interval": budget.interval},
    )
