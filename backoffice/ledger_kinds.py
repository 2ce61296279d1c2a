"""Every kind of ledger entry that this room records."""

from typing import Final

#: Who works here, and what they may do.
PEOPLE: Final = (
    "user.created",
    "user.changed",
    "user.email_changed",
    "user.password_changed",
    "user.password_removed",
    "role.created",
    "role.changed",
)
#: Who came in, or tried to, and what became of how they come in.
SIGN_IN: Final = (
    "sign_in.done",
    "sign_in.over",
    "sign_in.wrong",
    "sign_in.locked_out",
    "sign_in.address_locked_out",
    "sign_in.flood",
    "sign_in.lock_lifted",
    "sign_in.factor_set",
    "sign_in.factor_removed",
    "sign_in.factor_reset",
    "sign_in.codes_made",
    "sign_in.code_used",
    "sign_in.password_changed",
    "sign_in.password_reset",
    "sign_in.sessions_ended",
)
#: What left the house as a file.
FILES: Final = ("evidence.made", "exceptions.taken")
#: Lists that left the house as files, and who took them.
EXPORTS: Final = (
    "export.made",
    "export.fetched",
    "export.regular_set_up",
    "export.regular_changed",
    "export.regular_stopped",
)
#: Lists that grew by a file.
INTAKE: Final = ("intake.imported",)
#: Lists that got a name.
VIEWS: Final = ("view.saved", "view.removed")
#: Who took care of what waits under “To do”.
TO_DO: Final = ("to_do.taken", "to_do.left", "to_do.handed", "to_do.put_off", "to_do.woken")
#: What people choose for themselves.
OWN: Final = ("digest.chosen",)
KINDS: Final = frozenset({*PEOPLE, *SIGN_IN, *FILES, *EXPORTS, *INTAKE, *VIEWS, *TO_DO, *OWN})
