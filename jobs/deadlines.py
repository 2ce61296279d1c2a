"""A job's three deadlines: in order, not in the past when they are set, and what is overdue."""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Final

from django.db.models import Q
from django.utils.text import capfirst

from jobs.models import Job, JobStatus
from jobs.reasons import JobRefusal
from ledger import clock
from payments.presentation.dates import moment

#: In the order in which they come.
DEADLINES: Final = ("recruit_deadline", "submit_deadline", "expires_at")
#: A later day is a slip of the hand, and the very last ones can't be said in every time zone.
LAST_YEAR: Final = 2199
#: Nobody waits for a job in these.
AT_REST: Final = frozenset({JobStatus.DRAFT, JobStatus.COMPLETE, JobStatus.EXPIRED, JobStatus.CANCELED})
#: Named one by one, so that an index finds the few jobs that are in them.
AWAKE: Final = sorted(set(JobStatus) - AT_REST)


def of(job: Job) -> dict[str, datetime | None]:
    return {name: getattr(job, name) for name in DEADLINES}


def check_order(given: Mapping[str, datetime | None]) -> None:
    """Raises JobRefusal, with the `field` that is wrong, unless each comes after the one before it."""
    there = [(name, when) for name in DEADLINES if (when := given.get(name))]
    for (earlier, before), (later, after) in pairwise(there):
        if after <= before:
            raise JobRefusal("deadline_order", field=later, later=label(later), earlier=label(earlier))


def check_ahead(given: Mapping[str, datetime | None]) -> None:
    """Raises JobRefusal, with the `field` that is wrong, when one of them has passed."""
    now = clock.now()
    for name in DEADLINES:
        when = given.get(name)
        if when and when.year > LAST_YEAR:
            raise JobRefusal("deadline_too_far", field=name, deadline=label(name))
        if when and when <= now:
            raise JobRefusal("deadline_passed", field=name, deadline=label(name), when=moment(when))


def overdue(now: datetime | None = None) -> Q:
    """Jobs that should have moved on by `now`. The sweep moves those that nothing holds; the others wait for staff."""
    now = now or clock.now()
    passed = Q(status=JobStatus.RECRUITING, recruit_deadline__lte=now)
    passed |= Q(status=JobStatus.SUBMITTING, submit_deadline__lte=now)
    return passed | Q(status__in=AWAKE, expires_at__lte=now)


def next_of(job: Job) -> datetime | None:
    """The deadline that ends what the job waits for now, be it past; None where there is none, or nobody waits."""
    own = {JobStatus.RECRUITING: job.recruit_deadline, JobStatus.SUBMITTING: job.submit_deadline}
    if job.status in AT_REST:
        return None
    return min((when for when in (own.get(JobStatus(job.status)), job.expires_at) if when), default=None)


def overdue_since(job: Job) -> datetime | None:
    """The deadline that passed while the job stayed where it is; None when it is not overdue."""
    when = next_of(job)
    return when if when and when <= clock.now() else None


def label(name: str) -> str:
    """What the form calls a deadline."""
    field = Job._meta.get_field(name)  # noqa: SLF001 - Django's public name
    return capfirst(str(getattr(field, "verbose_name", name)))
