"""The timeline of a page: ledger entries as lines that people read. Shown by `templates/admin/timeline.html`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from ledger.api import Actor, TimelineRow
from payments.presentation.timeline_text import Sentence


@dataclass(frozen=True)
class TimelineLine:
    at: datetime  # UTC
    who: str
    sentence: Sentence
    entry_id: str
    remote_id: str  # what the entry is about, as the wallet calls it; may be empty


def lines(rows: Iterable[TimelineRow], describe: Callable[[TimelineRow], Sentence]) -> list[TimelineLine]:
    """`rows` in the reader's language, in the order given; one query, for the names of the staff in them."""
    given = list(rows)
    names = _staff_names(given)
    return [
        TimelineLine(
            at=row.recorded_at,
            who=_who(row.actor, names),
            sentence=describe(row),
            entry_id=row.entry_id,
            remote_id=str(row.data.get("remote_id", "")),
        )
        for row in given
    ]


def _staff_names(rows: list[TimelineRow]) -> dict[str, str]:
    ids = {row.actor.id for row in rows if row.actor.kind == "staff" and row.actor.id.isdecimal()}
    if not ids:
        return {}
    found = get_user_model().objects.filter(pk__in=ids)
    return {str(user.pk): user.get_full_name() or user.get_username() for user in found}


def _who(actor: Actor, staff: dict[str, str]) -> str:
    match actor.kind:
        case "staff":
            return staff.get(actor.id) or _("Staff")
        case "payer":
            return _("The payer")
        case "member":
            return _("From their own page")
        case "wallet":
            return actor.id
        case "api":
            return _("Another program")
        case _:
            return _("Tequio")
