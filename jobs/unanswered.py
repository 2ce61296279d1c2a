"""Failed payment requests about which nobody has done anything yet. Reads only.

One is answered when the same was asked for again, or paid outside, or need not be paid any more: its worker was let go,
or its job is over. Time answers nothing.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from jobs.funding import PAYABLE
from jobs.models import ApplicationStatus, JobFunding, OutsidePayout, Payout
from payments.models import OutsidePaymentState, PaymentRequest, Refund, StandingBudget
from payments.states import DEAD_PAYMENTS, RequestState


def unanswered() -> Q:
    """The condition on payment requests."""
    left = (_workers().values("payment__request"), _held().values("request"))
    more = (_refunds().values("payment__request"), _budgets().values("request"))
    found = Q()
    for requests in (*left, *more):
        found |= Q(pk__in=requests)
    return Q(state=RequestState.FAILED) & found


def _workers() -> QuerySet[Payout]:
    """Of workers who are still to be paid, the last attempt."""
    counts = (OutsidePaymentState.WAITING, OutsidePaymentState.CONFIRMED)
    outside = OutsidePayout.objects.filter(outside__state__in=counts, **_later("application"))
    again = Payout.objects.filter(**_later("application"))
    needed = {"application__status": ApplicationStatus.SELECTED, "application__job__status__in": PAYABLE}
    found = Payout.objects.order_by().filter(payment__state__in=DEAD_PAYMENTS, **needed)
    return found.filter(~Exists(again), ~Exists(outside))


def _held() -> QuerySet[JobFunding]:
    """Of a whole job's money, the last attempt."""
    again = JobFunding.objects.filter(**_later("job"))
    direct = Payout.objects.filter(application__job=OuterRef("job"), created_at__gt=OuterRef("created_at"))
    found = JobFunding.objects.order_by().filter(job__status__in=PAYABLE)
    return found.filter(~Exists(again), ~Exists(direct))


def _refunds() -> QuerySet[Refund]:
    again = Refund.objects.filter(**_later("of"))
    return Refund.objects.order_by().filter(~Exists(again))


def _budgets() -> QuerySet[StandingBudget]:
    """What was to be allowed by the same funder to the same seller, the last attempt."""
    parties = {f"request__{name}": OuterRef(f"request__{name}") for name in ("payer_wallet", "seller")}
    again = StandingBudget.objects.filter(**parties, created_at__gt=OuterRef("created_at"))
    return StandingBudget.objects.order_by().filter(~Exists(again))


def _later(of: str) -> dict[str, OuterRef]:
    return {of: OuterRef(of), "created_at__gt": OuterRef("created_at")}


def failures() -> QuerySet[PaymentRequest]:
    """Payment requests that failed, and that are not answered."""
    return PaymentRequest.objects.filter(unanswered())
