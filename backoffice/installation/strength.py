"""How hard a secret is to guess, roughly: enough to refuse what people type when they are asked for a long text."""

import math
from collections.abc import Sequence
from typing import Final

#: What stands in examples, and in secrets that were never made.
COMMON: Final = ("django-insecure", "changeme", "change-me", "change_me", "password", "secret", "example", "qwerty")
SEEN: Final = 3


def bits(secret: Sequence[int]) -> float:
    """An estimate: how many parts of it do not follow from those before, times what one of them tells.

    A part follows that repeats the one before it, goes on in the same step (`abcd`, `8642`), or ends three that stood
    there already (`xyzxyz`).
    """
    seen: set[tuple[int, ...]] = set()
    surprises = 0
    for place, part in enumerate(secret):
        before = secret[max(0, place - 2) : place]
        three = (*before, part)
        is_a_step = bool(before) and (part == before[-1] or (len(before) > 1 and 2 * before[1] == before[0] + part))
        surprises += not is_a_step and not (len(three) == SEEN and three in seen)
        seen.add(three)
    return surprises * math.log2(max(len(set(secret)), 1))


def is_common(text: str) -> bool:
    """Whether it has a word in it that no random text has."""
    return any(word in text.lower() for word in COMMON)
