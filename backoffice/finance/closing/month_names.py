"""Months and people as this page names them."""

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
    user = User.objects.filter(pk=int(user_id)).first() if user_id.isdecimal() else None
    return name_of(user) or user_id
