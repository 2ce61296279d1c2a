"""Standing budgets: a funder approves once a limit per period, and staff pay from it without asking again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import Dated, amount_of, asset_code_field, asset_scale_field, ulid_field, value_field
from payments.models.grants import Grant
from payments.models.payments import Payment
from payments.models.requests import PaymentRequest
from payments.openpayments.amounts import Amount, Asset
from payments.states import RequestState

#: The wallet counts a payment in the period that it is made in, by its own clock. Nothing is reserved in a period that
#: ends sooner than this, so that no order slips into the next.
BEFORE_THE_END = timedelta(minutes=10)
#: Nor so soon after one began: a wallet whose clock is a little behind still counts in the one before.
AFTER_THE_START = timedelta(seconds=30)


class Unit(models.TextChoices):
    WEEK = "week", _("week")
    MONTH = "month", _("month")


class BudgetState(models.TextChoices):
    """How a budget stands. Not a column: it follows from the request by which it was approved, and from its pause."""

    DRAFT = "draft", _("Being set up")
    ASKED = "asked", _("Waiting for the funder")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")
    ENDED = "ended", _("Ended")
    EXPIRED = "expired", _("Not approved in time")
    REFUSED = "refused", _("Refused")


class StandingBudget(Dated):
    """At most `limit_value` in each of `count` periods. Payer, contact, seller and who asked stand in its request."""

    id = ulid_field(verbose_name=_("standing budget"))
    request = models.OneToOneField(
        PaymentRequest, verbose_name=_("approval"), on_delete=models.PROTECT, related_name="standing_budget"
    )
    grant = models.OneToOneField(
        Grant, verbose_name=_("grant"), on_delete=models.PROTECT, null=True, related_name="standing_budget"
    )
    limit_value = value_field(verbose_name=_("limit per period"))
    asset_code = asset_code_field()
    asset_scale = asset_scale_field()
    unit = models.CharField(_("period"), max_length=8, choices=Unit)
    count = models.PositiveSmallIntegerField(_("number of periods"))
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    largest_value = value_field(verbose_name=_("largest single payment"))
    paused_at = models.DateTimeField(_("paused"), null=True, editable=False)
    # From then on what waited meanwhile has its whole time to be sent.
    resumed_at = models.DateTimeField(_("resumed"), null=True, editable=False)
    # The wallet refused a payment that fits by our books: it counts otherwise.
    disagreed_at = models.DateTimeField(_("the wallet disagreed"), null=True, editable=False)

    class Meta:
        verbose_name = _("standing budget")
        verbose_name_plural = _("standing budgets")
        ordering = ["-created_at", "-id"]
        permissions = [
            ("draw_standingbudget", _("Can pay from standing budgets")),
            ("manage_standingbudget", _("Can pause, resume and stop standing budgets")),
        ]

    def __str__(self) -> str:
        return f"{self.request.payer_name} ({self.id})"

    @property
    def asset(self) -> Asset:
        return Asset(self.asset_code, self.asset_scale)

    @property
    def limit(self) -> Amount:
        return Amount(self.limit_value, self.asset)

    @property
    def largest(self) -> Amount:
        return Amount(self.largest_value, self.asset)

    @property
    def interval(self) -> str:
        """As Open Payments writes it: exactly three parts, the start in UTC."""
        duration = "P1W" if self.unit == Unit.WEEK else "P1M"
        return f"R{self.count}/{self.starts_at:%Y-%m-%dT%H:%M:%SZ}/{duration}"

    @property
    def state(self) -> BudgetState:
        """Reads the request."""
        match RequestState(self.request.state):
            case RequestState.APPROVED:
                return BudgetState.PAUSED if self.paused_at else BudgetState.ACTIVE
            case RequestState.AWAITING_APPROVAL:
                return BudgetState.ASKED
            case RequestState.CANCELLED:
                return BudgetState.STOPPED
            case RequestState.EXPIRED:
                return BudgetState.ENDED if self.request.approved_at else BudgetState.EXPIRED
            case RequestState.FAILED | RequestState.DECLINED:
                return BudgetState.REFUSED
            case RequestState.QUOTING | RequestState.QUOTED | RequestState.AWAITING_AUTHORISATION:
                return BudgetState.DRAFT
            case RequestState.SETTLED | RequestState.SETTLED_IN_PART | RequestState.SETTLED_OUTSIDE:
                raise AssertionError("a budget's own request pays nobody, so it never settles")
            case never:
                assert_never(never)

    def period_at(self, when: datetime) -> BudgetPeriod | None:
        """The period that `when` falls into. Reads `periods`, which are all there from the beginning."""
        return next((one for one in self.periods.all() if one.starts_at <= when < one.ends_at), None)


class BudgetPeriod(models.Model):
    """One period of a budget: what is reserved in it never exceeds its limit, however many reserve at once."""

    budget = models.ForeignKey(StandingBudget, on_delete=models.PROTECT, related_name="periods")
    number = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    limit_value = value_field()
    reserved_value = value_field(default=0)

    class Meta:
        verbose_name = _("period of a standing budget")
        verbose_name_plural = _("periods of standing budgets")
        ordering = ["budget", "number"]
        constraints = [
            models.UniqueConstraint(fields=["budget", "number"], name="one_period_per_number"),
            # Kept by a conditional update; this notices whoever forgets it.
            models.CheckConstraint(
                condition=models.Q(reserved_value__lte=models.F("limit_value")), name="reserved_within_the_limit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget_id} {self.number}"

    @property
    def reserved(self) -> Amount:
        return Amount(self.reserved_value, self.budget.asset)

    @property
    def left(self) -> Amount:
        return Amount(self.limit_value - self.reserved_value, self.budget.asset)


class Draw(Dated):
    """What one payment reserves of a period. Given back when the payment ended without money; kept as a row."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, primary_key=True, related_name="draw")
    period = models.ForeignKey(BudgetPeriod, on_delete=models.PROTECT, related_name="draws")
    value = value_field(verbose_name=_("reserved"))
    given_back_at = models.DateTimeField(_("given back"), null=True)

    class Meta:
        verbose_name = _("payment from a standing budget")
        verbose_name_plural = _("payments from standing budgets")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.payment_id} ({self.value})"

    @property
    def amount(self) -> Amount | None:
        budget = self.period.budget
        return amount_of(self.value, budget.asset_code, budget.asset_scale)


def budget_of(request: PaymentRequest) -> StandingBudget | None:
    """The standing budget that `request` asks for, or was approved for; None for one that asks for payments."""
    return getattr(request, "standing_budget", None)
