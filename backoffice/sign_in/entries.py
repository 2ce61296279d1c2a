"""What the ledger is told of people who come in, try to, and change how they do.

An attacker can't fill it: of wrong tries it is told the first and the lock-out with its count, and of lock-outs at most
MOST_PER_HOUR. Where somebody was, and with what device, is in the part of an entry that can be erased.
"""

from datetime import timedelta
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from backoffice.models import FailedTries
from backoffice.sign_in.devices import device
from backoffice.sign_in.lockout import Try, came_in, forget
from ledger import clock
from ledger.api import Actor, record

DOOR: Final = Actor.system("sign-in")
MOST_PER_HOUR: Final = 60
TOLD: Final = "told"


def tell(
    kind: str,
    user: User,
    *,
    by: Actor | None = None,
    request: HttpRequest | None = None,
    credentials: bool = False,
    **data: int,
) -> None:
    """One entry about `user`, by themselves unless `by` somebody else; with where from, if there is a `request`.

    With `credentials`, whoever did it comes nearer to signing in as `user`: who is a second person is read from there.
    """
    about = {"user": str(user.pk), **({"credentials": str(user.pk)} if credentials else {})}
    with transaction.atomic():
        record(
            kind,
            actor=by or Actor.staff(user.pk),
            subjects=about,
            data=data,
            private=_where(request) if request else None,
        )


def wrong_try(request: HttpRequest, tried: Try, name: str) -> None:
    """A password or a code was wrong: count it for good, and tell what is worth telling."""
    full = tried.was_wrong()
    user = User.objects.filter(username=name).first()
    with transaction.atomic():
        if user and tried.is_first() and _may_tell():
            tell("sign_in.wrong", user, by=DOOR, request=request)
        for kind, count in full.items():
            if kind == "address":
                if _may_tell():
                    address = _where(request)
                    record(
                        "sign_in.address_locked_out", actor=DOOR, subjects={}, data={"tries": count}, private=address
                    )
            elif user and _may_tell():
                tell("sign_in.locked_out", user, by=DOOR, request=request, tries=count)


def signed_in(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Signal receiver of the library's sign-in, when everything that is asked was shown."""
    came_in(request, user.get_username())
    tell("sign_in.done", user, request=request)


def signed_out(user: User | None, **_kwargs: Any) -> None:
    if user is not None:
        tell("sign_in.over", user)


def factor_made(instance: Authenticator, *, created: bool, **_kwargs: Any) -> None:
    """Signal receiver of the row itself, in its transaction: the library speaks only after that."""
    if created:
        kind = "sign_in.factor_set" if instance.type == Authenticator.Type.TOTP else "sign_in.codes_made"
        tell(kind, instance.user, request=context.request)


def factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    if authenticator.type == Authenticator.Type.TOTP:
        tell("sign_in.factor_removed", user, request=request)


def factor_used(request: HttpRequest, user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        left = len(authenticator.wrap().get_unused_codes())
        tell("sign_in.code_used", user, request=request, left=left)


def password_changed(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    tell("sign_in.password_changed", user, request=request)


def password_reset(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """By a link in a mail: whoever reads that mail is not a stranger who guesses, so they may try anew."""
    forget(user.get_username())
    tell("sign_in.password_reset", user, request=request)


def _where(request: HttpRequest) -> dict[str, str]:
    return {"address": get_adapter().get_client_ip(request), "device": device(request.headers.get("User-Agent", ""))}


def _may_tell() -> bool:
    """Whether this hour has room for one more entry about wrong tries; the last that has says that there is no more."""
    now = clock.now()
    row, _is_new = FailedTries.objects.select_for_update().get_or_create(pk=TOLD, defaults={"since": now})
    if row.since <= now - timedelta(hours=1):
        row.count, row.since = 0, now
    row.count += 1
    row.save(update_fields=["count", "since"])
    if row.count == MOST_PER_HOUR:
        record("sign_in.flood", actor=DOOR, subjects={}, data={"entries": row.count})
    return row.count < MOST_PER_HOUR
