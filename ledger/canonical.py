"""Canonical JSON (RFC 8785): one text for one value, so that its digest is one, too.

`rfc8785` writes it, in Python, and most of the time of recording and verifying was its. Of nearly all that the ledger
holds, the encoder of Python's own `json`, which is C, writes the very same. What it might write otherwise goes the long
way: numbers that are not whole, or not exact as doubles, and names of members that may be in another order.
"""

import json
import re
from typing import Any, Final

import rfc8785

#: RFC 8785 writes numbers as IEEE 754 doubles: a whole one beyond this may be another one to who reads it.
LARGEST_EXACT: Final = 2**53 - 1
#: Beside it, texts are in another order by their UTF-16 than by their characters (RFC 8785, 3.2.3).
_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")
#: The beginning of a number with a fraction, an exponent, or as many digits as may be too many. Within a text it means
#: nothing, and costs no more than the long way.
_ODD_NUMBER: Final = re.compile(r"(?:^|[:,\[])-?[0-9]+(?:[.eE]|[0-9]{15})|NaN|Infinity")
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


class NotCanonical(ValueError):
    """It is no JSON, or not the one way to write what it says."""


class _OddNumber(Exception):
    """It is not for Python's encoder to say how this is written."""


def dumps(value: Any) -> str:
    """Raises what `rfc8785.dumps` raises, a ValueError, for a value that has no canonical form."""
    text = _encode(value)
    if _ODD_NUMBER.search(text) or _is_astral(text):
        return rfc8785.dumps(value).decode()
    return text


def loads(text: str) -> Any:
    """What a canonical text says. Raises NotCanonical for any other, and RecursionError."""
    try:
        value = _decode(text)
        written = rfc8785.dumps(value).decode() if _is_astral(text) else _encode(value)
        text.encode()
    except _OddNumber:
        value, written = _loads_slowly(text)
    except ValueError as error:
        raise NotCanonical from error
    if written != text:
        raise NotCanonical
    return value


def _loads_slowly(text: str) -> tuple[Any, str]:
    try:
        value = json.loads(text)
        return value, rfc8785.dumps(value).decode()
    except ValueError as error:
        raise NotCanonical from error


def _is_astral(text: str) -> bool:
    return not text.isascii() and _ASTRAL.search(text) is not None


def _exact(digits: str) -> int:
    number = int(digits)
    if abs(number) > LARGEST_EXACT:
        raise _OddNumber
    return number


def _odd(_digits: str) -> Any:
    raise _OddNumber


_decode: Final = json.JSONDecoder(parse_int=_exact, parse_float=_odd, parse_constant=_odd).decode
