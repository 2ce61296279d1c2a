"""Nothing leaves for an address inside that nobody allowed, whoever names it: a person in a form, or a wallet."""

import html
import re
import socket
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.security.between import Lie
from tests.security.conftest import Watched
from tests.security.listening import Listener

pytestmark = pytest.mark.prove

#: What a person may type as a wallet address; {port} is where somebody listens who must not hear from us.
TYPED: Final = (
    "http://127.0.0.1:{port}/alice",
    "https://127.0.0.1:{port}/alice",
    "$127.0.0.1:{port}/alice",
    "$127.0.0.1:{port}",
    "127.0.0.1:{port}/alice",
    "https://localhost:{port}/alice",
    "$localhost:{port}/alice",
    "https://localhost.localdomain:{port}/alice",
    "https://{machine}:{port}/alice",
    "https://127.1:{port}/alice",
    "https://2130706433:{port}/alice",
    "https://0x7f000001:{port}/alice",
    "https://0177.0.0.1:{port}/alice",
    "https://017700000001:{port}/alice",
    "https://0.0.0.0:{port}/alice",
    "https://127.0.0.1.:{port}/alice",
    "https://[::1]:{port}/alice",
    "$[::1]:{port}/alice",
    "https://[::]:{port}/alice",
    "https://[0:0:0:0:0:0:0:1]:{port}/alice",
    "https://[::ffff:127.0.0.1]:{port}/alice",
    "https://[::ffff:7f00:1]:{port}/alice",
    "https://[::127.0.0.1]:{port}/alice",
    "https://[64:ff9b::7f00:1]:{port}/alice",
    "https://[2002:7f00:1::]:{port}/alice",
    "https://[::1%25lo]:{port}/alice",
    "https://wallet.example@127.0.0.1:{port}/alice",
    "https://wallet.example:443@127.0.0.1:{port}/alice",
    "https://wallet.example\\@127.0.0.1:{port}/alice",
    "https://127.0.0.1:{port}#@wallet.example/alice",
    "https://①②⑦.0.0.1:{port}/alice",
    "https://127。0。0。1:{port}/alice",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/alice",
    "https://192.168.1.1/alice",
    "https://[fe80::1]/alice",
    "https://[fd00::1]/alice",
    "https://metadata.google.internal/alice",
)
BY_NAME: Final = "https://localhost:{port}/x"
#: What a wallet may name as one of its own servers, payments or pages.
NAMED: Final = (
    "http://127.0.0.1:{port}/x",
    "https://[::1]:{port}/x",
    BY_NAME,
    "http://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/x",
)
SECOND: Final = "http://127.0.0.1:{port}/x"
WALLET: Final = r"/(funder|worker)-\d+$"
RECEIVERS_LIES: Final = {
    "grant's continuation": Lie(r"/auth/?$", "continue.uri", SECOND),
    "token's management": Lie(r"/auth/?$", "access_token.manage", SECOND),
    "incoming payment": Lie(r"/op/incoming-payments$", "id", SECOND),
    "any answer, as a redirect": Lie(r"/auth/?$", "", SECOND),
}
PAYERS_LIES: Final = {
    "grant's continuation": Lie(r"/auth/?$", "continue.uri", SECOND),
    "token's management": Lie(r"/auth/?$", "access_token.manage", SECOND),
    "quote": Lie(r"/op/quotes$", "id", SECOND),
    "any answer, as a redirect": Lie(r"/op/quotes$", "", SECOND),
}
APPROVALS_LIES: Final = {
    "page for the payer": Lie(r"/auth/?$", "interact.redirect", SECOND),
    "grant's continuation": Lie(r"/auth/?$", "continue.uri", SECOND),
}
COLLECTED_LIES: Final = {
    "token's management": Lie(r"/auth/continue/", "access_token.manage", SECOND),
    "outgoing payment": Lie(r"/op/outgoing-payments$", "id", SECOND),
    "an answer, as a redirect": Lie(r"/auth/continue/", "", SECOND),
}
ERRORS: Final = re.compile(r"<li>([^<]{15,})</li>")


@pytest.fixture
def inside() -> Iterator[Listener]:
    """Somebody inside our walls; a test fails when they hear anything."""
    with Listener() as listener:
        yield listener
        assert listener.knocks == 0, "a connection was made to an address inside"


def test_somebody_who_listens_would_be_heard() -> None:
    with Listener() as listener, socket.create_connection(("127.0.0.1", listener.port)) as connection:
        connection.recv(1)
        assert listener.knocks == 1


def test_no_member_has_a_wallet_inside(watched: Watched, inside: Listener) -> None:
    """The form refuses with a sentence, or the address is kept with what is wrong with it; nothing else."""
    site = watched.site
    with site.signed_in("rosa") as http:
        for number, typed in enumerate(TYPED):
            text = typed.format(port=inside.port, machine=socket.gethostname())
            http.get("/admin/jobs/member/add/")
            form = {
                "csrfmiddlewaretoken": http.cookies["tequio_csrf"],
                "name": f"Mallory {number}",
                "kind": "person",
                "email": f"mallory-{number}@example.org",
                "language": "en",
                "wallet_text": text,
            }
            answer = http.post("/admin/jobs/member/add/", data=form)
            if answer.status_code == 302:
                kept = site.backstage("check", url=site.backstage("wallet_of", name=f"Mallory {number}"))
                assert not kept["is_known"], text
                assert _is_sentence(kept["words"]), f"{text}: {kept}"
            else:
                assert answer.status_code == 200, text
                assert _is_sentence(_error_in(answer.text)), f"{text}: {_error_in(answer.text)!r}"


@pytest.mark.parametrize("place", ["authServer", "resourceServer", "id", ""])
def test_a_wallet_that_lives_inside_is_not_believed(watched: Watched, inside: Listener, place: str) -> None:
    site = watched.site
    wallet = site.work().worker.wallet
    for named in NAMED:
        if place.endswith("Server") and named == BY_NAME:
            continue  # where a server's name leads is judged when it is called: see the next test
        watched.workers.lies[:] = [Lie(WALLET, place, named.format(port=inside.port))]
        checked = site.backstage("check", url=wallet)
        assert checked["problem"], f"{place} {named}"
        assert _is_sentence(checked["words"])


@pytest.mark.parametrize("named", [SECOND, BY_NAME])
@pytest.mark.parametrize("place", ["authServer", "resourceServer", ""])
@pytest.mark.parametrize("whose", ["funders", "workers"])
def test_a_wallet_that_moves_inside_later_gets_no_request(
    watched: Watched, inside: Listener, whose: str, place: str, named: str
) -> None:
    site = watched.site
    work = site.work()
    site.backstage("an_hour_later")
    getattr(watched, whose).lies[:] = [Lie(WALLET, place, named.format(port=inside.port))]
    _is_refused(watched, site.backstage("ask", job_id=work.job_id, form_id=f"moved-{work.job_id}", send=False))


@pytest.mark.parametrize("whose", ["funders", "workers"])
def test_one_that_has_just_moved_inside_is_not_followed_there(watched: Watched, inside: Listener, whose: str) -> None:
    """It was looked up a moment ago: what is asked for goes where it was then, and nowhere else."""
    site = watched.site
    work = site.work()
    getattr(watched, whose).lies[:] = [Lie(WALLET, "resourceServer", SECOND.format(port=inside.port))]
    assert site.wait_for_state(site.asked(work), "awaiting_approval")["outgoing"] == 0


@pytest.mark.parametrize(
    ("whose", "what"), [*(("workers", what) for what in RECEIVERS_LIES), *(("funders", what) for what in PAYERS_LIES)]
)
def test_a_quote_is_refused_when_a_wallet_leads_inside(
    watched: Watched, inside: Listener, whose: str, what: str
) -> None:
    site = watched.site
    work = site.work()
    site.backstage("an_hour_later")
    lie = (RECEIVERS_LIES if whose == "workers" else PAYERS_LIES)[what]
    getattr(watched, whose).lies[:] = [Lie(lie.path, lie.place, lie.text.format(port=inside.port))]
    _is_refused(watched, site.backstage("ask", job_id=work.job_id, form_id=f"lie-{work.job_id}", send=False))


@pytest.mark.parametrize("what", list(APPROVALS_LIES))
def test_the_payer_is_not_sent_inside(watched: Watched, inside: Listener, what: str) -> None:
    site = watched.site
    request_id = site.asked(site.work())
    shown = site.request(request_id)
    lie = APPROVALS_LIES[what]
    watched.funders.lies[:] = [Lie(lie.path, lie.place, lie.text.format(port=inside.port))]
    with site.http() as http:
        answer = http.post(shown["link"], data={"action": "approve", "accepted": str(shown["debit"])})
        assert answer.headers["location"] == urlsplit(shown["link"]).path
        page = http.get(shown["link"])
    assert str(inside.port) not in page.text
    found = site.programs.wait_for(lambda: _with_words(site.request(request_id)), "the reason")
    assert found["state"] == "awaiting_approval"
    assert found["outgoing"] == 0


@pytest.mark.parametrize("what", list(COLLECTED_LIES))
def test_an_approval_is_collected_without_going_inside(watched: Watched, inside: Listener, what: str) -> None:
    """The payer has approved. What the wallet names now is not called; money moves at most once."""
    site = watched.site
    work = site.work()
    request_id = site.asked(work)
    back = site.funders.approve(site.wallet_page(request_id))
    lie = COLLECTED_LIES[what]
    watched.funders.lies[:] = [Lie(lie.path, lie.place, lie.text.format(port=inside.port))]
    with site.http() as http:
        http.get(back)
    found = site.programs.wait_for(lambda: _calm(site.request(request_id)), "a calm state")
    assert found["outgoing"] <= 1
    assert site.workers.balance(work.worker.account) in {0, 1_250_00}
    if found["state"] == "settled":
        assert site.workers.balance(work.worker.account) == 1_250_00
    else:
        assert all(_is_sentence(words) for words in found["words"])
        assert found["words"]


def _is_refused(watched: Watched, request_id: str) -> None:
    """The quote did not come, the request says why in words, and nothing can be sent to the payer."""
    found = watched.site.programs.wait_for(lambda: _with_words(watched.site.request(request_id)), "the reason")
    assert found["state"] in {"quoting", "failed"}
    assert found["debit"] is None
    assert all(_is_sentence(words) for words in found["words"])


def _with_words(found: dict[str, Any]) -> dict[str, Any] | None:
    return found if found["words"] else None


def _calm(found: dict[str, Any]) -> dict[str, Any] | None:
    return found if found["state"] == "settled" or found["words"] else None


def _error_in(page: str) -> str:
    found = ERRORS.search(page)
    return html.unescape(found.group(1).strip()) if found else ""


def _is_sentence(words: str) -> bool:
    """Something that a person can read and act on; it may begin with a host's name."""
    return words.count(" ") > 3 and words.endswith(".")
