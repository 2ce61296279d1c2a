"""When payers are left alone: what only reminds them, or says that something is over, waits for their morning."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ledger import clock, days
from payments.models import Message
from payments.models.messages import Template

#: From eight in the morning until eight in the evening, where they are.
FIRST_HOUR: Final = 8
LAST_HOUR: Final = 20
#: Nothing that the payer waits for.
CAN_WAIT: Final = frozenset({Template.REMINDER, Template.LAST_DAY, Template.EXPIRED})

#: From the key of a payer to the name of their time zone; empty where nobody said.
ZoneOf = Callable[[str], str]
_providers: Final[list[ZoneOf]] = []


def provide_zones(zone_of: ZoneOf) -> None:
    """Let a room above say where its payers are. Called when the program starts."""
    if zone_of not in _providers:
        _providers.append(zone_of)


def zone_of(key: str) -> ZoneInfo:
    """Where whom the money's rows call `key` is; the business's own zone where nobody said."""
    names = (find(key) for find in _providers) if key else ()
    name = next(filter(None, names), "")
    return ZoneInfo(name) if name else days.zone()


def morning(now: datetime, zone: ZoneInfo) -> datetime | None:
    """When their next morning begins; None while it is day where they are."""
    local = now.astimezone(zone)
    if FIRST_HOUR <= local.hour < LAST_HOUR:
        return None
    date = local.date() + timedelta(days=1 if local.hour >= LAST_HOUR else 0)
    return datetime(date.year, date.month, date.day, FIRST_HOUR, tzinfo=zone)


def held_until(message: Message) -> datetime | None:
    """Until when `message` is not to be sent, because it is night where its payer is; None when it may go."""
    if message.template not in CAN_WAIT:
        return None
    key = message.request.payer_key if message.request else str(message.details.get("key", ""))
    return morning(clock.now(), zone_of(key))
