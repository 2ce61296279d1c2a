"""What verification can find wrong, each with a sentence for the person who has to look into it."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _


class FaultCode(StrEnum):
    TRIGGER = "trigger"
    UNREADABLE = "unreadable"
    DAMAGED = "damaged"
    CHECKPOINT_FORGED = "checkpoint_forged"
    CHECKPOINT_GONE = "checkpoint_gone"
    CHECKPOINT_DIFFERS = "checkpoint_differs"
    CHECKPOINT_LATE = "checkpoint_late"
    FORKED = "forked"
    TRUNCATED = "truncated"
    TILE_CHANGED = "tile_changed"
    TILE_MISSING = "tile_missing"
    TILE_UNEXPECTED = "tile_unexpected"
    GAP = "gap"
    CHAIN_BROKEN = "chain_broken"
    ENTRY_MISSING = "entry_missing"
    ENTRY_TWICE = "entry_twice"
    ORPHAN_SUBJECT = "orphan_subject"
    ORPHAN_PRIVATE = "orphan_private"
    BODY_CHANGED = "body_changed"
    BODY_MALFORMED = "body_malformed"
    PROJECTION = "projection"
    SUBJECTS = "subjects"
    PRIVATE_CHANGED = "private_changed"
    PRIVATE_MISSING = "private_missing"
    PRIVATE_LEFT = "private_left"
    PRIVATE_UNEXPECTED = "private_unexpected"
    ERASURE_FORGED = "erasure_forged"
    UNSEALED = "unsealed"
    UNSEALED_LOST = "unsealed_lost"
    UNSEALED_ORPHAN = "unsealed_orphan"
    UNSEALED_TWICE = "unsealed_twice"
    UNSEALED_CHANGED = "unsealed_changed"
    ROW_CHANGED = "row_changed"
    ROW_UNTOLD = "row_untold"
    ROW_GONE = "row_gone"
    PERIOD_MOVEMENTS = "period_movements"
    PERIOD_TOTALS = "period_totals"
    PERIOD_CHANGED = "period_changed"
    PERIOD_UNTOLD = "period_untold"
    PERIOD_GONE = "period_gone"


_SENTENCES = {
    FaultCode.TRIGGER: _("The trigger %(name)s is missing or changed, so the ledger could be altered."),
    FaultCode.UNREADABLE: _("The ledger's part “%(part)s” cannot be read to its end: the table is damaged."),
    FaultCode.DAMAGED: _("In the table %(table)s, the row %(row)s has something impossible in the column %(column)s."),
    FaultCode.CHECKPOINT_FORGED: _("The checkpoint %(source)s is not one that a key of this ledger has signed."),
    FaultCode.CHECKPOINT_GONE: _(
        "The checkpoint of %(size)s entries (%(source)s) is gone from the database's list of checkpoints."
    ),
    FaultCode.CHECKPOINT_DIFFERS: _(
        "The entries from %(first)s to %(last)s in the chain are not those that were signed for (%(source)s): something"
        " among them was changed, and the chain computed anew."
    ),
    FaultCode.CHECKPOINT_LATE: _(
        "No checkpoint covers the entries from %(first)s on, although they were recorded at %(at)s and later: the"
        " checkpoints were removed, or none is signed any more."
    ),
    FaultCode.FORKED: _(
        "Two different histories of %(size)s entries were signed for (%(one)s, %(other)s): the ledger was forked."
    ),
    FaultCode.TRUNCATED: _(
        "The entries from %(first)s to %(last)s were signed for (%(source)s) and are gone from the end of the chain:"
        " they were cut off, or this database was restored from an older copy."
    ),
    FaultCode.TILE_CHANGED: _(
        "The kept hash %(number)s of level %(level)s is not that of the entries from %(first)s to %(last)s."
    ),
    FaultCode.TILE_MISSING: _(
        "The kept hash %(number)s of level %(level)s, over the entries from %(first)s to %(last)s, is missing."
    ),
    FaultCode.TILE_UNEXPECTED: _("The kept hash %(number)s of level %(level)s is over entries that are not there."),
    FaultCode.GAP: _("The links from %(first)s to %(last)s are missing from the chain."),
    FaultCode.CHAIN_BROKEN: _(
        "Link %(index)s (entry %(entry)s) does not follow from the link before it and its entry's digest."
    ),
    FaultCode.ENTRY_MISSING: _("Link %(index)s stands for entry %(entry)s, which is gone."),
    FaultCode.ENTRY_TWICE: _("Entry %(entry)s is in the chain %(times)s times."),
    FaultCode.ORPHAN_SUBJECT: _("Entry %(entry)s is gone, but its mention of %(kind)s %(id)s is still there."),
    FaultCode.ORPHAN_PRIVATE: _("Entry %(entry)s is gone, but its private part is still there."),
    FaultCode.BODY_CHANGED: _("The body of entry %(entry)s does not have the digest that was recorded for it."),
    FaultCode.BODY_MALFORMED: _("The body of entry %(entry)s is not one that this program writes."),
    FaultCode.PROJECTION: _("The column %(column)s of entry %(entry)s differs from its body."),
    FaultCode.SUBJECTS: _("The subjects listed for entry %(entry)s differ from its body."),
    FaultCode.PRIVATE_CHANGED: _("The private part of entry %(entry)s does not have the digest in its body."),
    FaultCode.PRIVATE_MISSING: _("The private part of entry %(entry)s is gone, and no entry says that it was erased."),
    FaultCode.PRIVATE_LEFT: _("The private part of entry %(entry)s was to be erased, but it is still there."),
    FaultCode.PRIVATE_UNEXPECTED: _("Entry %(entry)s has a private part that its body does not know of."),
    FaultCode.ERASURE_FORGED: _(
        "Entry %(erasure)s says that the private part of entry %(entry)s was erased, but the program did not write it."
    ),
    FaultCode.UNSEALED: _("Entry %(entry)s, recorded at %(at)s, still has no place in the chain."),
    FaultCode.UNSEALED_LOST: _("Entry %(entry)s has no place in the chain, and does not wait for one."),
    FaultCode.UNSEALED_ORPHAN: _("Entry %(entry)s waits for a place in the chain, but it is not there."),
    FaultCode.UNSEALED_TWICE: _("Entry %(entry)s waits for a place in the chain, but it has one."),
    FaultCode.UNSEALED_CHANGED: _("Entry %(entry)s waits for a place in the chain under another time than its own."),
    FaultCode.ROW_CHANGED: _(
        "The column %(column)s of row %(row)s in %(table)s is not what the ledger says of it (entry %(entry)s)."
    ),
    FaultCode.ROW_UNTOLD: _("Row %(row)s is in %(table)s, and no entry of the ledger carries it."),
    FaultCode.ROW_GONE: _("Row %(row)s is gone from %(table)s, and no entry of the ledger says so (entry %(entry)s)."),
    FaultCode.PERIOD_MOVEMENTS: _(
        "The movements of the closed month %(month)s are not those that it was closed with (entry %(entry)s)."
    ),
    FaultCode.PERIOD_TOTALS: _(
        "The figures of the closed month %(month)s do not come to the totals that it was closed with (entry %(entry)s)."
    ),
    FaultCode.PERIOD_CHANGED: _(
        "The closed month %(month)s has another %(column)s than it was closed with (entry %(entry)s)."
    ),
    FaultCode.PERIOD_UNTOLD: _("The month %(month)s was closed or reopened, and no entry of the ledger says so."),
    FaultCode.PERIOD_GONE: _(
        "The month %(month)s was closed or reopened (entry %(entry)s), but the row that says so is gone."
    ),
}


@dataclass(frozen=True)
class Fault:
    code: FaultCode
    parameters: tuple[tuple[str, str | int], ...]

    @classmethod
    def of(cls, code: FaultCode, **parameters: str | int) -> "Fault":
        return cls(code, tuple(parameters.items()))

    def sentence(self) -> str:
        """The fault in the active language."""
        sentence = gettext(_SENTENCES[self.code]) % dict(self.parameters)
        return sentence.encode(errors="backslashreplace").decode()  # damaged text can be shown, too
