"""Logs name things, never secrets, and every line carries the id of its request."""

import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from backoffice import requestid
from backoffice.logs import MaskFilter

LINK = "eyJhbGciOi:1tOkEn:sIgNaTuRe"


@pytest.fixture
def written() -> Iterator[StringIO]:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("[{request_id}] {message}", style="{"))
    handler.addFilter(requestid.RequestIdFilter())
    handler.addFilter(MaskFilter())
    logger = logging.getLogger("tests.masking")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        (f"GET /approve/{LINK} 200", LINK),
        (f"GET /approve/{LINK}/decline?x=1", LINK),
        (f"GET /prove/{LINK} 200", LINK),
        (f"GET /payments/finish?proof={LINK} 302", LINK),
        ("Authorization: GNAP abcDEF0123", "abcDEF0123"),
        ("/payments/finish?request=01J&hash=AbC%2Bd%3D&interact_ref=9f1c", "AbC%2Bd%3D"),
        ("/payments/finish?request=01J&hash=AbC%2Bd%3D&interact_ref=9f1c", "9f1c"),
    ],
)
def test_a_secret_is_masked_and_the_rest_stays(written: StringIO, line: str, secret: str) -> None:
    logging.getLogger("tests.masking").error("Seen: %s", line)
    assert secret not in written.getvalue()
    assert "***" in written.getvalue()
    assert "Seen: " in written.getvalue()


def test_a_secret_in_a_traceback_is_masked(written: StringIO) -> None:
    try:
        int(f"/approve/{LINK}")
    except ValueError:
        logging.getLogger("tests.masking").exception("It broke")
    assert "ValueError" in written.getvalue()
    assert LINK not in written.getvalue()


def answer(given: str | None) -> tuple[HttpResponse, str]:
    seen = []

    def view(_request: HttpRequest) -> HttpResponse:
        seen.append(requestid.current.get())
        return HttpResponse()

    headers = {} if given is None else {"X-Request-ID": given}
    response = requestid.RequestIdMiddleware(view)(RequestFactory().get("/", headers=headers))
    return response, seen[0]


def test_a_request_gets_an_id_that_its_lines_and_its_answer_carry() -> None:
    response, seen = answer(None)
    assert response["X-Request-ID"] == seen
    assert len(seen) == 26


def test_an_id_from_the_proxy_is_kept() -> None:
    assert answer("proxy-0123456789")[1] == "proxy-0123456789"


@pytest.mark.parametrize("given", ["short", "x" * 65, "line\nbreak-0123", "<script>alert(1)</script>"])
def test_an_id_that_could_harm_the_log_is_replaced(given: str) -> None:
    assert answer(given)[1] != given


def test_nothing_of_one_request_is_left_for_the_next() -> None:
    answer(None)
    assert requestid.current.get() == "-"


@pytest.mark.django_db
def test_every_page_carries_its_request_id_and_the_content_security_policy(client: Client) -> None:
    response = client.get("/admin/login/")
    assert response["X-Request-ID"]
    policy = {part.split()[0]: part.split()[1:] for part in response["Content-Security-Policy"].split("; ")}
    assert policy["default-src"] == ["'self'"]
    assert "'unsafe-inline'" not in policy["script-src"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
