"""Payments that need attention, as the queue of exceptions shows them: they are decided on their own pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from payments.mail.colleagues import name_of
from payments.models import Payment
from payments.presentation.format_amounts import format_gets
from payments.presentation.reasons import sentence
from payments.states import NEEDS_A_PERSON

#: The oldest; the list of payments has them all.
SHOWN = 25


@dataclass(frozen=True)
class WaitingPayment:
    receiver: str
    amount: str
    why: str
    since: datetime
    owner: str
    link: str


def waiting_payments(request: HttpRequest) -> dict[str, Any]:
    """What the template of the queue needs; nothing for who may not look at payments."""
    if not request.user.has_perm("payments.view_payment"):
        return {}
    waiting = Payment.objects.filter(state__in=sorted(NEEDS_A_PERSON))
    rows = waiting.select_related("owner", "request").order_by("changed_at", "id")[:SHOWN]
    listed = f"{reverse('admin:payments_payment_changelist')}?group=attention"
    return {"payments": [_waiting(row) for row in rows], "payments_count": waiting.count(), "payments_link": listed}


def _waiting(row: Payment) -> WaitingPayment:
    return WaitingPayment(
        receiver=row.receiver_name,
        amount=format_gets(row),
        why=sentence(row.reason, row.reason_params),
        since=row.changed_at,
        owner=name_of(row.owner),
        link=reverse("admin:payments_payment_change", args=[row.pk]),
    )
