"""Why an export was refused, or failed: codes and their sentences. `payments.presentation.reasons` has the money's."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NOT_ALLOWED, NO_SUCH_LIST, NO_ROOM = "export_not_allowed", "export_no_such_list", "export_no_room"
DIED, CRASHED, NOBODY = "export_died", "export_crashed", "export_nobody"

SENTENCES: Final[dict[str, Promise]] = {
    NOT_ALLOWED: _("%(name)s may not export this list any more, so nothing was made."),
    NO_SUCH_LIST: _(
        "The list can't be filtered like this any more, so nothing was made. Filter it anew, then export it again."
    ),
    NO_ROOM: _("There is no room on the disk for the file. Tell whoever runs this site, then export it again."),
    DIED: _("It was begun %(times)s times, and each time the process that was at it ended before it was done."),
    CRASHED: _("The program failed at it (%(what)s). Tell whoever runs this site; they find more in the log."),
    NOBODY: _("Nobody who gets it may export this list any more, so nothing was made."),
}


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """In the reader's language; empty where there is no reason."""
    return str(SENTENCES[code]) % params if code else ""
