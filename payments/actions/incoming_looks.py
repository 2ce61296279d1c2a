"""Looks at the money that programs expect, without being told to: in small steps, until nothing more can arrive.

When the next look is due stands in the row, and is written before the wallet is asked: a worker that dies at it, or a
wallet that hangs, makes nobody ask twice at once, and keeps nobody else from their turn.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from ledger import clock
from payments.actions.incoming_asks import UNCERTAIN, look
from payments.engine import evidence
from payments.models import IncomingAsk
from payments.openpayments.errors import OpenPaymentsError
from payments.states import AttemptState

log = logging.getLogger(__name__)
#: Of those that are due, so many in one turn.
AT_ONCE: Final = 20
#: A wallet has so long for one of them, in seconds.
CALLS_SECONDS: Final = 5.0
#: The next look is a tenth of its age away: a fresh one is paid soon, or not.
SOONEST: Final = timedelta(minutes=1)
LATEST: Final = timedelta(hours=1)
#: A wallet that gives no answer for so long after it has expired is asked no more.
PATIENCE: Final = timedelta(days=7)


def look_at_due(seconds: float) -> bool:
    """Ask the wallets about what is due, for about so long; whether more is due. One that fails hinders no other."""
    end = clock.monotonic() + seconds
    for asked in _due(clock.now())[:AT_ONCE]:
        if clock.monotonic() >= end:
            break
        if _take(asked):
            try:
                _put_off(look(asked, CALLS_SECONDS))
            except OpenPaymentsError as error:
                log.info("%s", error)
                _put_off(asked)
            except Exception:
                log.exception("what has arrived at %s could not be looked at", asked.pk)
    return _due(clock.now()).exists()


def _due(now: datetime) -> QuerySet[IncomingAsk]:
    due = IncomingAsk.objects.filter(next_look_at__isnull=False, next_look_at__lte=now)
    return due.select_related("incoming__wallet", "seller__wallet").order_by("next_look_at")


def _take(asked: IncomingAsk) -> bool:
    """Whether nobody else has, since it was read. Should this process die, it is due again by itself."""
    now = clock.now()
    next_look_at = now + min(max((now - asked.created_at) / 10, SOONEST), LATEST)
    if not _as_read(asked).update(next_look_at=next_look_at):
        return False
    asked.next_look_at = next_look_at
    return True


def _put_off(asked: IncomingAsk) -> None:
    """For good, once nothing more can arrive there, or nobody knows any more whether anything can."""
    row, now = asked.incoming, clock.now()
    if row.state in {AttemptState.OPEN, *UNCERTAIN} and not evidence.is_closed(row):
        # What was perhaps never made can't be paid by anybody once it had expired; the others answer, or are given up.
        patience = timedelta() if row.state in UNCERTAIN else PATIENCE
        if not evidence.has_expired(row, now - patience):
            return
    _as_read(asked).update(next_look_at=None)


def _as_read(asked: IncomingAsk) -> QuerySet[IncomingAsk]:
    return IncomingAsk.objects.filter(pk=asked.pk, next_look_at=asked.next_look_at)
