"""Logs name things, never secrets, and every line carries the id of its request."""

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django_q.models import OrmQ
from django_q.signals import pre_execute

from backoffice import requestid
from backoffice.logs import JsonLine, MaskFilter, PartFilter, part_of
from ledger import clock, tracing
from payments import tasks
from payments.models import PaymentRequest
from payments.worker.queue_guard import read_task
from tests.driver import Stage
from tests.fixtures import sandbox, sandbox_process, short_waits, stage

__all__ = ["sandbox", "sandbox_process", "short_waits", "stage"]

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
        (f"POST /no-mail/{LINK} 200", LINK),
        (f"GET /admin/login/forgotten/{LINK}/ 200", LINK),
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
        seen.append(tracing.current.get())
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


def test_an_address_cannot_begin_a_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    requestid.RequestIdMiddleware(lambda _: HttpResponse())(RequestFactory().get("/a%0AERROR b"))
    assert caplog.messages[-1].startswith("GET /a%0AERROR%20b 200 (")


def test_nothing_of_one_request_is_left_for_the_next() -> None:
    answer(None)
    assert tracing.current.get() == "-"


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


@pytest.mark.parametrize(
    ("logger", "part"),
    [
        ("payments.pages.finish", "payment-finish"),
        ("payments.pages.incoming_webhook", "webhook"),
        ("payments.worker.webhook_turns", "webhook"),
        ("payments.worker.pool", "worker"),
        ("payments.engine.advance", "engine"),
        ("payments.openpayments.transport", "wallet"),
        ("ledger.sealing", "ledger"),
        ("django.request", "web"),
    ],
)
def test_a_line_says_which_part_of_the_program_it_is_from(logger: str, part: str) -> None:
    assert part_of(logger) == part


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What the program logs, as LOG_FORMAT=json has it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    for each in (requestid.RequestIdFilter(), PartFilter(), MaskFilter()):
        handler.addFilter(each)
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.django_db(transaction=True)
def test_a_payers_return_is_followed_from_the_proxy_through_the_worker_to_the_wallet(
    stage: Stage, client: Client, lines: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "TURN_SECONDS", 20.0)  # it ends when nothing is due, however busy the machine is
    sent, other = stage.sent(), stage.sent()
    back = stage.sandbox.approve(stage.at_wallet(sent))
    OrmQ.objects.all().delete()
    token = tracing.current.set("-")
    lines.truncate(0)

    given = "proxy-0123456789"
    assert client.get(back.removeprefix(settings.BASE_URL), headers={"X-Request-ID": given})["X-Request-ID"] == given
    task = read_task(OrmQ.objects.get().payload)
    PaymentRequest.objects.filter(pk=other.pk).update(next_attempt_at=clock.now())
    pre_execute.send(sender="django_q", func=tasks.advance_request, task=task)
    tasks.advance_request(*task["args"])
    tracing.current.reset(token)

    told = [json.loads(line) for line in lines.getvalue().strip("\0\n").splitlines()]
    mine = [line for line in told if line["request_id"] == given]
    assert {"payment-finish", "web", "wallet"} <= {line["part"] for line in mine}
    calls = [line for line in told if line["part"] == "wallet"]
    assert {line["payment_request"] for line in mine if line["part"] == "wallet"} == {sent.pk}
    assert any(line["message"].startswith("post-continue 127.0.0.1:") for line in calls)
    assert all(line["request_id"] == (given if line["payment_request"] == sent.pk else "-") for line in calls)
    assert "hash=" not in lines.getvalue()
    assert all(line["time"].endswith("Z") for line in told)
