"""What one person sent alone in 24 hours, in one currency: what splits of a large payment have in common.

What somebody else authorised does not count, nor what ended before anybody approved it: no money can come of that any
more. What failed counts, for a part of it may have arrived. A standing budget counts by what is drawn from it.
"""

from datetime import datetime, timedelta
from typing import Final

from ledger import clock
from payments.locking import lock
from payments.models import Colleague, PaymentRequest
from payments.openpayments.amounts import Amount, Asset
from payments.states import RequestState

WINDOW: Final = timedelta(hours=24)
#: Ended by its payer, by staff or by its date, with nothing of it paid.
GIVEN_BACK: Final = (RequestState.CANCELLED, RequestState.DECLINED, RequestState.EXPIRED)


def hold(user_id: int | None) -> None:
    """Until the caller's transaction ends, nobody else counts what this person sent: their next request waits."""
    if user_id is not None:
        Colleague.objects.get_or_create(user_id=user_id)
        lock(Colleague.objects.all(), user_id)


def sent_alone(user_id: int, code: str, *, until: datetime | None = None, but: str = "") -> list[Amount]:
    """The most that each of this person's own requests takes that were sent in the 24 hours until then, in `code`.

    Without the request `but`; until now, unless said otherwise. Wallets may count one currency in different units.
    """
    until = until or clock.now()
    sent = PaymentRequest.objects.filter(requested_by=user_id, sent_at__gt=until - WINDOW, sent_at__lte=until)
    alone = sent.filter(authorised_by=None, standing_budget=None, ceiling_debit__isnull=False)
    rows = alone.exclude(state__in=GIVEN_BACK).exclude(pk=but)
    found = rows.values_list("ceiling_debit", "asset_code", "asset_scale")
    return [Amount(value, Asset(name, scale)) for value, name, scale in found if name.upper() == code]
