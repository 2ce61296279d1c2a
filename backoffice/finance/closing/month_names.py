"""Months and people as this page names them."""

from collections.abc import Iterable

from babel.dates import format_skeleton
from django.contrib.auth.models import User

from ledger.months import CalendarMonth
from payments.mail.colleagues import name_of
from payments.presentation.format_amounts import locale_of


def month_name(month: CalendarMonth) -> str:
    """Such as “November 2026”, in the reader's language."""
    return str(format_skeleton("yMMMM", month.first, locale=locale_of()))


def month_called(text: str) -> str:
    """As `month_name`, of what `CalendarMonth` reads; anything else as it is."""
    month = CalendarMonth.read(text)
    return month_name(month) if month else text


def person(user_id: str) -> str:
    """Whoever has that id among users, or had."""
    return people([user_id])[user_id]


def people(user_ids: Iterable[str]) -> dict[str, str]:
    """The same of many, in one query."""
    wanted = set(user_ids)
    found = User.objects.in_bulk([int(user_id) for user_id in wanted if user_id.isdecimal()])
    users = {str(pk): user for pk, user in found.items()}
    return {user_id: name_of(users.get(user_id)) or user_id for user_id in wanted}
