"""Which messages are not sent, because their address bounces or its reader wants no more of their kind."""

from collections.abc import Iterable, Mapping
from typing import Final

from payments.models import MailStop, Message
from payments.models.mail_stops import StopKind
from payments.models.messages import Template

#: What nobody waits for, and its reader may stop by one press: with what that stops. Never a receipt, nor what asks.
CAN_BE_STOPPED: Final[Mapping[str, StopKind]] = {
    Template.REMINDER: StopKind.NO_REMINDERS,
    Template.LAST_DAY: StopKind.NO_REMINDERS,
    Template.DIGEST: StopKind.NO_DIGESTS,
}
REASONS: Final[Mapping[str, str]] = {
    StopKind.BOUNCED: "mail_bounced",
    StopKind.NO_REMINDERS: "mail_unsubscribed",
    StopKind.NO_DIGESTS: "mail_unsubscribed",
}


def normal(email: str) -> str:
    """`email` as addresses are compared."""
    return email.strip().lower()


def bounced(emails: Iterable[str]) -> dict[str, MailStop]:
    """Those of `emails` that bounce, by their address in small letters."""
    wanted = {normal(email) for email in emails if email}
    if not wanted:
        return {}
    found = MailStop.objects.filter(lifted_at=None, email__in=wanted, kind=StopKind.BOUNCED)
    return {stop.email: stop for stop in found}


def unwanted(emails: Iterable[str], kind: StopKind) -> set[str]:
    """Those of `emails`, in small letters, that get no mail of `kind`: they bounce, or their reader said so."""
    kinds = (StopKind.BOUNCED, kind)
    found = MailStop.objects.filter(lifted_at=None, email__in={normal(email) for email in emails}, kind__in=kinds)
    return set(found.values_list("email", flat=True))


def is_unsubscribed(message: Message) -> bool:
    """Whether its reader said that they want no more of its kind, which is one of `CAN_BE_STOPPED`."""
    kind = CAN_BE_STOPPED[message.template]
    return MailStop.objects.filter(lifted_at=None, email=normal(message.to_email), kind=kind).exists()


def reason_not_to_send(message: Message) -> str:
    """The code of why nothing is sent; empty when it may go."""
    kinds = [StopKind.BOUNCED]
    if message.template in CAN_BE_STOPPED:
        kinds.append(CAN_BE_STOPPED[message.template])
    found = (
        MailStop.objects.filter(lifted_at=None, email=normal(message.to_email), kind__in=kinds).order_by("kind").first()
    )
    return REASONS[found.kind] if found else ""
