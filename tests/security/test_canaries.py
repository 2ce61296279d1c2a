"""Secrets put through the product are found nowhere: not in the database's bytes, the logs, or any page."""

import base64
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import pytest

from payments.openpayments.keys import generate_key, private_key_to_pem
from tests.databases import is_postgresql
from tests.security.conftest import Watched
from tests.security.crawling import Page, crawl

pytestmark = pytest.mark.prove

SHORTEST: Final = 12  # characters: anything shorter could be found by chance
EVERY_PAGE: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": {"DENY", "SAMEORIGIN"},
    "referrer-policy": {"same-origin", "no-referrer"},
}
ROW: Final = re.compile(r"/(?:\d+|[0-9A-HJKMNP-TV-Z]{26})/")
#: Keys that no row has: unused, too large, of the other kind, and no key at all.
NOBODYS: Final = ("999999999", "9" * 30, "01M7X00000000000000000NONE", "nobody")
#: Answers with a secret in them that cannot be read, by the operation that they answer.
SPOILT: Final = (
    ("post-request", "truncate"),
    ("post-request", "wrong-types"),
    ("post-continue", "truncate"),
    ("post-continue", "wrong-types"),
    ("create-outgoing-payment", "truncate"),
)


@dataclass(frozen=True)
class Lived:
    """An installation after a life: its secrets, by their text, and every page that it has."""

    secrets: dict[str, str]
    staff_pages: list[Page]
    strangers_pages: list[Page]


@pytest.fixture(scope="module")
def lived(watched_installation: Watched) -> Iterator[Lived]:
    """Payments that settle, are refused, declined, and go wrong where wallets answer with half a secret."""
    watched = watched_installation
    site = watched.site
    links = [_settled(watched), _refused(watched), _declined(watched)]
    links += [_gone_wrong(watched, operation, how) for operation, how in SPOILT]
    typed = _keys_typed_into_forms(watched)
    with site.signed_in("admin") as http:
        staff_pages = crawl(http, ["/admin/"])
    with site.http() as http:
        staff_pages += crawl(http, ["/admin/login/?next=/admin/"])
        strangers = crawl(http, ["/health", "/payments/finish", "/approve/forged", *links])
    found = {**watched.funders.secrets, **watched.workers.secrets, **typed}
    found |= {text: what for what, text in site.secrets.items()}
    yield Lived({text: what for text, what in found.items() if len(text) >= SHORTEST}, staff_pages, strangers)
    watched.funders.provider.clear_faults()


def test_every_kind_of_secret_went_through(lived: Lived) -> None:
    """The searches below would find nothing if nothing had passed."""
    kinds = {what.partition(" (")[0] for what in lived.secrets.values()}
    assert kinds >= {
        "an access token",
        "a continue token",
        "our nonce",
        "the wallet's nonce",
        "an interact_ref",
        "a line of the seller's key",
        "a line of a key typed into a form",
        "the password of rosa",
        "SECRET_KEY",
        "FIELD_ENCRYPTION_KEYS",
    }


def test_no_secret_is_in_the_database_s_bytes(watched: Watched, lived: Lived) -> None:
    site = watched.site
    if is_postgresql(site.database_url):
        dumped = subprocess.run([_pg_dump(), site.database_url], capture_output=True, check=True, timeout=60).stdout
        assert b"payments_grant" in dumped
        assert not _found(lived, {"pg_dump": dumped})
        return
    files = {path.name: path.read_bytes() for path in site.folder.glob("tequio.sqlite3*")}
    assert {"tequio.sqlite3", "tequio.sqlite3-wal"} <= files.keys()
    assert any(b"payments_grant" in content for content in files.values())
    assert not _found(lived, files)


def test_no_secret_is_in_any_log(watched: Watched, lived: Lived) -> None:
    logs = {path.name: path.read_bytes() for path in watched.site.programs.logs()}
    assert {"web.log", "worker.log", "backstage.log"} <= logs.keys()
    assert not _found(lived, logs)
    links = {page.url.partition("/approve/")[2].partition("?")[0] for page in lived.strangers_pages}
    opened = {link.removesuffix("/status") for link in links if len(link) > SHORTEST}
    assert opened
    assert not [name for name, log in logs.items() for link in opened if link.encode() in log], "links open requests"


def test_no_secret_is_on_any_page(lived: Lived) -> None:
    pages = {page.url: page.text.encode() + str(page.headers).encode() for page in _all(lived)}
    assert len(pages) > 100, "the crawl went astray"
    assert not _found(lived, pages)


def test_every_page_opens(lived: Lived) -> None:
    assert not [(page.url, page.status) for page in lived.staff_pages if not page.opens]
    assert not [(page.url, page.status) for page in lived.strangers_pages if page.status not in {200, 302, 400, 404}]


def test_pages_of_rows_that_are_not_there_stay_calm(watched: Watched, lived: Lived) -> None:
    shapes = {ROW.sub("/{}/", urlsplit(page.url).path) for page in lived.staff_pages if page.status == 200}
    paths = {shape.replace("{}", key) for shape in shapes if "{}" in shape for key in NOBODYS}
    assert len(paths) > 40
    with watched.site.signed_in("admin") as http:
        answers = {path: http.get(path).status_code for path in sorted(paths)}
    assert not [f"{path}: {status}" for path, status in answers.items() if status not in {200, 302, 404}]


def test_every_row_s_page_was_opened(lived: Lived) -> None:
    models = {
        page.url.partition("/admin/")[2].rpartition("/change")[0].rpartition("/")[0] for page in lived.staff_pages
    }
    assert models >= {
        "jobs/job",
        "jobs/member",
        "jobs/application",
        "ledger/entry",
        "payments/paymentrequest",
        "payments/payment",
        "payments/grant",
        "payments/quote",
        "payments/incomingpayment",
        "payments/outgoingpayment",
        "payments/message",
        "payments/seller",
        "payments/walletaddress",
        "auth/user",
    }


def test_every_page_tells_browsers_what_it_may_do(lived: Lived) -> None:
    wrong = []
    for page in _all(lived):
        policy = page.headers.get("content-security-policy", "")
        if page.is_html and ("default-src" not in policy or "frame-ancestors" not in policy):
            wrong.append(f"{page.url}: content-security-policy {policy!r}")
        for name, allowed in EVERY_PAGE.items():
            if page.is_html and page.headers.get(name) not in (allowed if isinstance(allowed, set) else {allowed}):
                wrong.append(f"{page.url}: {name} {page.headers.get(name)!r}")
        wrong += [
            f"{page.url}: scripts inline"
            for _ in [0]
            if "'unsafe-inline'" in policy.partition("script-src")[2].partition(";")[0]
        ]
    assert not wrong, "\n".join(wrong)


def _all(lived: Lived) -> list[Page]:
    return [*lived.staff_pages, *lived.strangers_pages]


def _found(lived: Lived, contents: dict[str, bytes]) -> list[str]:
    """Which secret is where, whole or in a usual disguise. The secrets themselves are not repeated."""
    return [
        f"{what} in {name}"
        for text, what in lived.secrets.items()
        for name, content in contents.items()
        if any(disguise in content for disguise in _disguises(text))
    ]


def _disguises(text: str) -> set[bytes]:
    raw = text.encode()
    return {raw, quote(text, safe="").encode(), raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")}


def _pg_dump() -> str:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"), key=lambda path: int(path.parts[4]))
    return str(installed[-1]) if installed else "pg_dump"


# The life


def _settled(watched: Watched) -> str:
    site = watched.site
    request_id = site.asked(site.work())
    with site.http() as http:
        http.get(site.funders.approve(site.wallet_page(request_id)))
    site.wait_for_state(request_id, "settled")
    return str(site.request(request_id)["link"])


def _refused(watched: Watched) -> str:
    site = watched.site
    request_id = site.asked(site.work())
    with site.http() as http:
        http.get(site.funders.reject(site.wallet_page(request_id)))
    return str(site.request(request_id)["link"])


def _declined(watched: Watched) -> str:
    site = watched.site
    link = str(site.request(site.asked(site.work()))["link"])
    with site.http() as http:
        http.post(link, data={"action": "decline", "reason": "No budget."})
    return link


def _gone_wrong(watched: Watched, operation: str, how: str) -> str:
    """The payer's wallet spoils one answer; wherever that leads."""
    site = watched.site
    request_id = site.asked(site.work())
    shown = site.request(request_id)
    fault = {"match": {"operation": operation}, "do": how}
    with site.http() as http:
        if operation == "post-request":
            site.funders.faults(fault)
            http.post(shown["link"], data={"action": "approve", "accepted": str(shown["debit"])})
        else:
            back = site.funders.approve(site.wallet_page(request_id))
            site.funders.faults(fault)
            http.get(back)

    def struck() -> bool:
        return any(call["fault"] == how for call in site.funders.requests(operation))

    site.programs.wait_for(struck, f"{operation} to be answered by {how}")
    site.funders.clear_requests()
    return str(shown["link"])


def _keys_typed_into_forms(watched: Watched) -> dict[str, str]:
    """A seller registered on its page, and one refused because of another field: both keys, by line."""
    site = watched.site
    typed: dict[str, str] = {}
    with site.signed_in("admin") as http:
        for name, wallet in (("second", f"{watched.workers.provider.url}/tequio"), ("third", "not an address")):
            pem = private_key_to_pem(generate_key())
            typed |= {line: "a line of a key typed into a form" for line in pem.splitlines() if "PRIVATE" not in line}
            http.get("/admin/payments/seller/add/")
            form = {
                "csrfmiddlewaretoken": http.cookies["tequio_csrf"],
                "id": name,
                "name": name.title(),
                "wallet_text": wallet,
                "key_id": "key-2",
                "private_key": pem,
                "approval_language": "es",
            }
            answer = http.post("/admin/payments/seller/add/", data=form)
            assert answer.status_code == (302 if name == "second" else 200)
            assert not [line for line in typed if line in answer.text], "a private key comes back on the page"
    return typed
