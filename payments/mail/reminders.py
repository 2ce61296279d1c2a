"""Reminding payers who have not answered: one mail for all that waits for them, by day, never twice of the same kind.

The days after which stand in the setting REMINDER_DAYS; once more they are told when a link ends within a day.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import translation
from django.utils.translation import ngettext

from ledger import clock
from ledger.api import Actor, record
from payments.mail.queue import ACTOR, queue_notice, recipient
from payments.mail.quiet_hours import morning, zone_of
from payments.mail.still_waiting import approvable
from payments.mail.stops import unwanted
from payments.models import Message, PaymentRequest, Reminder
from payments.models.mail_stops import StopKind
from payments.models.messages import Template
from payments.presentation.languages import supported
from payments.states import RequestState

#: Requests that one turn begins with.
AT_ONCE: Final = 200
ENDS_SOON: Final = timedelta(days=1)
#: What would be due so soon after is told at once: a payer gets one mail, not one a day.
TOGETHER: Final = timedelta(days=2)
#: Requests that one mail names; the others are on the payer's own page.
MOST: Final = 50


def remind(after: str = "") -> str:
    """Write to payers of whose requests one is due, of the first requests with an id beyond `after`.

    Returns the id to go on after; empty when there are no more. Any number of times, and of callers at once.
    """
    due = list(_due(clock.now(), after))
    siblings = _at_the_same_payers(due)
    stopped = unwanted([request.payer_email for request in due], StopKind.NO_REMINDERS)
    for payer in dict.fromkeys(_payer(request) for request in due if request.payer_email.lower() not in stopped):
        # Whoever was faster has mailed them: the constraint takes this one's mail back with its transaction.
        with suppress(IntegrityError), transaction.atomic():
            _remind_payer(siblings[payer])
    return due[-1].pk if len(due) == AT_ONCE else ""


def _due(now: datetime, after: str) -> Iterable[PaymentRequest]:
    told = Reminder.objects.filter(request=OuterRef("pk"))
    due = Q(~Exists(told.filter(occasion=Reminder.LAST_DAY)), expires_at__lte=now + ENDS_SOON)
    for occasion, wait in _rounds():
        due |= Q(~Exists(told.filter(occasion=occasion)), sent_at__lte=now - wait)
    waiting = PaymentRequest.objects.filter(
        due, state=RequestState.AWAITING_APPROVAL, expires_at__gt=now, pk__gt=after
    ).exclude(payer_email="")
    return waiting.order_by("pk")[:AT_ONCE]


def _rounds() -> Iterator[tuple[str, timedelta]]:
    for number, days in enumerate(settings.REMINDER_DAYS, start=1):
        yield f"after_{number}", timedelta(days=days)


def _payer(request: PaymentRequest) -> tuple[str, str]:
    return request.payer_email.lower(), request.payer_key


def _at_the_same_payers(due: Sequence[PaymentRequest]) -> dict[tuple[str, str], list[str]]:
    """The ids of all that waits for each payer, by whom it waits for; what ends first comes first."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    emails = {request.payer_email for request in due}
    waiting = PaymentRequest.objects.filter(state=RequestState.AWAITING_APPROVAL, payer_email__in=emails)
    for request in waiting.only("pk", "payer_email", "payer_key").order_by("expires_at", "pk"):
        found[_payer(request)].append(request.pk)
    return found


def _remind_payer(ids: Sequence[str]) -> None:
    """One mail to the payer of all these, if any is due and could be approved now, and it is day where they are."""
    now = clock.now()
    open_ones = approvable(ids[:MOST])
    told = set(Reminder.objects.filter(request__in=open_ones).values_list("request_id", "occasion"))
    if not any((request.pk, occasion) not in told for request in open_ones for occasion in _reached(request, now)):
        return
    if morning(now, zone_of(open_ones[-1].payer_key)):
        return
    reached = [(request, occasion) for request in open_ones for occasion in _reached(request, now + TOGETHER)]
    fresh = [(request, occasion) for request, occasion in reached if (request.pk, occasion) not in told]
    message = _queue(open_ones, fresh, last_day=any(occasion == Reminder.LAST_DAY for _request, occasion in fresh))
    for request, occasion in fresh:
        Reminder.objects.create(request=request, occasion=occasion, message=message)
    for request in dict.fromkeys(request for request, _occasion in fresh):
        _tell(request, message)


def _reached(request: PaymentRequest, by: datetime) -> Iterator[str]:
    """The occasions of `request` that have come by then. That it ends is never told before its day has come."""
    if request.expires_at <= clock.now() + ENDS_SOON:
        yield Reminder.LAST_DAY
    for occasion, wait in _rounds():
        if request.sent_at and request.sent_at + wait <= by:
            yield occasion


def _queue(
    open_ones: Sequence[PaymentRequest], fresh: Sequence[tuple[PaymentRequest, str]], *, last_day: bool
) -> Message:
    newest, (first, occasion) = open_ones[-1], fresh[0]
    template = Template.LAST_DAY if last_day else Template.REMINDER
    name, email, language = recipient(template, newest, None)
    message = queue_notice(
        template,
        name=name,
        email=email,
        language=language,
        occasion=f"remind:{first.pk}:{occasion}",
        details={
            "title": _title(open_ones, language),
            "requests": [request.pk for request in open_ones],
            "key": newest.payer_key,
        },
    )
    assert message, "a payer has an email address"
    return message


def _title(open_ones: Sequence[PaymentRequest], language: str) -> str:
    if len(open_ones) == 1:
        return open_ones[0].title
    with translation.override(supported(language)):
        words = ngettext("%(n)s payment waits for you", "%(n)s payments wait for you", len(open_ones))
        return words % {"n": len(open_ones)}


def _tell(request: PaymentRequest, message: Message, actor: Actor = ACTOR) -> None:
    record("request.reminded", actor=actor, subjects={"request": request.pk, "message": message.pk}, data={})
