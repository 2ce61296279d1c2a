"""Closing a month as a person does it: with everything looked at, in words that they can act on."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from backoffice.finance.closing.checklist import left_open, look, stopping
from backoffice.finance.closing.month_names import month_name, person
from backoffice.finance.closing.stored_reports import reports_of
from ledger.api import Actor
from ledger.books.closing import CannotClose, Obstacle, closable_from, close, reckon
from ledger.models import Closing
from ledger.months import CalendarMonth
from payments.presentation.dates import moment


@dataclass
class NotClosed(Exception):
    """Its sentence says why, and that nothing was changed."""

    sentence: str

    def __str__(self) -> str:
        return self.sentence


def close_month(month: CalendarMonth, *, by: User, note: str) -> Closing:
    """Look at everything, reckon, keep. Takes a while, and must not run inside a transaction. Raises NotClosed."""
    results = look(month, thoroughly=True)
    if found := stopping(results):
        titles = ", ".join(f"“{result.check.title}”" for result in found)
        raise NotClosed(_("Nothing was closed. First see to this: %(checks)s.") % {"checks": titles})
    still_open = left_open(results)
    if still_open and not note:
        raise NotClosed(_("Nothing was closed. Something is still open: say why the month is closed all the same."))
    try:
        figures = reckon(month)
        actor = Actor.staff(by.pk)
        return close(figures, by=actor, reports=reports_of(month), left_open=still_open, note=note)
    except CannotClose as error:
        raise NotClosed(words_of(error, month)) from error


def words_of(error: CannotClose, month: CalendarMonth) -> str:
    """For whoever wanted to close `month`, or to open it again."""
    told = {"month": month_name(month), "who": person(error.by), "when": moment(closable_from(month))}
    match error.obstacle:
        case Obstacle.NOTHING_BOOKED:
            words = _("Nothing was booked yet, so there is no month to close.")
        case Obstacle.NOT_OVER:
            words = _("%(month)s is not over yet: it can be closed from %(when)s on.")
        case Obstacle.NOT_NEXT:
            words = _("%(month)s is not the next one to close: months are closed one after the other.")
        case Obstacle.CLOSED_ALREADY:
            words = _("%(month)s is closed already, by %(who)s. Nothing was done twice.")
        case Obstacle.CHANGED_MEANWHILE:
            words = _("Something was booked in %(month)s just now, so nothing was closed. Look again, then close it.")
        case Obstacle.NOT_THE_NEWEST:
            words = _("Only the newest closed month can be opened again, and %(month)s is not it.")
    return words % told
