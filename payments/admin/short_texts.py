"""Messages to a receiver as texts of a few words, for staff to copy into SMS or WhatsApp."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from payments.mail.rendering import render
from payments.models import Message

MOST_SHORTS: Final = 3


@dataclass(frozen=True)
class Short:
    field: str  # the id of what holds it on the page
    label: str
    text: str
    at: datetime


def shorts(messages: QuerySet[Message], reader: User | AnonymousUser) -> list[Short]:
    """The newest of `messages` that have such a text, for who may see messages."""
    if not reader.has_perm("payments.view_message"):
        return []
    found = messages.select_related("request__seller", "request__payer_wallet", "payment")
    told = [
        Short(f"short-{row.pk}", row.get_template_display(), render(row).short, row.created_at)
        for row in found.order_by("-created_at", "-id")[:MOST_SHORTS]
    ]
    return [short for short in told if short.text]
