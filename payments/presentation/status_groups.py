"""How far money has come, in the few steps that totals are told in: one definition for a figure and for its rows."""

from typing import Final

from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from payments.states import DEAD_REQUESTS, PAYMENTS, Group, RequestState

#: Before the payer was asked nobody waits for their approval, and once the request is over nobody does any more.
WAITS: Final = (Q(request__sent_at__isnull=False) | Q(grant__isnull=False)) & ~Q(
    request__state__in=sorted(DEAD_REQUESTS)
)


def _group(group: Group) -> Q:
    counted = Q(state__in=sorted(state for state, meaning in PAYMENTS.items() if meaning.group == group))
    return counted & WAITS if group == Group.WAITING else counted


#: The payments of each group that totals tell. What ended without money is in none.
GROUPS: dict[str, Q] = {group: _group(group) for group in Group if group != Group.ENDED}


class Reached(TextChoices):
    """Of a payment request: what it reached at least, whatever became of it."""

    QUOTED = "quoted", _("Quoted")
    SENT = "sent", _("Sent to the payer")
    APPROVED = "approved", _("Approved by the payer")
    SETTLED = "settled", _("Settled")


#: That its payer is asked for a payment: neither a standing budget, nor what is paid from one without asking.
ASKS_TO_PAY = Q(standing_budget=None, budget=None)
REACHED: dict[str, Q] = {
    Reached.QUOTED: ASKS_TO_PAY & Q(ceiling_debit__isnull=False),
    Reached.SENT: ASKS_TO_PAY & Q(sent_at__isnull=False),
    Reached.APPROVED: ASKS_TO_PAY & Q(approved_at__isnull=False),
    # In the wallets, all of it.
    Reached.SETTLED: ASKS_TO_PAY & Q(state=RequestState.SETTLED),
}
