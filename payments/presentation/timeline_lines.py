"""The timeline of a page: ledger entries as lines that people read. Shown by `templates/admin/timeline.html`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from ledger.api import Actor, TimelineRow
from payments.presentation.timeline_text import Sentence

#: Lines that are read at first.
MOST_TOLD: Final = 8
#: What passes between programs, on the way to what is told: it unfolds, where nothing is wrong with it.
BETWEEN_PROGRAMS: Final = frozenset({"grant", "incoming", "quote", "outgoing"})
ON_THE_WAY: Final = frozenset(
    {
        "job.money_released",
        "message.queued",
        "payment.new",
        "payment.quoted",
        "payment.sending",
        "proof.collecting",
        "proof.preparing",
        "proof.returned",
        "request.nudged",
        "request.quoting",
    }
)
AMISS: Final = ("warn", "bad")


@dataclass(frozen=True)
class TimelineLine:
    at: datetime  # UTC
    who: str
    sentence: Sentence
    entry_id: str
    remote_id: str  # what the entry is about, as the wallet calls it; may be empty
    on_the_way: bool  # a step that only leads to another one


def lines(rows: Iterable[TimelineRow], describe: Callable[[TimelineRow], Sentence]) -> list[TimelineLine]:
    """`rows` in the reader's language, in the order given; one query, for the names of the staff in them."""
    given = list(rows)
    names = _staff_names(given)
    return [_line(row, describe(row), names) for row in given]


def told(timeline: Sequence[TimelineLine]) -> list[TimelineLine]:
    """Of a timeline, oldest first, what people want to know: the newest lines, newest first."""
    known = [line for line in timeline if not line.on_the_way] or timeline
    return list(reversed(known[-MOST_TOLD:]))


def _line(row: TimelineRow, sentence: Sentence, names: dict[str, str]) -> TimelineLine:
    leads_on = row.kind.partition(".")[0] in BETWEEN_PROGRAMS or row.kind in ON_THE_WAY
    return TimelineLine(
        at=row.recorded_at,
        who=_who(row.actor, names),
        sentence=sentence,
        entry_id=row.entry_id,
        remote_id=str(row.data.get("remote_id", "")),
        on_the_way=leads_on and sentence.tone not in AMISS,
    )


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
