"""JSON as it goes over the wire.

What we send has one byte form under every reading: RFC 9530 hashes the bytes, some wallets hash
`JSON.stringify(JSON.parse(body))`. So: compact, UTF-8 without escapes, nothing that JavaScript would write otherwise.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from payments.openpayments.textrules import is_storable

LARGEST_EXACT_INTEGER: Final = 2**53
DEEPEST_NESTING: Final = 64
_INTEGER_LIKE_KEY: Final = re.compile(r"\d+")

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | bool | None
JsonObject = Mapping[str, Json]


class UnsendableJsonError(ValueError):
    """The value has no byte form that every wallet hashes alike (float, huge integer, NUL, integer-like key, …)."""


class UnreadableJsonError(ValueError):
    """The bytes are not a JSON text that we accept (bad UTF-8, duplicate key, NaN, NUL, lone surrogate, too deep)."""


def compact_json(value: Json) -> bytes:
    """The one byte form of `value`. Raises UnsendableJsonError for what JavaScript would write in another way."""
    _check_sendable(value, depth=0)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _check_sendable(value: object, depth: int) -> None:
    if depth > DEEPEST_NESTING:
        raise UnsendableJsonError("nested too deeply")
    match value:
        case None | bool():
            return
        case str():
            _check_text(value)
        case int():
            if abs(value) > LARGEST_EXACT_INTEGER:
                raise UnsendableJsonError("integers above 2**53 are not exact in JavaScript")
        case dict():
            for key, member in value.items():
                _check_key(key)
                _check_sendable(member, depth + 1)
        case list() | tuple():
            for member in value:
                _check_sendable(member, depth + 1)
        case _:
            raise UnsendableJsonError(f"{type(value).__name__} has no exact JSON form")


def _check_key(key: object) -> None:
    if not isinstance(key, str):
        raise UnsendableJsonError("keys are texts")
    _check_text(key)
    if _INTEGER_LIKE_KEY.fullmatch(key):
        raise UnsendableJsonError("JavaScript moves integer-like keys to the front")


def _check_text(text: str) -> None:
    if not is_storable(text):
        raise UnsendableJsonError("texts hold no NUL and no lone surrogate")


def parse_json(content: bytes) -> object:
    """Reads one JSON text as strictly as we write it, floats excepted. Raises UnreadableJsonError."""
    try:
        value = json.loads(
            content.decode("utf-8", errors="strict"),
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
        )
        _check_readable(value, depth=0)
    except UnreadableJsonError:
        raise
    except RecursionError as error:
        raise UnreadableJsonError("nested too deeply") from error
    except ValueError as error:
        raise UnreadableJsonError("not JSON in UTF-8") from error
    return value


def _object_without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise UnreadableJsonError("a key stands twice in one object")
    return members


def _refuse_constant(name: str) -> object:
    raise UnreadableJsonError(f"{name} is not JSON")


def _check_readable(value: object, depth: int) -> None:
    if depth > DEEPEST_NESTING:
        raise UnreadableJsonError("nested too deeply")
    if isinstance(value, str) and not is_storable(value):
        raise UnreadableJsonError("a text holds NUL or a lone surrogate")
    if isinstance(value, dict):
        for key, member in value.items():
            _check_readable(key, depth + 1)
            _check_readable(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check_readable(member, depth + 1)
