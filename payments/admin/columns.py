"""Columns that several lists of this room share."""

from dataclasses import dataclass
from typing import Self, get_args

from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from payments.models import Grant, IncomingPayment, OutgoingPayment, Payment, Quote
from payments.models.fields import Reasoned
from payments.presentation.format_amounts import format_amount, format_gets
from payments.presentation.reasons import sentence
from payments.presentation.status import payment_status
from payments.states import Tone

PLAIN = "default"
#: How the states of grants and attempts are coloured (names of label colours). Others stay plain.
STATE_TONES = {
    "pending": "info",
    "returned": "info",
    "continuing": "info",
    "intended": "info",
    "open": "info",
    "active": "success",
    "done": "success",
    "unknown": "warning",
    "lost": "warning",
    "fenced": "warning",
    "failed": "danger",
    "refused": "danger",
}


class Badge(tuple[str, "str | Promise"]):
    """A key of the column's `label` and words: Unfold's lists make a badge of such, and its pages would show both."""

    __slots__ = ()

    def __new__(cls, key: str, words: str | Promise) -> Self:
        return super().__new__(cls, (key, words))

    def __html__(self) -> str:
        return conditional_escape(str(self[1]))


@dataclass(frozen=True)
class Summed:
    """What is added up below a list, as its `summed` says: the column `value`, by currency; null counts as nothing.

    It is in minor units of what the row's `asset_code` and `asset_scale` say.
    """

    value: str
    title: Promise


class StateColumn:
    """State and reason, in the reader's words."""

    # Unfold shows the code instead of the words where it knows no colour, so each state names one.
    @display(description=_("state"), label={tone: tone for tone in get_args(Tone)}, ordering="state")
    def state_label(self, row: Payment | Grant | IncomingPayment | Quote | OutgoingPayment) -> tuple[str, str]:
        if isinstance(row, Payment):
            status = payment_status(row)
            return status.tone, str(status.label)
        return STATE_TONES.get(row.state, PLAIN), row.get_state_display()

    @display(description=_("reason"))
    def why(self, row: Reasoned) -> str:
        return sentence(row.reason, row.reason_params) or "-"


class AmountColumn:
    @display(description=_("amount"))
    def amount(self, row: Payment | IncomingPayment) -> str:
        return format_gets(row) if isinstance(row, Payment) else format_amount(row.amount)
