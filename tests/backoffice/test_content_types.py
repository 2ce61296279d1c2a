"""Whatever a client says that it wrote in, no page fails over it; forms in anything but UTF-8 are refused."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test.client import RequestFactory

from backoffice.front_door.content_types import read_as_utf_8
from payments.links import approval_url
from payments.models import PaymentRequest
from tests.cast import asked

pytestmark = pytest.mark.django_db
#: What Python knows but reads no text with, or not as a browser wrote it.
ODD = ("hex", "base64", "rot13", "undefined", "unicode_escape", "idna", "utf-16", "utf-7")
URLENCODED = "application/x-www-form-urlencoded; charset={}"
MULTIPART = "multipart/form-data; boundary=b; charset={}"
IN_PARTS = b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\n\\ud800\r\n--b--\r\n'


class Answer(NamedTuple):
    status: int
    text: str


def ask(path: str, content_type: str, body: bytes | None = None) -> Answer:
    """Through the door itself: a test client makes a request of its own, and fails where Django does."""
    told: list[str] = []
    environ = RequestFactory().generic("GET" if body is None else "POST", path, body or b"").environ
    environ["CONTENT_TYPE"] = content_type
    page = read_as_utf_8(WSGIHandler())(environ, lambda status, _headers: told.append(status))
    return Answer(int(told[0].partition(" ")[0]), b"".join(page).decode())


@pytest.fixture(autouse=True)
def _the_database_stays_open() -> Iterator[None]:
    """As with a test client: each test has one transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def link() -> str:
    return approval_url(asked()).removeprefix("http://testserver")


@pytest.mark.parametrize("kind", [*(f"text/plain; charset={each}" for each in ODD), "text/plain; charset*=nonsense''x"])
def test_the_address_of_a_page_is_read_whatever_its_request_claims(link: str, kind: str) -> None:
    assert ask("/approve/x?lang=es", kind).status == 404
    assert ask("/payments/finish?a=b", kind).status == 404
    assert ask("/admin/login/?next=/", kind).status == 200
    shown = ask(f"{link}?lang=es", kind)
    assert shown.status == 200
    assert '<html lang="es">' in shown.text


@pytest.mark.parametrize("charset", ODD)
def test_a_form_in_anything_but_utf_8_is_refused(link: str, charset: str) -> None:
    for kind, body in ((MULTIPART, IN_PARTS), (URLENCODED, b"action=decline")):
        for path in (link, f"{link}?lang=es"):
            answer = ask(path, kind.format(charset), body)
            assert answer.status == 400
            assert "It was not written in UTF-8" in answer.text
    assert PaymentRequest.objects.get().state == "awaiting_approval"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8"])
def test_a_form_in_utf_8_is_read(link: str, charset: str) -> None:
    assert ask(link, URLENCODED.format(charset), "action=decline&reason=Mañana".encode()).status == 302
    assert PaymentRequest.objects.get().reason_params["words"] == "Mañana"
