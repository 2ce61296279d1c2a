"""Wrong tries to sign in: how many there may be, and for how long nobody gets in after that.

They are counted under the name that was tried and from the address that tried it. A browser in which somebody signed in
before is counted by itself: so whoever knows a name can lock out strangers, not its owner where they usually are. A try
is counted before it is looked at, so that many at once are no more than many one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import gettext as _

from backoffice.models import FailedTries
from ledger import clock

SALT: Final = "backoffice.sign_in.lockout"
COOKIE: Final = "tequio_known_browser"
COOKIE_SECONDS: Final = 365 * 24 * 60 * 60
NONCE_LENGTH: Final = 22
FORGOTTEN_AFTER: Final = timedelta(days=1)
CODE: Final = "locked_out"
#: Hexadecimal digits, 128 bits: two of them are a key together.
HALF: Final = 32


@dataclass(frozen=True)
class Rule:
    """So many wrong tries within that time, and then none for as long."""

    tries: int
    within: timedelta


RULES: Final = {
    "name": Rule(10, timedelta(minutes=15)),
    "browser": Rule(10, timedelta(minutes=15)),
    # Many people can share one.
    "address": Rule(40, timedelta(minutes=15)),
}


class LockedOut(ValidationError):
    """No try is looked at before `until`; the message says so, and no more than that."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        words = _(
            "There were too many wrong tries, so nothing was looked at. Try again at %(time)s, or ask an administrator."
        )
        super().__init__(words % {"time": timezone.localtime(until).strftime("%H:%M")}, code=CODE)


@dataclass(frozen=True)
class Try:
    """One try that was let through: it counts as wrong until `give_back` says otherwise."""

    #: The name's, or the known browser's, and then the address's.
    keys: Sequence[str]

    def give_back(self) -> None:
        """It was right, so far: it does not count."""
        with transaction.atomic():
            for row in self._rows().filter(count__gt=0):
                row.count -= 1
                row.save(update_fields=["count"])

    def was_wrong(self) -> dict[str, int]:
        """It counts; of those counters that are full now, and closed, what they are and how many tries there were."""
        full = {}
        with transaction.atomic():
            for row in self._rows().filter(locked_until=None):
                kind = _kind(row.pk)
                if row.count >= RULES[kind].tries:
                    row.locked_until = clock.now() + RULES[kind].within
                    row.save(update_fields=["locked_until"])
                    full[kind] = row.count
        return full

    def _rows(self) -> QuerySet[FailedTries]:
        """Held in the order in which `begin` takes them, the name's before the address's: nobody waits in a circle."""
        return FailedTries.objects.select_for_update().filter(pk__in=self.keys).order_by("-pk")

    def is_first(self) -> bool:
        """Whether no other wrong try to be this person is remembered."""
        return FailedTries.objects.filter(pk=self.keys[0], count=1).exists()


def begin(request: HttpRequest, name: str, address: str) -> Try:
    """Count a try to be `name`, a username, from `address`, which is empty where it tells nobody apart.

    Raises LockedOut when there were too many already.
    """
    keys = _keys(request, name, address)
    now = clock.now()
    with transaction.atomic():
        for key in keys:
            _take(key, now)
    return Try(keys)


def locked_until(name: str) -> datetime | None:
    """Until when somebody can't sign in as `name`, strangers or in a browser of theirs; None when everybody can."""
    rows = _rows_of(name).filter(locked_until__gt=clock.now())
    return max((row.locked_until for row in rows if row.locked_until), default=None)


def forget(name: str) -> bool:
    """Let everybody try again to be `name`; whether there was anything to forget."""
    deleted, _rows = _rows_of(name).delete()
    return bool(deleted)


def came_in(request: HttpRequest, name: str) -> None:
    """`name` showed all that is asked: their own counters begin anew."""
    FailedTries.objects.filter(pk__in=[key for key in _keys(request, name, "") if _kind(key) != "address"]).delete()


def remember_browser(request: HttpRequest, response: HttpResponse, name: str) -> None:
    """Let this browser be counted by itself, for the next year, when it tries to be `name`."""
    if _known_as(request, name):
        return
    content = [_key("name", name), get_random_string(NONCE_LENGTH)]
    response.set_cookie(
        COOKIE,
        signing.dumps(content, salt=SALT),
        max_age=COOKIE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _keys(request: HttpRequest, name: str, address: str) -> list[str]:
    known = _known_as(request, name)
    if known:
        return [_browser_key(name, known)]
    return [_key("name", name), *([_key("address", address)] if address else [])]


def _known_as(request: HttpRequest, name: str) -> str:
    """What this browser was called when `name` signed in with it; nothing when they did not."""
    try:
        whose, nonce = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=COOKIE_SECONDS)
    except (signing.BadSignature, ValueError):
        return ""
    return str(nonce) if whose == _key("name", name) else ""


def _key(kind: str, what: str) -> str:
    return f"{kind}:{salted_hmac(SALT, what.strip().casefold(), algorithm='sha256').hexdigest()}"


def _browser_key(name: str, nonce: str) -> str:
    """Begins with whose browser it is, so that all of theirs are found."""
    return f"{_browsers_of(name)}{_key('browser', nonce).partition(':')[2][:HALF]}"


def _browsers_of(name: str) -> str:
    return f"browser:{_key('name', name).partition(':')[2][:HALF]}:"


def _rows_of(name: str) -> QuerySet[FailedTries]:
    """What is counted against `name`: by strangers, and in the browsers in which they signed in before."""
    return FailedTries.objects.filter(Q(pk=_key("name", name)) | Q(pk__startswith=_browsers_of(name)))


def _kind(key: str) -> str:
    return key.partition(":")[0]


def _take(key: str, now: datetime) -> None:
    """Count one more. Raises LockedOut when it is closed, or when those that are still looked at would close it."""
    rule = RULES[_kind(key)]
    row, is_new = FailedTries.objects.select_for_update().get_or_create(pk=key, defaults={"since": now})
    if is_new:
        FailedTries.objects.filter(since__lt=now - FORGOTTEN_AFTER).delete()
    if row.locked_until and row.locked_until > now:
        raise LockedOut(row.locked_until)
    if row.locked_until or row.since <= now - rule.within:
        row.count, row.since, row.locked_until = 0, now, None
    if row.count >= rule.tries:
        raise LockedOut(now + rule.within)
    row.count += 1
    row.save(update_fields=["count", "since", "locked_until"])
