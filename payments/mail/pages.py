"""The links of a mail: for whom they are made, and the page that people have of their own, in a room above.

That room says where it is, when a mail is rendered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

#: From the key of a payer or a receiver, the address that is written to, whether they receive, and to whom of staff the
#: link is shown, to an absolute link; empty when there is none, or the address is not theirs (any more).
PageOf = Callable[[str, str, bool, int | None], str]


@dataclass(frozen=True)
class MailReader:
    """Who reads a mail: whom it is for, unless it says otherwise."""

    #: A member of staff (a user's id): their copies of the links are marked.
    shown_to: int | None = None
    #: Stands in for the links, for who may not use them.
    instead_of_links: str = ""


ADDRESSEE: Final = MailReader()

_providers: Final[list[PageOf]] = []


def provide(page_of: PageOf) -> None:
    """Let a room above give its people a link in the foot of their mail. Called when the program starts."""
    if page_of not in _providers:
        _providers.append(page_of)


def own_page(key: str, email: str, reader: MailReader, *, receives: bool) -> str:
    """The own page of whom the money's rows call `key`, for a mail to `email`; empty when there is none to give."""
    found = (page_of(key, email, receives, reader.shown_to) for page_of in _providers) if key else ()
    return reader.instead_of_links or next(filter(None, found), "")
