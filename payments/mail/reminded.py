"""What a reminder tells of each payment request that waits for its payer: made when it is sent, as it is then."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from payments import links
from payments.mail.pages import MailReader
from payments.mail.still_waiting import approvable
from payments.models import Message, PaymentRequest
from payments.models.fields import amount_of
from payments.models.standing_budgets import budget_of
from payments.presentation import budget_summary
from payments.presentation.dates import moment
from payments.presentation.format_amounts import format_amount


@dataclass(frozen=True)
class Reminded:
    """One request, in the active language. `amount` is the most that the payer pays, or what a budget is to be."""

    title: str
    seller: str
    reference: str
    label: str
    amount: str
    until: str
    link: str


def context(message: Message, reader: MailReader) -> dict[str, Any]:
    """Those of its requests that still wait; once none does, an empty list."""
    found = approvable(message.details.get("requests", []))
    return {"requests": [_told(request, reader) for request in found]}


def _told(request: PaymentRequest, reader: MailReader) -> Reminded:
    budget = budget_of(request)
    shown = format_amount(amount_of(request.shown, request.asset_code, request.asset_scale))
    return Reminded(
        title=request.shown_title,
        seller=request.seller.name or request.seller_id,
        reference=request.reference,
        label=_("Standing budget") if budget else _("You pay at most"),
        amount=budget_summary.every(budget) if budget else shown,
        until=moment(request.expires_at),
        link=reader.instead_of_links or links.approval_url(request, reader.shown_to),
    )
