"""How much of each worker's budget is paid, summed by the database: as `job_payments.remaining_of`, for conditions.

What is paid may be counted in coarser or finer units than the budget is. Whole units of the budget are summed apart
from what is less than one, so whole numbers are enough, and no amount is too large for them.
"""

from typing import Any, Final

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Substr

from jobs.models import Application, OutsidePayout, Payout
from payments.models import OutsidePaymentState
from payments.openpayments.amounts import LARGEST_VALUE
from payments.states import DEAD_PAYMENTS, PAID

#: Powers of ten that fit a column.
MOST_ZEROS: Final = 18
#: Digits of what is less than one unit of the budget: the sum of hundreds fits a column. Of finer money than that, no
#: budget of a thousand units fits one.
FINEST: Final = 16


class _PaidInAll(Subquery):
    """Whole units of the budget, 0 without any; of rows of `whole` units and `part`s of one."""

    output_field = BigIntegerField()
    # Summed in two halves, and never more than a column holds: databases refuse a sum that is larger.
    template = (
        "(SELECT CASE WHEN high > 9223372036 OR (high = 9223372036 AND low > 854775807) THEN 9223372036854775807"
        " ELSE high * 1000000000 + low END"
        " FROM (SELECT high + low / 1000000000 AS high, low - low / 1000000000 * 1000000000 AS low"
        " FROM (SELECT CAST(COALESCE(SUM(whole / 1000000000), 0) AS BIGINT) AS high,"
        " CAST(COALESCE(SUM(whole - whole / 1000000000 * 1000000000), 0) AS BIGINT)"
        " + CAST(COALESCE(SUM(part), 0) AS BIGINT) / 10000000000000000 AS low"
        " FROM (%(subquery)s) AS counted) AS halves) AS carried)"
    )


def paid_so_far() -> Subquery:
    """Of an application: whole units of its job's budget. Less than all is paid if and only if it is below the budget.

    Of a payment that failed with a part, whose payer was to pay exactly an amount, a share that only a larger number
    than the database's could tell counts as nothing.
    """
    paid = _of_wallets().union(_outside(), all=True)
    return _PaidInAll(paid)


def counted_one_by_one() -> Q:
    """Applications of which something was paid in parts of a unit, or arrived of what failed: the rest is no sum."""
    finer = Q(payment__debit_scale=None, payment__asset_scale__gt=OuterRef("job__budget_scale"))
    finer |= Q(payment__debit_scale__gt=OuterRef("job__budget_scale"))
    part = Q(payment__state__in=sorted(DEAD_PAYMENTS), payment__received_value__gt=0)
    over = Payout.objects.filter(application=OuterRef("pk"), payment__state__in=sorted(PAID))
    failed = Payout.objects.filter(part, application=OuterRef("pk"))
    outside = OutsidePayout.objects.filter(
        application=OuterRef("pk"), outside__asset_scale__gt=OuterRef("job__budget_scale")
    )
    return Q(Exists(over.filter(finer))) | Q(Exists(failed)) | Q(Exists(outside))


def _of_wallets() -> QuerySet[Payout, dict[str, int]]:
    """Each payment that is over, as `Payment.worth_arrived` has it."""
    debit = Q(payment__fixed_debit__isnull=False)
    same = Q(debit, payment__debit_code=OuterRef("job__budget_code"))
    same |= Q(payment__fixed_debit=None, payment__asset_code=OuterRef("job__budget_code"))
    counts = Q(payment__state__in=sorted(PAID)) | Q(
        payment__state__in=sorted(DEAD_PAYMENTS), payment__received_value__gt=0
    )
    pays, value, received = F("payment__fixed_debit"), F("payment__value"), F("payment__received_value")
    worth = Case(
        When(payment__state__in=sorted(PAID), then=Coalesce(pays, value)),
        When(payment__fixed_debit=None, then=received),
        When(payment__received_value__gte=value, then=pays),
        # The same share of what the payer fixed, rounded up.
        When(payment__fixed_debit__gt=Value(LARGEST_VALUE) / received, then=Value(0)),
        When(payment__fixed_debit=0, then=Value(0)),
        default=(pays * received - 1) / value + 1,
        output_field=BigIntegerField(),
    )
    scale = Case(When(debit, then=F("payment__debit_scale")), default=F("payment__asset_scale"))
    found = Payout.objects.filter(counts, same, application=OuterRef("pk")).order_by()
    return _in_units(found.annotate(worth=worth, its_scale=scale))


def _outside() -> QuerySet[OutsidePayout, dict[str, int]]:
    """What two people say was paid outside the wallets."""
    confirmed = OutsidePayout.objects.filter(
        application=OuterRef("pk"),
        outside__state=OutsidePaymentState.CONFIRMED,
        outside__asset_code=OuterRef("job__budget_code"),
    )
    return _in_units(confirmed.order_by().annotate(worth=F("outside__value"), its_scale=F("outside__asset_scale")))


def _in_units(rows: QuerySet[Any, Any]) -> QuerySet[Any, dict[str, int]]:
    """`whole` units of the budget, none more than it, and the `part` of one besides, in 10**-FINEST of a unit."""
    budget, scale = OuterRef("job__budget_value"), OuterRef("job__budget_scale")
    finer, coarser = F("its_scale") - scale, scale - F("its_scale")
    whole = Case(
        When(its_scale=scale, then=F("worth")),
        When(its_scale__gt=scale + MOST_ZEROS, then=Value(0)),
        When(its_scale__gt=scale, then=F("worth") / _ten_to(finer)),
        When(worth=0, then=Value(0)),
        When(its_scale__lt=scale - MOST_ZEROS, then=budget),
        When(worth__gt=budget / _ten_to(coarser), then=budget),
        default=F("worth") * _ten_to(coarser),
        output_field=BigIntegerField(),
    )
    rest = F("worth") - F("whole") * _ten_to(finer)
    part = Case(
        When(its_scale__lte=scale, then=Value(0)),
        When(its_scale__gt=scale + MOST_ZEROS, then=Value(0)),
        When(its_scale__gt=scale + FINEST, then=rest / _ten_to(finer - FINEST)),
        default=rest * _ten_to(Value(FINEST) - finer),
        output_field=BigIntegerField(),
    )
    counted: QuerySet[Any, dict[str, int]] = rows.annotate(whole=whole).annotate(part=part).values("whole", "part")
    return counted


def _ten_to(zeros: Combinable) -> Combinable:
    """10 to the power of it, at most of `MOST_ZEROS`: of powers, databases have only such as round."""
    return Cast(Substr(Value(f"1{'0' * MOST_ZEROS}"), 1, zeros + 1), BigIntegerField())


def not_all_paid(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Those of whose budget something is left, with `paid_so_far`."""
    return applications.annotate(paid_so_far=paid_so_far()).filter(paid_so_far__lt=F("job__budget_value"))
