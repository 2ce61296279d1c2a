"""Days as the business counts them, in the setting BUSINESS_TIME_ZONE; moments stay in UTC."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings

from ledger import clock


def zone() -> ZoneInfo:
    return ZoneInfo(settings.BUSINESS_TIME_ZONE)


def today() -> date:
    return clock.now().astimezone(zone()).date()


def begins(day: date) -> datetime:
    """The first moment of `day`, aware."""
    return datetime.combine(day, time.min, tzinfo=zone())
