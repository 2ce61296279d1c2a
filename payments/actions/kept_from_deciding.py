"""Whom somebody kept from being the second person to what they propose, by what they did to that account lately.

Where nobody else may decide, a proposal takes effect at once. So nobody may make that true by themselves: whoever sets
the others' passwords, or switches them off, and proposes then, waits until `second_person.WINDOW` is over.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.contrib.auth.models import Group, User

from ledger import clock
from ledger.api import TimelineRow, timeline
from payments.mail.colleagues import BACKEND
from payments.second_person import CREDENTIALS, MOST_ENTRIES, WINDOW

#: Whoever made an account never was another person to it.
MADE: Final = "user.created"
CHANGED: Final = "user.changed"
SWITCHES: Final = ("is_active", "is_staff", "is_superuser")


def kept_from_deciding(permission: str, *, by: User) -> bool:
    """Whether somebody could decide on what needs `permission`, had `by` left their account alone for `WINDOW`."""
    active, others = (User.objects.with_perm(permission, is_active=is_on, backend=BACKEND) for is_on in (True, False))
    may = {user.pk for user in (*active, *others)}
    return any(
        _was_kept(rows, permission, may=user.pk in may)
        for user in User.objects.exclude(pk=by.pk)
        if (rows := list(_done_to(user, by)))
    )


def _done_to(user: User, by: User) -> Iterator[TimelineRow]:
    """Newest first; nothing of an account that `by` made in that time."""
    since, rows = clock.now() - WINDOW, timeline([("user", str(user.pk))], MOST_ENTRIES)
    mine = [row for row in rows if row.recorded_at > since and (row.actor.kind, row.actor.id) == ("staff", str(by.pk))]
    if not any(row.kind == MADE for row in mine):
        yield from mine


def _was_kept(rows: list[TimelineRow], permission: str, *, may: bool) -> bool:
    if may and any(CREDENTIALS in row.subjects for row in rows):
        return True
    taken = [row.data for row in rows if row.kind == CHANGED]
    off = {name for data in taken for name in SWITCHES if _lost(data, name)}
    return (may and bool(off)) or "is_superuser" in off or any(_lost_permission(data, permission) for data in taken)


def _lost(data: Mapping[str, Any], name: str) -> bool:
    return data.get("before", {}).get(name) is True and data.get("after", {}).get(name) is False


def _lost_permission(data: Mapping[str, Any], permission: str) -> bool:
    """By a role, or a permission of their own, that was taken away."""
    lost = {
        name: set(data.get("before", {}).get(name) or ()) - set(data.get("after", {}).get(name) or ())
        for name in ("groups", "user_permissions")
    }
    if permission in lost["user_permissions"]:
        return True
    label, codename = permission.split(".")
    roles = Group.objects.filter(name__in=lost["groups"])
    return roles.filter(permissions__content_type__app_label=label, permissions__codename=codename).exists()
