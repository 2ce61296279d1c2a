"""What the entries about people and roles say, in one plain sentence of the reader's language."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice import roles
from ledger.api import TimelineRow
from payments.presentation.timeline_text import Sentence, Tone

#: With names, for when they were erased, and how it looks.
WORDS: Final[dict[str, tuple[Promise, Promise, str, Tone]]] = {
    "user.created": (_("The account %(username)s was made."), _("An account was made."), "person_add", "warn"),
    "user.changed": (
        _("The account %(username)s was changed: %(changed)s."),
        _("An account was changed: %(changed)s."),
        "manage_accounts",
        "info",
    ),
    "user.email_changed": (
        _("The email address of the account %(username)s changed from “%(before)s” to “%(after)s”."),
        _("The email address of an account was changed."),
        "alternate_email",
        "warn",
    ),
    "user.password_changed": (
        _("A new password was set for the account %(username)s."),
        _("A new password was set for an account."),
        "password",
        "warn",
    ),
    "user.password_removed": (
        _("The password of the account %(username)s was taken away: nobody signs in with it."),
        _("The password of an account was taken away: nobody signs in with it."),
        "lock",
        "warn",
    ),
    "role.created": (_("The role “%(role)s” was made."), _("The role “%(role)s” was made."), "badge", "warn"),
    "role.changed": (_("The role “%(role)s” was changed."), _("The role “%(role)s” was changed."), "badge", "warn"),
}


def describe_own(row: TimelineRow) -> Sentence | None:
    """The sentence of an entry that this room recorded; None for any other."""
    known = WORDS.get(row.kind)
    if known is None:
        return None
    words, without_names, icon, tone = known
    told = {"changed": ", ".join(_changes(row)), "role": row.data.get("role", "")}
    try:
        text = str(words) % {**told, "before": "\N{EN DASH}", **row.private}
    except KeyError:
        text = str(without_names) % told
    return Sentence(text=text, icon=icon, tone=tone)


def _changes(row: TimelineRow) -> list[str]:
    """Each changed field, with what it was and is where the entry still says so."""
    before, after = row.data.get("before", {}), row.data.get("after", {})
    told = []
    for name in row.data.get("changed", []):
        label = str(FIELDS.get(name, name))
        was = before.get(name, row.private.get(f"{name}_before"))
        now = after.get(name, row.private.get(f"{name}_after"))
        told.append(label if now is None else f"{label} ({_value(was)} → {_value(now)})")
    return told


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(_("yes")) if value else str(_("no"))
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "\N{EN DASH}"
    return str(value or "\N{EN DASH}")


FIELDS: Final[dict[str, Promise]] = {
    "username": _("user name"),
    "first_name": _("first name"),
    "last_name": _("last name"),
    "email": _("email"),
    "groups": _("roles"),
    "user_permissions": _("permissions of their own"),
    "is_active": _("may sign in"),
    "is_staff": _("works here"),
    "is_superuser": _("superuser"),
}

#: Names of the built-in roles, as readers are told them.
ROLES: Final[dict[str, Promise]] = {
    roles.ADMINISTRATOR: _("administrator"),
    roles.PLATFORM_STAFF: _("platform staff"),
    roles.FINANCE: _("finance"),
    roles.AUDITOR: _("auditor"),
}
