"""Links of rooms above on the page of a row: which they are, those rooms say when the program starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest


@dataclass(frozen=True)
class MoreLink:
    """`icon` is a Material symbol."""

    label: str
    url: str
    icon: str


#: From who looks, and at which row; None where there is none for them.
LinkOf = Callable[[HttpRequest, object], MoreLink | None]
_offers: Final[list[LinkOf]] = []


def also_link(link_of: LinkOf) -> None:
    if link_of not in _offers:
        _offers.append(link_of)


def more_links(request: HttpRequest, row: object) -> list[MoreLink]:
    """What the rooms above offer beside this row."""
    return [link for link_of in _offers if (link := link_of(request, row))]
