"""Mail to our own staff: who must decide on what another proposed, and what became of what they proposed.

What is told is made in the language that each of them works in, when it is written down: a snapshot of what waits.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.auth.models import User
from django.utils import translation

from payments.mail.queue import queue_notice
from payments.models import Colleague
from payments.models.messages import Template
from payments.presentation.languages import supported
from payments.second_person import objection

#: Ours is not the only way to sign in, and asks each for their permissions.
BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True)
class Told:
    """What waits, or was decided: in the words of the language that is active when it is made."""

    title: str
    who: str
    path: str  # of its page, without the host
    rows: Sequence[tuple[str, str]] = field(default_factory=list)
    why: Sequence[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As a message keeps it."""
        rows = [{"label": label, "value": value} for label, value in self.rows]
        return {"title": self.title, "who": self.who, "path": self.path, "rows": rows, "why": list(self.why)}


def with_permission(permission: str) -> list[User]:
    """Everybody who works here, can sign in and may do this (`app_label.codename`), superusers too, by id."""
    return list(User.objects.with_perm(permission, backend=BACKEND).filter(is_staff=True).order_by("pk"))


def who_may_second(permission: str, proposers: Iterable[int | None]) -> list[User]:
    """Everybody with the permission who counts as somebody else than all who proposed it."""
    asked = list(proposers)
    return [user for user in with_permission(permission) if objection(user, asked) is None]


def name_of(user: User | None) -> str:
    """As colleagues know them; empty for somebody who does not sign in here."""
    return (user.get_full_name() or user.get_username()) if user else ""


def write_to(
    users: Iterable[User],
    template: Template,
    told: Callable[[], Told],
    *,
    occasion: str,
    subjects: Mapping[str, str],
    **details: Any,
) -> None:
    """One message to each of `users` who has an email address, once per `occasion`. Must run in a transaction."""
    found = list(users)
    languages = dict(Colleague.objects.filter(user__in=found).values_list("user_id", "language"))
    for user in found:
        language = supported(languages.get(user.pk, ""))
        with translation.override(language):
            words = told()
        queue_notice(
            template,
            name=name_of(user),
            email=user.email,
            language=language,
            occasion=f"{occasion}:{user.pk}",
            details={**words.to_json(), **details, "subjects": dict(subjects)},
        )
