"""Which job a movement of the books belongs to, as an expression of the database: the books know nothing of jobs."""

from typing import Any

from django.db.models import F, IntegerField, Max, Min, OuterRef, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from jobs.models import JobFunding, OutsidePayout, Payout
from payments.models import Refund


def job_of_movement() -> Combinable:
    """The job's primary key; null for what is of no job, and for a fee of several jobs at once.

    A worker's payment, by wallet or outside, is of the job of their application, money to be held of the job that it is
    held for, and what goes back of the job of what it gives back.
    """
    paid = Payout.objects.filter(payment=OuterRef("subject")).values("application__job")
    outside = OutsidePayout.objects.filter(outside=OuterRef("subject")).values("application__job")
    funded = JobFunding.objects.filter(request=OuterRef("request")).values("job")[:1]
    back = Refund.objects.filter(payment=OuterRef("subject"))
    back_of_paid = back.values("of__payout__application__job")
    back_of_funded = back.values("of__request__job_fundings__job")[:1]
    return Coalesce(
        Subquery(paid),
        Subquery(outside),
        Subquery(funded),
        Subquery(back_of_paid),
        Subquery(back_of_funded),
        Subquery(_only_job_of_request()),
        output_field=IntegerField(null=True),
    )


def _only_job_of_request() -> QuerySet[Payout, dict[str, Any]]:
    """A fee is asked for with the workers whom it is for."""
    return (
        Payout.objects.filter(payment__request=OuterRef("request"))
        .order_by()
        .values("payment__request")
        .annotate(one=Min("application__job"), other=Max("application__job"))
        .filter(one=F("other"))
        .values("one")
    )
