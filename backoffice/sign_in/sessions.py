"""Where people are signed in: which of their sessions there are, and how they end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.http import HttpRequest

from backoffice.sign_in.devices import device
from ledger import clock

SEEN: Final = "sign_in_seen_at"
#: How exactly it is known when somebody was last seen: a session is written to no more often.
SEEN_EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Place:
    """One session, as its owner reads it. `device` is empty when it can't be told."""

    pk: int
    device: str
    address: str
    since: datetime
    seen: datetime
    is_this: bool


def places(request: HttpRequest, user: User) -> list[Place]:
    """Where `user` is signed in, this session first, then the one last seen."""
    found = [_place(row, request) for row in UserSession.objects.purge_and_list(user)]
    return sorted(found, key=lambda place: (not place.is_this, -place.seen.timestamp()))


def count(user: User) -> int:
    """How many sessions of `user` were not ended yet."""
    return int(UserSession.objects.filter(user=user).count())


def seen(request: HttpRequest) -> None:
    """Whoever is in this session is there now."""
    now = int(clock.now().timestamp())
    if now - request.session.get(SEEN, 0) >= SEEN_EVERY.total_seconds():
        request.session[SEEN] = now
        UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=clock.now())


def end(user: User, *, only: int | None = None, besides: str | None = None) -> int:
    """End the sessions of `user`: `only` the one of that number, or all `besides` that of one key; how many."""
    rows = UserSession.objects.filter(user=user)
    if only is not None:
        rows = rows.filter(pk=only)
    if besides is not None:
        rows = rows.exclude(session_key=besides)
    ended = list(rows)
    for row in ended:
        row.end()
    return len(ended)


def end_others(request: HttpRequest, user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    """Signal receiver: with another second factor, who was let in without it has to come in again."""
    if authenticator.type == Authenticator.Type.TOTP:
        end(user, besides=request.session.session_key)


def signed_out(request: HttpRequest, **_kwargs: Any) -> None:
    UserSession.objects.filter(session_key=request.session.session_key).delete()


def switched_off(instance: User, **_kwargs: Any) -> None:
    """Signal receiver: a session of somebody who was switched off must not come to life when they are switched on."""
    if not instance.is_active:
        end(instance)


def _place(row: UserSession, request: HttpRequest) -> Place:
    return Place(
        row.pk,
        device(row.user_agent),
        row.ip,
        row.created_at,
        row.last_seen_at,
        row.session_key == request.session.session_key,
    )
