"""What a session has shown of who is in it: a second factor or not, and how long ago it last showed anything."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest

from ledger import clock

SHOWN_AT: Final = "sign_in_shown_at"
FACTOR: Final = "sign_in_factor"


def signed_in(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Signal receiver: `user` has just signed in, by whatever way; the session is theirs from now on."""
    records = get_authentication_records(request, user)
    shown(request, factor=any(record["method"] == "mfa" for record in records))


def shown(request: HttpRequest, *, factor: bool) -> None:
    """Who is in this session has just shown it, with their second factor or without."""
    request.session[SHOWN_AT] = int(clock.now().timestamp())
    request.session[FACTOR] = factor or request.session.get(FACTOR, False)


def factor_is_gone(request: HttpRequest) -> None:
    """What this session showed exists no more."""
    request.session[FACTOR] = False


def has_factor(request: HttpRequest) -> bool:
    """Whether this session was opened, or confirmed, with a second factor."""
    return bool(request.session.get(FACTOR))


def is_recent(request: HttpRequest) -> bool:
    """Whether it is less than CONFIRM_SIGN_IN_MINUTES since this session showed who is in it."""
    at = datetime.fromtimestamp(request.session.get(SHOWN_AT, 0), UTC)
    return clock.now() - at < timedelta(minutes=settings.CONFIRM_SIGN_IN_MINUTES)


def must_have_factor(user: User) -> bool:
    """Whether somebody may only come in with a second factor: who may do more than read, where that is asked for."""
    return bool(settings.SECOND_FACTOR_REQUIRED) and may_do_more_than_read(user)


def may_do_more_than_read(user: User) -> bool:
    if user.is_superuser:
        return True
    return any(not name.partition(".")[2].startswith("view_") for name in user.get_all_permissions())


def owns_factor(user: User) -> bool:
    """Whether somebody has set up a second factor."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())
