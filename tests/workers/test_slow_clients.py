"""Clients who send slowly, too much or too often keep nobody else waiting. Real processes, nothing in front of them."""

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from backoffice.front_door.request_limits import OF_A_LINK
from backoffice.front_door.whole_requests import HEAD_SECONDS
from tests.other_processes import environment_for_others
from tests.workers.slow_clients import HALVES, HOST, half_sent, waits
from tests.workers.web import web

#: Of each kind: more than there are threads, several times over.
COUNT = 100
#: With a thread for each of them there is no answer at all.
MOST_SECONDS = 5.0


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_health_answers_beside_seven_hundred_clients_that_never_finish(tmp_path: Path) -> None:
    database_url = environment_for_others(tmp_path)["DATABASE_URL"]
    with web(tmp_path, database_url=database_url) as url, ExitStack() as stack:
        port = int(url.rpartition(":")[2])
        [first] = stack.enter_context(half_sent(port, HALVES["half a head"], 1))
        began = time.monotonic()
        for half in HALVES.values():
            clients = stack.enter_context(half_sent(port, half, COUNT))
            assert max(waits(url, clients, MOST_SECONDS)) < MOST_SECONDS
        assert_large_bodies_are_refused_unread(port)
        assert_processes_count_together(url)
        first.settimeout(max(1.0, HEAD_SECONDS + 5 - (time.monotonic() - began)))
        assert b"408 Request Timeout" in first.recv(10_000)
        assert first.recv(1) == b""
        assert not list(tmp_path.glob("*upload*"))


def assert_large_bodies_are_refused_unread(port: int) -> None:
    for path, told, code in (
        (b"/approve/x", b"Content-Length: 200000000", b"413"),
        (b"/admin/login/", b"Content-Length: 200000000", b"413"),
        (b"/approve/x", b"Transfer-Encoding: chunked", b"400"),
    ):
        with socket.create_connection((HOST, port), timeout=10) as client:
            client.sendall(b"POST " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + told + b"\r\n\r\n")
            assert client.recv(10_000).startswith(b"HTTP/1.1 " + code)


def assert_processes_count_together(url: str) -> None:
    """Each of the two would let one link's whole allowance through by itself."""
    with httpx.Client(base_url=url, trust_env=False, timeout=10) as http:
        codes = [http.get("/approve/guess").status_code for _ in range(OF_A_LINK.at_once * 5 // 3)]
    assert codes[0] == 404
    assert 429 in codes
