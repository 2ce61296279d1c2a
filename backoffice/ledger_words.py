"""The words for each kind of entry that this room records."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice.finance.exports.listed_rows import name_of_list
from backoffice.models.exports import FileFormat
from ledger.api import TimelineRow
from payments.presentation.timeline_text import Sentence, Tone

#: Kind → words, icon, tone.
WORDS: Final[dict[str, tuple[Promise, str, Tone]]] = {
    "sign_in.done": (_("Signed in."), "login", "neutral"),
    "sign_in.over": (_("Signed out."), "logout", "neutral"),
    "sign_in.wrong": (_("Somebody tried to sign in with a wrong password or code."), "login", "warn"),
    "sign_in.locked_out": (_("Locked out for a while, after %(tries)s wrong tries to sign in."), "lock", "bad"),
    "sign_in.address_locked_out": (
        _("An address was locked out for a while, after %(tries)s wrong tries to sign in."),
        "lock",
        "bad",
    ),
    "sign_in.flood": (
        _("There are so many wrong tries to sign in that no more of them are recorded in this hour."),
        "lock",
        "bad",
    ),
    "sign_in.lock_lifted": (_("The lock-out was lifted: they can try to sign in again."), "lock_open", "neutral"),
    "sign_in.factor_set": (_("A second factor was set up."), "phonelink_lock", "good"),
    "sign_in.factor_removed": (_("The second factor was removed by its owner."), "phonelink_erase", "warn"),
    "sign_in.factor_reset": (
        _("The second factor was taken away, for its owner to set up a new one."),
        "phonelink_erase",
        "warn",
    ),
    "sign_in.codes_made": (_("New recovery codes were made. The old ones no longer work."), "password", "neutral"),
    "sign_in.code_used": (_("A recovery code was used. %(left)s are left."), "password", "warn"),
    "sign_in.password_changed": (_("The password was changed by its owner."), "password", "neutral"),
    "sign_in.password_reset": (_("A new password was chosen, by a link in an email."), "password", "warn"),
    "evidence.made": (_("A file of evidence was made. Its SHA-256: %(sha256)s."), "folder_zip", "warn"),
    "exceptions.taken": (_("The open exceptions were taken as a file: %(rows)s rows."), "download", "neutral"),
    "sign_in.sessions_ended": (_("Sessions were ended: %(sessions)s."), "logout", "neutral"),
    "digest.chosen": (_("They chose when the summary of what waits comes by email."), "mail", "neutral"),
    "intake.imported": (
        _("A file was imported: %(list)s, %(new)s new, %(changed)s changed, %(unchanged)s as they were."),
        "upload",
        "neutral",
    ),
    "view.saved": (_("A view of a list was saved: %(list)s."), "bookmark_add", "neutral"),
    "view.removed": (_("A saved view of a list was removed: %(list)s."), "bookmark_remove", "neutral"),
    "to_do.taken": (_("Somebody took care of rows under “To do”: %(rows)s."), "back_hand", "neutral"),
    "to_do.left": (_("Rows under “To do” are nobody's again: %(rows)s."), "back_hand", "neutral"),
    "to_do.handed": (_("Rows under “To do” were handed to a colleague: %(rows)s."), "forward", "neutral"),
    "to_do.put_off": (_("Rows under “To do” were put off until %(until)s: %(rows)s."), "snooze", "neutral"),
    "to_do.woken": (_("Rows under “To do” that were put off wait again: %(rows)s."), "alarm", "neutral"),
    "export.made": (_("A list was exported: %(list)s, %(rows)s rows, as %(format)s."), "download", "neutral"),
    "export.fetched": (_("The file of an export was downloaded."), "download", "neutral"),
    "export.regular_set_up": (_("A list is exported regularly from now on: %(list)s."), "event_repeat", "neutral"),
    "export.regular_changed": (_("How a list is exported regularly was changed: %(list)s."), "event_repeat", "neutral"),
    "export.regular_stopped": (_("A list is no longer exported regularly: %(list)s."), "event_busy", "neutral"),
}


def describe_own(row: TimelineRow) -> Sentence | None:
    """The sentence of an entry that this room recorded; None for any other."""
    known = WORDS.get(row.kind)
    if known is None:
        return None
    words, icon, tone = known
    return Sentence(text=str(words) % {**row.data, **_named(row)}, icon=icon, tone=tone)


def _named(row: TimelineRow) -> dict[str, str]:
    """What an export is of and in, as people call it."""
    told = {}
    if "list" in row.data:
        told["list"] = name_of_list(row.data["list"])
    if "format" in row.data:
        told["format"] = str(FileFormat(row.data["format"]).label)
    return told
