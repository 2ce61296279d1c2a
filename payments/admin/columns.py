"""Columns that several lists of this room share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from payments.models import Payment
from payments.presentation.format_amounts import format_amount, format_gets
from payments.presentation.reasons import sentence

if TYPE_CHECKING:
    from payments.models import Grant, IncomingPayment, OutgoingPayment, Quote
    from payments.models.fields import Reasoned

PLAIN = "default"
#: How the states of payments, grants and attempts are coloured (names of label colours). Others stay plain.
STATE_TONES = {
    "approved": "primary",
    "sending": "info",
    "sent": "info",
    "pending": "info",
    "returned": "info",
    "continuing": "info",
    "intended": "info",
    "open": "info",
    "active": "success",
    "settled": "success",
    "settled_outside": "outside",
    "done": "success",
    "unknown": "warning",
    "lost": "warning",
    "needs_attention": "danger",
    "failed": "danger",
    "refused": "danger",
}


class StateColumn:
    """State and reason, in the reader's words."""

    # Unfold shows the code instead of the words where it knows no colour, so each state names one.
    @display(description=_("state"), label={tone: tone for tone in {PLAIN, *STATE_TONES.values()}}, ordering="state")
    def state_label(self, row: Payment | Grant | IncomingPayment | Quote | OutgoingPayment) -> tuple[str, str]:
        return STATE_TONES.get(row.state, PLAIN), row.get_state_display()

    @display(description=_("reason"))
    def why(self, row: Reasoned) -> str:
        return sentence(row.reason, row.reason_params) or "-"


class AmountColumn:
    @display(description=_("amount"))
    def amount(self, row: Payment | IncomingPayment) -> str:
        return format_gets(row) if isinstance(row, Payment) else format_amount(row.amount)
