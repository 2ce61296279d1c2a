"""How much is tried for one payment in an hour, whatever comes of it.

Successes count, too: a wallet whose answers are never of use must not keep us, or itself, busy for ever.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from payments.models import Grant, Payment, PaymentRequest
from payments.models.attempts import Attempt, incoming_payments_of, outgoing_payments_of, quotes_of

HOUR: Final = timedelta(hours=1)
#: A payer who presses again and again has one quote for each press; a wrong price is looked for in a few.
MOST_INCOMING_PAYMENTS: Final = 30
MOST_QUOTES: Final = 60
MOST_OUTGOING_PAYMENTS: Final = 12
MOST_GRANTS: Final = 20


def spent_until(payment: Payment, now: datetime) -> datetime | None:
    """When more may be tried for `payment`; None while it may."""
    over = [
        _over(incoming_payments_of(payment), MOST_INCOMING_PAYMENTS, now),
        _over(quotes_of(payment), MOST_QUOTES, now),
        _over(outgoing_payments_of(payment), MOST_OUTGOING_PAYMENTS, now),
    ]
    return max(filter(None, over), default=None)


def grants_until(request: PaymentRequest, kind: str, auth_server: str, now: datetime) -> datetime | None:
    """When another grant of this kind may be asked for at `auth_server`; None while it may."""
    found = Grant.objects.filter(request=request, kind=kind, auth_server=auth_server, created_at__gt=now - HOUR)
    return _over(found, MOST_GRANTS, now)


def _over(tried: Iterable[Attempt | Grant], most: int, now: datetime) -> datetime | None:
    recent = sorted(one.created_at for one in tried if one.created_at > now - HOUR)
    return recent[-most] + HOUR if len(recent) >= most else None
