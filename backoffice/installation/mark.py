"""How an installation knows itself again from outside, without telling anybody who it is."""

from django.conf import settings
from django.utils.crypto import salted_hmac

SALT = "backoffice.installation.mark"


def own_mark() -> str:
    """The same in every process that signs with our SECRET_KEY, and in no other."""
    return _mark(settings.SECRET_KEY)


def is_ours(mark: object) -> bool:
    """Whether a process said so whose links we accept; while keys change, it may not have been restarted yet."""
    return mark in {_mark(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)}


def _mark(key: str) -> str:
    return salted_hmac(SALT, "installation", secret=key, algorithm="sha256").hexdigest()[:16]
