"""Text in files without types (CSV): nothing of it is taken for a formula by a spreadsheet program."""

import re
from typing import Final

#: By these, and their full-width twins, spreadsheet programs know a formula.
_TRIGGERS: Final = "=+@\uff1d\uff0b\uff0d\uff20\\-"
#: At the beginning of a text; and of what a program takes for another cell that guesses another separator.
_FORMULA: Final = re.compile(rf"(?P<before>\A|[;\t\r\n])(?P<blank>[\s\0\x22\x27]*)(?=[{_TRIGGERS}])")
_LEADING: Final = ("\t", "\r")
MARK: Final = "'"


def is_risky(text: str) -> bool:
    """Whether a spreadsheet program might run a part of `text`, read from a file that has no types."""
    return text.startswith(_LEADING) or _FORMULA.search(text) is not None


def neutral(text: str) -> str:
    """`text` for a file without types, with an apostrophe before whatever might be run."""
    safe = _FORMULA.sub(lambda found: f"{found['before']}{found['blank']}{MARK}", text)
    return MARK + safe if text.startswith(_LEADING) else safe
