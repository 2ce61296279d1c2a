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
KINDS: Final = frozenset(PEOPLE)
