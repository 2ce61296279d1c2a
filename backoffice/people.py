"""What is recorded, and who is told, when somebody who works here is made or changed. The pages are `people_admin`.

Whoever holds another's account can be two people. So an entry by which that happens has the subject `CREDENTIALS`, the
other administrators and the person get a mail, and for a while the two count as one (`payments.second_person`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.forms import ModelForm
from django.urls import reverse

from ledger.api import Actor, record
from ledger.content import Json
from payments.mail.queue import queue_notice
from payments.models.messages import Template
from payments.second_person import CREDENTIALS

#: Columns that say who somebody is: what they were, and are, can be erased.
PERSONAL: Final = frozenset({"username", "first_name", "last_name", "email"})
#: By these, whoever does it gets the account into their hands.
HANDED_OVER: Final = frozenset({"user.created", "user.email_changed", "user.password_changed"})
MODEL_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True)
class Changes:
    """What a form changed of a row: every field by its name, as it was and as it is."""

    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, form: ModelForm[Any]) -> "Changes":
        names = [name for name in form.changed_data if name in form.cleaned_data]
        return cls(
            {name: _plain(form.initial.get(name)) for name in names},
            {name: _plain(form.cleaned_data[name]) for name in names},
        )

    def data(self) -> dict[str, Json]:
        """What stays: roles, permissions, switches."""
        return {
            "before": {name: value for name, value in self.before.items() if name not in PERSONAL},
            "after": {name: value for name, value in self.after.items() if name not in PERSONAL},
            "changed": sorted(self.after),
        }

    def private(self) -> dict[str, str]:
        """What can be erased: names and addresses, as `email_before` and `email_after`."""
        told = {f"{name}_before": str(value) for name, value in self.before.items() if name in PERSONAL}
        return told | {f"{name}_after": str(value) for name, value in self.after.items() if name in PERSONAL}


def _plain(value: Any) -> Any:
    """As the ledger takes it: rows that a person is given, or gives, by their names."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str):
        return value
    return sorted(_name(row) for row in value)


def _name(row: Group | Permission) -> str:
    return f"{row.content_type.app_label}.{row.codename}" if isinstance(row, Permission) else row.name


def created(user: User, by: User) -> None:
    _tell("user.created", user, by, {}, {"email_after": user.email})


def changed(user: User, changes: Changes, by: User) -> None:
    """Of another email address there is an entry of its own; the earlier one is told, too."""
    if not changes.after:
        return
    _tell("user.changed", user, by, changes.data(), changes.private())
    if "email" in changes.after:
        before, after = str(changes.before["email"]), str(changes.after["email"])
        _tell("user.email_changed", user, by, {}, {"before": before, "after": after}, also_to=before)


def password_changed(user: User, by: User) -> None:
    """That it was changed, or taken away; never what it is."""
    kind = "user.password_changed" if user.has_usable_password() else "user.password_removed"
    _tell(kind, user, by, {}, {})


def role_saved(role: Group, changes: Changes, by: User, *, is_new: bool) -> None:
    record(
        "role.created" if is_new else "role.changed",
        actor=Actor.staff(by.pk),
        subjects={"role": str(role.pk)},
        data={"role": role.name, **changes.data()},
    )


def _tell(  # noqa: PLR0913, PLR0917 - what happened to whom
    kind: str, user: User, by: User, data: Mapping[str, Json], private: Mapping[str, str], also_to: str = ""
) -> None:
    subjects = {"user": str(user.pk)}
    if kind in HANDED_OVER and by != user:
        subjects[CREDENTIALS] = str(user.pk)
    entry = record(
        kind,
        actor=Actor.staff(by.pk),
        subjects=subjects,
        data=data,
        private={"username": user.get_username(), **{name: value for name, value in private.items() if value}},
    )
    told = {"what": kind, "title": user.get_username(), "who": by.get_full_name() or by.get_username()}
    for email, name in _whom_to_tell(user, by, also_to).items():
        queue_notice(
            Template.ACCOUNT,
            name=name,
            email=email,
            language=settings.LANGUAGE_CODE,
            details={**told, **private, "page": _page(user), "subjects": {"user": str(user.pk)}},
            occasion=f"account:{entry.pk}:{email}",
        )


def _whom_to_tell(user: User, by: User, earlier: str) -> dict[str, str]:
    """Email addresses with names: the person, at their earlier address, too, and all others who may change people."""
    administrators = User.objects.with_perm("auth.change_user", backend=MODEL_BACKEND).exclude(pk=by.pk)
    people = [person for person in (user, *administrators) if person != by and person.email]
    found = {person.email: person.get_full_name() or person.get_username() for person in people}
    return found | ({earlier: user.get_full_name() or user.get_username()} if earlier and by != user else {})


def _page(user: User) -> str:
    return f"{settings.BASE_URL}{reverse('admin:auth_user_change', args=[user.pk])}"
