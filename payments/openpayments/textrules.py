"""Which text from outside we keep: what every database can store and every log can print."""

import re
from typing import Final

# NUL breaks PostgreSQL, lone surrogates break UTF-8.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_VISIBLE_ASCII: Final = re.compile(r"[\x21-\x7e]+")


def is_storable(text: str) -> bool:
    """No NUL and no lone surrogate."""
    return _UNSTORABLE.search(text) is None


def is_clean_text(text: str) -> bool:
    """Storable, and without control or direction-changing characters."""
    return _CONTROL.search(text) is None


def is_header_safe(text: str) -> bool:
    """Visible ASCII without spaces, as tokens in an HTTP field must be."""
    return _VISIBLE_ASCII.fullmatch(text) is not None


def cleaned(text: str, longest: int) -> str:
    """The text made fit to store and show: control characters become spaces, and it ends after `longest` characters."""
    return _CONTROL.sub(" ", text)[:longest].strip()
