"""Opening every page that links lead to, and looking at what each page says to browsers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
    #: Somewhere it is led to otherwise than by a form that sends something there.
    is_linked: bool = True

    @property
    def opens(self) -> bool:
        """Or else it only takes what a form sends, and nothing leads there to read."""
        return self.status in {200, 302} or (self.status == 405 and not self.is_linked)

    @property
    def is_html(self) -> bool:
        return str(self.headers.get("content-type", "")).startswith("text/html")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.sent_to: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = [value for name, value in attributes if name in LINKS and value]
        sends = tag == "form" and (dict(attributes).get("method") or "").lower() == "post"
        (self.sent_to if sends else self.found).extend(found)


def crawl(http: httpx.Client, starts: Iterable[str]) -> list[Page]:
    """Every page of the site that can be reached from `starts` by reading (GET) alone, each once."""
    waiting = [str(http.base_url.join(start)) for start in starts]
    seen = set(waiting)
    linked = set(waiting)
    pages: list[Page] = []
    while waiting:
        url = waiting.pop()
        answer = http.get(url)
        page = Page(url, answer.status_code, answer.headers, answer.text)
        pages.append(page)
        assert len(pages) < MOST_PAGES, "the site grows without end"
        links = _Links()
        if page.is_html:
            links.feed(page.text)
        links.found += [answer.headers["location"]] if answer.is_redirect else []
        targets = {_target(urljoin(url, link), str(http.base_url)) for link in links.found}
        linked |= {target for target in targets if target}
        sent_to = {_target(urljoin(url, link), str(http.base_url)) for link in links.sent_to}
        for target in sorted(filter(None, targets | sent_to)):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return [replace(page, is_linked=page.url in linked) for page in pages]


def _target(url: str, base: str) -> str | None:
    """The address to open for a link; None when it leads elsewhere, or to nothing that reading may do."""
    parts = urlsplit(url)
    if not url.startswith(base) or "/static/" in parts.path or parts.path.endswith("/logout/"):
        return None
    paging = [part for part in parts.query.split("&") if part.startswith(PAGING)]
    return parts._replace(query="&".join(paging), fragment="").geturl()
