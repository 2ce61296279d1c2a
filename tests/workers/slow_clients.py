"""Clients that never finish what they send, and how long everybody else waits for a page meanwhile."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

import httpx

HOST: Final = "127.0.0.1"
LOOKS: Final = 5
#: What each kind sends and then never goes on with. The last ones want an answer and don't read it.
HALVES: Final[dict[str, bytes]] = {
    "nothing": b"",
    "half a head": b"POST /approve/x HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ",
    "half a small body": b"POST /approve/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\na=",
    "half an upload": b"POST /admin/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n\r\na=",
    "a chunk": b"POST /approve/x HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n9999\r\na=",
    "no goodbye": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a second half": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /health HTTP/1.1\r\nHost:",
}


@contextmanager
def half_sent(port: int, half: bytes, count: int) -> Iterator[list[socket.socket]]:
    """So many connections that have sent `half` and stay open."""
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            client = stack.enter_context(socket.create_connection((HOST, port), timeout=10))
            client.sendall(half)
            opened.append(client)
        yield opened


def drip(clients: list[socket.socket]) -> None:
    """One more byte each, from those whom the server has not turned away."""
    for client in clients:
        with suppress(OSError):
            client.send(b"a")


def waits(url: str, clients: list[socket.socket], most_seconds: float) -> list[float]:
    """Seconds that `/health` took, several times, while the others drip; `most_seconds` for no answer within that."""
    took = []
    for _ in range(LOOKS):
        drip(clients)
        began = time.monotonic()
        with suppress(httpx.TransportError):
            answer = httpx.get(f"{url}/health", timeout=most_seconds, trust_env=False)
            assert answer.status_code == 200
        took.append(time.monotonic() - began)
    return took
