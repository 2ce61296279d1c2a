"""Whatever arrives where programs ask, they are answered in JSON: what is wrong, a code, the id of their request."""

import json
from itertools import cycle
from typing import Any

import pytest
from django.test import Client

from tests.jobs.test_api import Program, code
from tests.jobs.test_api_work import worker_of_ours

pytestmark = pytest.mark.django_db
#: Where something is written, and where nothing is.
WRITES = (
    "/sellers",
    "/offers/1/quotes/start",
    "/api/payments/requests",
    "/api/members",
    "/api/jobs",
    "/api/jobs/1/publish",
)
NOWHERE = ("/api/nothing", "/api/", "/offers/1", "/payments/x/nothing", "/sellers/1", "/api/payments/incoming/x/y")


def test_an_address_where_nothing_is_or_a_method_that_is_not_taken() -> None:
    program = Program(by=worker_of_ours())
    for client in (program.client, Client()):
        for path in NOWHERE:
            assert code(client.get(path), 404) == "no_such_address"
            assert code(client.post(path, b"{}", content_type="application/json"), 404) == "no_such_address"
        for path in (*WRITES, "/payments/pending", "/api/webhooks/payments"):
            for method in ("PUT", "DELETE", "TRACE", "OPTIONS", "PATCH"):
                answer = client.generic(method, path)
                assert code(answer, 405) == "method_not_allowed"
                assert answer["Allow"]
    # People who lost their way see a page.
    assert "html" in Client().get("/nothing")["Content-Type"]
    assert "html" in Client().get("/payments/finish")["Content-Type"]


@pytest.mark.parametrize("with_key", [True, False])
def test_bodies_that_nobody_should_send(with_key: bool) -> None:
    program = Program(by=worker_of_ours())
    client = program.client if with_key else Client()
    deep = b'{"amount":' * 2000 + b"1" + b"}" * 2000
    bodies = {
        b"x" * 10_000_000: (413, "too_large"),
        json.dumps({"title": "x" * 40_000}).encode(): (413, "too_large"),
        deep: (400, "unreadable"),
        b"[" * 30_000: (400, "unreadable"),
        b'{"title": "\xff\xfe"}': (400, "unreadable"),
        b'{"title": ': (400, "unreadable"),
        b"\x00": (400, "unreadable"),
        b'{"title": "a\\u0000b"}': (400, "unreadable"),
        b'{"x": [{"\\ud800": 1}]}': (400, "unreadable"),
        b"[[[[[[[[]]]]]]]]": (400, "invalid"),
        b'{"amount": 1e400, "workersWanted": NaN}': (400, "invalid"),
        b"": (400, "invalid"),
    }
    types = cycle(("application/json", "text/plain", "multipart/form-data; boundary=x", "application/xml"))
    for path in WRITES[:-1]:
        for body, (status, what) in bodies.items():
            answer: Any = client.post(path, body, content_type=next(types))
            if with_key or status == 413:
                assert code(answer, status) == what, (path, body[:40])
            else:
                assert code(answer, 401) == "no_key"


def test_what_the_program_itself_fails_at_is_said_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: object, **_named: object) -> None:
        raise ZeroDivisionError

    program = Program(by=worker_of_ours())
    program.client.raise_request_exception = False
    monkeypatch.setattr("payments.api.keys.api_keys.usable_key", fails)
    assert code(program.get("/sellers"), 500) == "program_failed"
    monkeypatch.setattr("backoffice.front_door.request_limits.client_address", fails)
    assert code(program.get("/sellers"), 500) == "program_failed"
    assert "html" in program.get("/")["Content-Type"]
