"""The page that people have of their own, in a room above: that room says where it is, when a mail is rendered."""

from collections.abc import Callable
from typing import Final

#: From the key of a payer or a receiver, and whether they receive, to an absolute link; empty when there is none.
PageOf = Callable[[str, bool], str]

_providers: Final[list[PageOf]] = []


def provide(page_of: PageOf) -> None:
    """Let a room above give its people a link in the foot of their mail. Called when the program starts."""
    if page_of not in _providers:
        _providers.append(page_of)


def own_page(key: str, *, receives: bool) -> str:
    found = (page_of(key, receives) for page_of in _providers) if key else ()
    return next(filter(None, found), "")
