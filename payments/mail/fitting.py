"""Texts short enough for SMS and WhatsApp."""

from collections.abc import Mapping
from typing import Final

LONGEST_SHORT: Final = 300  # characters: two text messages
#: What is cut in a text message that would be longer, in this order.
CUT: Final = ("title", "name", "why")
LEAST_LEFT: Final = 24  # characters of a title or name that is cut


def fitted(words: str, values: Mapping[str, str]) -> str:
    """`words` with `values`, the longest of which are cut where that is needed to fit a text message."""
    told = {**values, **{name: " ".join(values[name].split()) for name in CUT if name in values}}
    for name in CUT:
        over = len(words % told) - LONGEST_SHORT
        text = told.get(name, "")
        if over > 0 and len(text) > LEAST_LEFT:
            told[name] = text[: max(LEAST_LEFT, len(text) - over) - 1] + "…"
    return words % told
