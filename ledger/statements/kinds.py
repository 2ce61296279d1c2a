"""The words of statements: how a row was matched, what can be wrong, and what a person may do about it."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class MatchRule(TextChoices):
    """Which rule matched, in the order in which they are tried."""

    ID = "id", _("Same id")
    REFERENCE = "reference", _("Same reference")
    AMOUNT = "amount", _("Same amount, about the same day")
    TOLERANCE = "tolerance", _("Nearly the same amount, about the same day")
    PERSON = "person", _("A person says so")


class DifferenceType(TextChoices):
    """What is wrong between what they say and what we say."""

    MISSING_HERE = "missing_here", _("Missing here")
    MISSING_THERE = "missing_there", _("Missing there")
    OVER = "over", _("More than we know of")
    UNDER = "under", _("Less than we know of")
    DUPLICATE = "duplicate", _("Same row again")
    CURRENCY = "currency", _("Other currency")
    LATE = "late", _("Late")
    PAID_TWICE = "paid_twice", _("Paid twice")


class Resolution(TextChoices):
    """How an exception ended. None of these moves money: what does is done, by two people, on the payment's page."""

    ACCEPTED = "accepted", _("Accept: both are right")
    NOT_OURS = "not_ours", _("Not ours")
    CORRECTED_THERE = "corrected_there", _("They correct it")
    CORRECTED_HERE = "corrected_here", _("Corrected here")
    SENT_BACK = "sent_back", _("The money goes back")
    SAME_ROW = "same_row", _("The same row twice")
    CLEARED = "cleared", _("Gone: both agree again")


_ALWAYS: Final = (Resolution.ACCEPTED, Resolution.CORRECTED_THERE, Resolution.CORRECTED_HERE)
_TOO_MUCH: Final = (*_ALWAYS, Resolution.SENT_BACK)
#: What a person may choose. That both agree again is for the next comparison to find.
RESOLUTIONS: Final[Mapping[DifferenceType, tuple[Resolution, ...]]] = {
    DifferenceType.MISSING_HERE: (Resolution.NOT_OURS, *_TOO_MUCH),
    DifferenceType.MISSING_THERE: _ALWAYS,
    DifferenceType.OVER: _TOO_MUCH,
    DifferenceType.UNDER: _ALWAYS,
    DifferenceType.DUPLICATE: (Resolution.SAME_ROW, *_ALWAYS),
    DifferenceType.CURRENCY: _ALWAYS,
    DifferenceType.LATE: _TOO_MUCH,
    DifferenceType.PAID_TWICE: _TOO_MUCH,
}
if RESOLUTIONS.keys() != set(DifferenceType):
    raise AssertionError("every type of exception says how it may end")
