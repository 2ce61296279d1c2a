"""Opening every page that links lead to, and looking at what each page says to browsers."""

from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

MOST_PAGES: Final = 1500
#: Links with these in their query lead to other rows; all other queries only sort and filter the same ones.
PAGING: Final = ("p=", "page=")
LINKS: Final = ("href", "hx-get", "src", "action")


@dataclass(frozen=True)
class Page:
    url: str
    status: int
    headers: httpx.Headers
    text: str

    @property
    def is_html(self) -> bool:
        return str(self.headers.get("content-type", "")).startswith("text/html")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attributes if name in LINKS and value]


def crawl(http: httpx.Client, starts: Iterable[str]) -> list[Page]:
    """Every page of the site that can be reached from `starts` by reading (GET) alone, each once."""
    waiting = [str(http.base_url.join(start)) for start in starts]
    seen = set(waiting)
    pages: list[Page] = []
    while waiting:
        url = waiting.pop()
        answer = http.get(url)
        page = Page(url, answer.status_code, answer.headers, answer.text)
        pages.append(page)
        assert len(pages) < MOST_PAGES, "the site grows without end"
        links = _links(page) if page.is_html else []
        links += [answer.headers["location"]] if answer.is_redirect else []
        for link in links:
            target = _target(urljoin(url, link), str(http.base_url))
            if target and target not in seen:
                seen.add(target)
                waiting.append(target)
    return pages


def _links(page: Page) -> list[str]:
    parser = _Links()
    parser.feed(page.text)
    return parser.found


def _target(url: str, base: str) -> str | None:
    """The address to open for a link; None when it leads elsewhere, or to nothing that reading may do."""
    parts = urlsplit(url)
    if not url.startswith(base) or "/static/" in parts.path or parts.path.endswith("/logout/"):
        return None
    paging = [part for part in parts.query.split("&") if part.startswith(PAGING)]
    return parts._replace(query="&".join(paging), fragment="").geturl()
