"""What programs sign in with: `tq_`, the id of the key's row, and a secret that is kept nowhere.

Of the secret the row has a keyed hash: quick, for nobody guesses 256 random bits, and useless without SECRET_KEY.
"""

import hmac
import re
import secrets
from hashlib import sha256
from typing import Final

from django.conf import settings

PREFIX: Final = "tq_"
SECRET_BYTES: Final = 32
_TOKEN: Final = re.compile(r"tq_([0-9A-HJKMNP-TV-Z]{26})_[A-Za-z0-9_-]{43}")
_PURPOSE: Final = b"tequio api key\0"


def shown(key_id: str) -> str:
    """The part of a token that may be shown: it says which key it is, and opens nothing."""
    return f"{PREFIX}{key_id}"


def new_token(key_id: str) -> str:
    """For the row with this id."""
    return f"{shown(key_id)}_{secrets.token_urlsafe(SECRET_BYTES)}"


def key_id_of(token: str) -> str | None:
    """The row that a token says it is of; None for what is no token."""
    found = _TOKEN.fullmatch(token)
    return found[1] if found else None


def digest_of(token: str) -> str:
    """What the row keeps of it."""
    return _digest(settings.SECRET_KEY, token)


def matches(token: str, digest: str) -> bool:
    """Whether it is the token of which the row has this digest. An older SECRET_KEY's still is."""
    candidates = [_digest(key, token) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    return any([hmac.compare_digest(each, digest) for each in candidates])  # noqa: C419 - all of them, however early one fits


def _digest(key: str, token: str) -> str:
    return hmac.digest(sha256(_PURPOSE + key.encode()).digest(), token.encode(), sha256).hex()
