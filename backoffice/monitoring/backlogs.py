"""What waits, and for how long: few statements, each over rows that are not done with, however many are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from django_q.models import OrmQ

from ledger import clock
from payments.mail.quiet_hours import CAN_WAIT
from payments.models import Message, PaymentRequest, WebhookDelivery
from payments.models.messages import MessageState
from payments.models.webhooks import DeliveryState

#: What was given up longer ago than this is history.
LATELY: Final = timedelta(days=7)
#: The sweep of a worker takes what is due within seconds. What waits longer says that nobody is at it.
LATE_SECONDS: Final = 120
#: Mail is tried again after a minute and after five: what is older met a server that is down.
LATE_MAIL_SECONDS: Final = 15 * 60


@dataclass(frozen=True)
class Backlogged:
    """How many wait, for how many seconds the oldest has, and how many were given up within a week."""

    waiting: int
    seconds: float
    failed: int = 0


def tasks() -> Backlogged:
    """Tasks of the queue that no worker has taken."""
    # The queue's own rows are dated by the machine's clock.
    now = timezone.now()
    found = OrmQ.objects.filter(lock__lte=now).aggregate(count=Count("pk"), oldest=Min("lock"))
    return Backlogged(found["count"], _seconds(found["oldest"], now))


def due_requests() -> Backlogged:
    """Payment requests whose next step was due, and that nobody works on."""
    now = clock.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    due = PaymentRequest.objects.filter(free, next_attempt_at__lte=now)
    found = due.aggregate(count=Count("pk"), oldest=Min("next_attempt_at"))
    return Backlogged(found["count"], _seconds(found["oldest"], now))


def mail() -> Backlogged:
    waiting = (MessageState.QUEUED, MessageState.SENDING)
    # What waits for the morning of whom it is to says nothing of the mail server.
    found = Message.objects.exclude(state=MessageState.QUEUED, template__in=CAN_WAIT)
    return _by_state(found.filter(state__in=[*waiting, MessageState.FAILED]), waiting)


def webhooks() -> Backlogged:
    waiting = (DeliveryState.WAITING,)
    return _by_state(WebhookDelivery.objects.filter(state__in=[*waiting, DeliveryState.FAILED]), waiting)


def _by_state(rows: "QuerySet[Message] | QuerySet[WebhookDelivery]", waiting: tuple[str, ...]) -> Backlogged:
    """Of those that were made within a week: all that wait, for nothing is tried for longer, and what failed."""
    now = clock.now()
    grouped = rows.filter(created_at__gte=now - LATELY).order_by().values_list("state")
    count = failed = 0
    oldest: datetime | None = None
    for state, of_state, first in grouped.annotate(Count("pk"), Min("created_at")):
        if state not in waiting:
            failed += of_state
            continue
        count += of_state
        oldest = min(oldest or first, first)
    return Backlogged(count, _seconds(oldest, now), failed)


def _seconds(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
