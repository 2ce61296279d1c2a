"""What is owed to workers whose work is accepted, and that nobody was asked for yet: by currency, and for how long.

It is what *Ready to pay* lists, summed by the database; only of whoever got a part by a payment that then failed, or in
finer units than the budget has, each is reckoned by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When

from jobs import job_payments, payables
from jobs.deadlines import AWAKE
from jobs.models import Application, Job, Submission, SubmissionStatus
from jobs.paid_so_far import counted_one_by_one
from jobs.to_do import ready_to_pay
from ledger import clock
from ledger.books.ages import BANDS, AgeBand
from ledger.books.sums import HALF, Total


@dataclass(frozen=True)
class OwedSum:
    """How much is owed to how many workers, since about as long."""

    band: AgeBand
    count: int
    total: Total


def owed_workers(band: AgeBand | None = None) -> QuerySet[Application]:
    """Those of one age, or all: `since` their work was accepted."""
    accepted = Submission.objects.filter(application=OuterRef("pk"), status=SubmissionStatus.ACCEPTED)
    found = ready_to_pay(Application.objects.filter(job__in=Job.objects.filter(status__in=AWAKE)))
    found = found.annotate(since=Subquery(accepted.order_by("changed_at").values("changed_at")[:1]))
    return found.filter(_aged(band, clock.now())) if band else found


def owed_sums() -> list[OwedSum]:
    """By currency and age, none of nothing: two queries, and a few more where somebody got a part."""
    now, workers = clock.now(), owed_workers()
    sums: dict[tuple[AgeBand, str], OwedSum] = {}
    alone = counted_one_by_one()
    for one in (*_whole(workers.filter(~alone), now), *_each(workers.filter(alone), now)):
        known = sums.get((one.band, one.total.code), OwedSum(one.band, 0, Total(one.total.code, 0, 0)))
        sums[one.band, one.total.code] = OwedSum(one.band, known.count + one.count, known.total + one.total)
    return list(sums.values())


def _whole(workers: QuerySet[Application], now: datetime) -> Iterator[OwedSum]:
    by_code = {band.code: band for band in BANDS}
    of_age = Case(*(When(_aged(band, now), then=Value(band.code)) for band in BANDS), output_field=CharField())
    left = F("job__budget_value") - F("paid_so_far")
    rows: QuerySet[Any, Any] = workers.order_by().annotate(band=of_age, left=left)
    rows = rows.values("band", "job__budget_code", "job__budget_scale")
    for row in rows.annotate(number=Count("pk"), high=Sum(F("left") / HALF), low=Sum(F("left") % HALF)):
        value = int(row["high"]) * HALF + int(row["low"])
        total = Total(row["job__budget_code"], row["job__budget_scale"], value)
        yield OwedSum(by_code[row["band"]], row["number"], total)


def _each(workers: QuerySet[Any, Any], now: datetime) -> Iterator[OwedSum]:
    ages = dict(workers.values_list("pk", "since"))
    for row in payables.with_money(Application.objects.filter(pk__in=ages)):
        left = job_payments.remaining_of(row.job.budget, row)
        band = next(band for band in BANDS if band.has(ages[row.pk], now))
        yield OwedSum(band, 1, Total(left.asset.code, left.asset.scale, left.value))


def _aged(band: AgeBand, now: datetime) -> Q:
    first, last = band.since(now)
    after = Q(since__gt=first) if first else Q()
    return after & Q(since__lte=last) if last else after
