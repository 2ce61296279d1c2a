"""What somebody who works here may do is widened by two: one administrator proposes it, another one decides.

Narrowing it takes one: roles taken away, an account switched off. Nobody decides on what they may do themselves.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.contrib.auth.models import Group, Permission, User
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import people
from payments.actions import proposals
from payments.actions.proposals import ProposalKind
from payments.models import Proposal
from payments.presentation import proposal_words
from payments.presentation.proposal_words import NOTHING, ChangedRow, ProposalWords

ACCESS: Final = "access"
SWITCHES: Final = ("is_active", "is_staff", "is_superuser")
LABELS: Final[Mapping[str, Promise]] = {
    "is_active": gettext_lazy("May sign in"),
    "is_staff": gettext_lazy("Works here"),
    "is_superuser": gettext_lazy("Superuser"),
    "groups": gettext_lazy("Roles"),
    "user_permissions": gettext_lazy("Permissions beside the roles"),
}

Snapshot = Mapping[str, Any]


def access_now(user_id: str) -> dict[str, Any]:
    """What the account may do; empty when there is none."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return {}
    return {
        **{name: bool(getattr(user, name)) for name in SWITCHES},
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "user_permissions": sorted(_codes(user.user_permissions.select_related("content_type"))),
    }


def _codes(permissions: Iterable[Permission]) -> list[str]:
    return [f"{each.content_type.app_label}.{each.codename}" for each in permissions]


def wanted(user_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """What it may do once the form's `told` is saved, whichever of the fields it has."""
    after = access_now(user_id)
    after |= {name: bool(told[name]) for name in SWITCHES if name in told}
    if "groups" in told:
        after["groups"] = sorted(group.name for group in told["groups"])
    if "user_permissions" in told:
        after["user_permissions"] = sorted(_codes(told["user_permissions"]))
    return after


def widens(before: Snapshot, after: Snapshot) -> bool:
    """Whether anything is given. What is only taken away takes one person."""
    switched_on = any(after[name] and not before[name] for name in SWITCHES)
    return switched_on or any(set(after[name]) - set(before[name]) for name in ("groups", "user_permissions"))


def propose_access(user_id: str, after: Snapshot, *, by: User) -> Proposal:
    """Let the account do just this, by two."""
    return proposals.propose(ACCESS, user_id, after, by=by)


def _give(user_id: str, after: Snapshot, by: User) -> None:
    user, before = User.objects.get(pk=user_id), access_now(user_id)
    User.objects.filter(pk=user.pk).update(**{name: after[name] for name in SWITCHES})
    user.groups.set(Group.objects.filter(name__in=after["groups"]))
    every = Permission.objects.select_related("content_type")
    user.user_permissions.set([each for each in every if _codes([each])[0] in after["user_permissions"]])
    different = [name for name in LABELS if before[name] != after[name]]
    changes = people.Changes({name: before[name] for name in different}, {name: after[name] for name in different})
    people.changed(user, changes, by)


def _title(user_id: str) -> str:
    name = User.objects.filter(pk=user_id).values_list("username", flat=True).first()
    return _("What the account %(name)s may do") % {"name": name or user_id}


def _rows(before: Snapshot, after: Snapshot) -> list[ChangedRow]:
    return [
        ChangedRow(str(label), _value(before.get(name)), _value(after.get(name)))
        for name, label in LABELS.items()
        if before.get(name) != after.get(name)
    ]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return ", ".join(value or ()) or NOTHING


def declare() -> None:
    """Called when the program starts."""
    proposals.declare(ACCESS, ProposalKind("auth.change_user", access_now, _give, about=lambda pk: [int(pk)]))
    proposal_words.also_word(ACCESS, ProposalWords(_title, _rows))
