"""The words for what the ledger tells of months."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice.finance.closing.month_names import month_called
from ledger.api import TimelineRow
from payments.presentation.timeline_text import Sentence, Tone

#: Kind → words, icon, tone.
WORDS: Final[dict[str, tuple[Promise, str, Tone]]] = {
    "period.closed": (_("%(month)s was closed. Movements: %(movements)s."), "event_available", "good"),
    "period.reopened": (_("%(month)s was opened again: two administrators want it."), "lock_open", "warn"),
}


def describe_own(row: TimelineRow) -> Sentence | None:
    """The sentence of an entry about a month; None for any other. A note is its detail until it is erased."""
    known = WORDS.get(row.kind)
    if known is None:
        return None
    words, icon, tone = known
    told = {"month": month_called(str(row.data.get("month", ""))), "movements": row.data.get("movements", "")}
    return Sentence(text=str(words) % told, detail=row.private.get("note", ""), icon=icon, tone=tone)
