"""Who could do what, at the end of any day: as it is today, with every change since taken back from the ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from backoffice.access_proposals import SWITCHES
from backoffice.people_words import describe_own
from ledger import days
from ledger.api import TimelineRow
from ledger.models import Entry
from ledger.timeline import row as told
from payments.presentation.timeline_lines import TimelineLine, lines
from payments.presentation.timeline_text import describe

NEEDED: Final = ("auth.view_user", "ledger.view_entry")
CHANGES: Final = ("user.created", "user.changed", "role.created", "role.changed")
#: Shown of the changes of one day and those after it.
MOST_LINES: Final = 200


@dataclass(frozen=True)
class StaffAccount:
    """What one account could do. `may` are all its permissions but those to look, `app_label.codename` each."""

    name: str
    superuser: bool
    roles: tuple[str, ...]
    beside: tuple[str, ...]
    may: tuple[str, ...]


@dataclass
class _State:
    """As it is told backwards: by the user's id what they may do, by the role's id its name and permissions."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    roles: dict[str, dict[str, Any]] = field(default_factory=dict)


def at_end_of(day: date) -> list[StaffAccount]:
    """Every account that could sign in then, by name."""
    return _accounts(_taken_back(_now(), _since(days.begins(day + timedelta(days=1)))))


def _now() -> _State:
    state = _State()
    for user in User.objects.prefetch_related("groups", "user_permissions__content_type"):
        state.users[str(user.pk)] = {
            **{name: bool(getattr(user, name)) for name in SWITCHES},
            "username": user.get_username(),
            "groups": [group.name for group in user.groups.all()],
            "user_permissions": _codes(user.user_permissions.all()),
        }
    for role in Group.objects.prefetch_related("permissions__content_type"):
        state.roles[str(role.pk)] = {"name": role.name, "permissions": _codes(role.permissions.all())}
    return state


def _codes(permissions: Iterable[Permission]) -> list[str]:
    return [f"{each.content_type.app_label}.{each.codename}" for each in permissions]


def _since(moment: datetime) -> list[TimelineRow]:
    """The changes after `moment`, newest first."""
    found = Entry.objects.filter(kind__in=CHANGES, recorded_at__gte=moment).select_related("private_part", "link")
    return [told(entry) for entry in found.order_by("-recorded_at", "-id")]


def _taken_back(state: _State, changes: Iterable[TimelineRow]) -> _State:
    for change in changes:
        room, _dot, what = change.kind.partition(".")
        rows = state.users if room == "user" else state.roles
        for key in change.subjects.get(room, ()):
            if what == "created":
                rows.pop(key, None)
            elif key in rows:
                rows[key].update(_before(change.data))
    return state


def _before(data: Mapping[str, Any]) -> dict[str, Any]:
    return dict(data.get("before", {}))


def _accounts(state: _State) -> list[StaffAccount]:
    permissions = {role["name"]: role["permissions"] for role in state.roles.values()}
    every = _codes(Permission.objects.select_related("content_type"))
    found = []
    for user in state.users.values():
        if not (user["is_active"] and user["is_staff"]):
            continue
        mine = {code for name in user["groups"] for code in permissions.get(name, ())} | {*user["user_permissions"]}
        acts = (code for code in (every if user["is_superuser"] else mine) if ".view_" not in code)
        found.append(
            StaffAccount(
                user["username"],
                user["is_superuser"],
                tuple(sorted(user["groups"])),
                tuple(sorted(user["user_permissions"])),
                tuple(sorted(acts)),
            )
        )
    return sorted(found, key=lambda account: account.name)


def read_day(text: str) -> date | None:
    """`2026-11-21`, not after today; None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(2000, 1, 1) < day <= days.today() else None


def access_history(request: HttpRequest) -> HttpResponse:
    """The page: for a day, and what was changed since."""
    if not request.user.has_perms(NEEDED):
        raise PermissionDenied
    day = read_day(request.GET.get("day", "")) or days.today()
    context = {
        **admin.site.each_context(request),
        "title": _("Who could do what"),
        "day": day,
        "today": days.today(),
        "accounts": at_end_of(day),
        "changes": _lines(_since(days.begins(day))[:MOST_LINES]),
    }
    return TemplateResponse(request, "admin/access_history.html", context)


def _lines(rows: list[TimelineRow]) -> list[TimelineLine]:
    return lines(reversed(rows), lambda one: describe_own(one) or describe(one))
