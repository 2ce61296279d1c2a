"""What may be written into an entry, and what is refused as a mistake of the caller."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ledger.canonical import LARGEST_EXACT

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

MAX_AMOUNT = 2**63 - 1  # minor units
MAX_BODY = 256 * 1024  # characters
MAX_DEPTH = 16

MAX_KIND, MAX_SUBJECT_KIND, MAX_ID = 64, 32, 255  # characters, as wide as the columns

_KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_SUBJECT_KIND = re.compile(r"[a-z][a-z0-9_]*")
_AMOUNT_KEYS = {"value", "assetCode", "assetScale"}
_MINOR_UNITS = re.compile(r"0|[1-9][0-9]{0,18}")

# A key is refused by what it ends with, so that `tokens_rotated` may be counted and `access_token` may not be kept.
_SECRET_KEY = re.compile(
    r"(^|_)(tokens?|secrets?|passwords?|authorization|nonces?|signature|cookies?|salt"
    r"|(private|api|encryption|secret)_keys?|interact_ref|continue_uri|manage_url)$"
)
# As long as a token is, with a digit, and nothing behind it: "Basic Needs A.C." is a name.
_SECRET_VALUE = re.compile(
    r"PRIVATE KEY-----|^(GNAP|Bearer|Basic) +(?=\S*[0-9])[A-Za-z0-9._~+/-]{16,}=*\s*$", re.IGNORECASE
)
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class RefusedContentError(ValueError):
    """The caller tried to record something that has no place in the ledger: a mistake in the program."""


def check_kind(kind: str) -> None:
    if not _KIND.fullmatch(kind) or len(kind) > MAX_KIND:
        raise RefusedContentError(f"A kind looks like payment.settled, not {kind!r}.")


def check_subject(kind: str, identity: str) -> None:
    if not _SUBJECT_KIND.fullmatch(kind) or len(kind) > MAX_SUBJECT_KIND:
        raise RefusedContentError(f"A kind of subject looks like job, not {kind!r}.")
    check_identity(identity)


def check_identity(identity: str) -> None:
    if not 1 <= len(identity) <= MAX_ID:
        raise RefusedContentError(f"An id is a text of 1 to {MAX_ID} characters, not {identity!r}.")
    _check_text(identity, "id")
    _check_no_credential(identity, "id")


def exact_words(private: Mapping[str, Json]) -> dict[str, Json]:
    """What names or describes a person, or was written by one: whatever it looks like, it is theirs to say."""
    return exact_object(private, "private", are_words=True)


def exact_json(value: object, path: str = "data", depth: int = 0, *, are_words: bool = False) -> Json:
    """The value as plain JSON. Refuses what canonical JSON, a database or an auditor could not take, and secrets.

    What looks like a secret is no mistake of ours where `are_words` of a person.
    """
    if depth > MAX_DEPTH:
        raise RefusedContentError(f"{path} is nested deeper than {MAX_DEPTH} levels.")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST_EXACT:
            raise RefusedContentError(f"{path} is an integer beyond 2**53: record it as text.")
        return int(value)
    if isinstance(value, str):
        _check_text(value, path)
        if not are_words:
            _check_no_credential(value, path)
        return str(value)
    if isinstance(value, list | tuple):
        return [
            exact_json(item, f"{path}[{position}]", depth + 1, are_words=are_words)
            for position, item in enumerate(value)
        ]
    if isinstance(value, Mapping):
        return exact_object(value, path, depth, are_words=are_words)
    raise RefusedContentError(f"{path} is a {type(value).__name__}: the ledger takes only exact JSON.")


def exact_object(
    value: Mapping[str, Json], path: str = "data", depth: int = 0, *, are_words: bool = False
) -> dict[str, Json]:
    """As `exact_json`, for what must be an object."""
    plain = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise RefusedContentError(f"{path} has the key {key!r}, which is not text.")
        _check_text(key, path)
        if _looks_secret(key):
            raise RefusedContentError(f"{path}.{key} looks like a secret: the ledger keeps none.")
        plain[str(key)] = exact_json(item, f"{path}.{key}", depth + 1, are_words=are_words)
    if "value" in plain and ("assetCode" in plain or "assetScale" in plain):
        _check_amount(plain, path)
    return plain


def _check_amount(amount: Mapping[str, Json], path: str) -> None:
    value, code, scale = amount["value"], amount.get("assetCode"), amount.get("assetScale")
    exact = isinstance(value, str) and _MINOR_UNITS.fullmatch(value) and int(value) <= MAX_AMOUNT
    asset = isinstance(code, str) and code and type(scale) is int and 0 <= scale <= 255  # noqa: PLR2004 - one byte
    if set(amount) != _AMOUNT_KEYS or not exact or not asset:
        raise RefusedContentError(
            f'{path} is not an amount such as {{"value": "1250", "assetCode": "USD", "assetScale": 2}}.'
        )


def _check_text(text: str, path: str) -> None:
    if "\x00" in text:
        raise RefusedContentError(f"{path} has a NUL character, which PostgreSQL cannot keep.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise RefusedContentError(f"{path} has half a surrogate pair, which is no text.")


def _check_no_credential(text: str, path: str) -> None:
    if _SECRET_VALUE.search(text):
        raise RefusedContentError(f"{path} looks like a credential: the ledger keeps none.")


def _looks_secret(key: str) -> bool:
    words = _WORD_START.sub("_", key).lower()
    return _SECRET_KEY.search(re.sub(r"[^a-z0-9]+", "_", words)) is not None
