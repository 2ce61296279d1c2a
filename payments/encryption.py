"""Secrets at rest: Fernet, newest key first. The row's id is inside, so a copied value opens nowhere else."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretUnreadable(Exception):
    """None of the configured keys opens this value, or it belongs to another row."""


@lru_cache(maxsize=16)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _keys() -> MultiFernet:
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS))


def seal(row_id: str, secrets: Mapping[str, str]) -> str:
    """Encrypt `secrets` for the row named `row_id`."""
    plain = json.dumps({"row": row_id, "secrets": dict(secrets)}, separators=(",", ":"))
    return _keys().encrypt(plain.encode()).decode()


def unseal(row_id: str, sealed: str) -> dict[str, str]:
    """The secrets of the row named `row_id`; nothing for a row that has none.

    Raises `SecretUnreadable` when the keys are gone or the value was moved from another row.
    """
    if not sealed:
        return {}
    try:
        content = json.loads(_keys().decrypt(sealed.encode()))
    except InvalidToken as error:
        raise SecretUnreadable(f"No key in FIELD_ENCRYPTION_KEYS opens the secrets of {row_id}.") from error
    if content["row"] != row_id:
        raise SecretUnreadable(f"The secrets of {row_id} belong to another row.")
    return dict(content["secrets"])


def reseal(sealed: str) -> str:
    """The secrets of `sealed`, encrypted anew under the newest key. Raises `SecretUnreadable`."""
    try:
        return _keys().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable("No key in FIELD_ENCRYPTION_KEYS opens this.") from error


def key_of(sealed: str) -> int | None:
    """The place in FIELD_ENCRYPTION_KEYS, from 0, of the key that opens `sealed`; None when none does."""
    for place, key in enumerate(settings.FIELD_ENCRYPTION_KEYS):
        try:
            _fernet((key,)).decrypt(sealed.encode())
        except InvalidToken:
            continue
        return place
    return None


def fingerprint(key: str) -> str:
    """A name for a key that can be shown: eight hexadecimal digits of the SHA-256 of its text."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]
