"""A proxy that stands in front of a sandbox provider and keeps what went by: the bytes as they were sent, both ways."""

import http.client
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.sandbox.process import SandboxProcess, free_port

SECONDS = 30
# These speak about one connection, and the proxy has two.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True, slots=True)
class Message:
    """One direction of an exchange. Names of `headers` are lower case; one that stands twice is joined by a comma."""

    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, lines: list[tuple[str, str]], body: bytes) -> Self:
        headers: dict[str, str] = {}
        for name, value in lines:
            headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
        return cls(headers, body)

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Exchange:
    """`target` is the request target as sent: path and query."""

    method: str
    target: str
    request: Message
    status: int
    answer: Message

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def sender(self) -> str:
        """The program that asked: the first word of its User-Agent."""
        return self.request.headers.get("user-agent", "").partition("/")[0].partition(" ")[0]

    def __str__(self) -> str:
        return f"{self.sender}: {self.method} {self.target} → {self.status}"


@dataclass
class Recording:
    """Everything that went by, in the order of the answers."""

    exchanges: list[Exchange] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, exchange: Exchange) -> None:
        with self._lock:
            self.exchanges.append(exchange)

    def take(self) -> list[Exchange]:
        """What went by since this was last asked."""
        with self._lock:
            taken, self.exchanges = self.exchanges, []
        return taken


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body of an answer in one piece: two would wait for an acknowledgement in between
    server: "_Server"

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        lines = list(self.headers.items())
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream_port, timeout=SECONDS)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in lines:
                upstream.putheader(name, value)
            upstream.endheaders(body or None)
            answer = upstream.getresponse()
            content = answer.read()
        except (http.client.HTTPException, OSError):
            self.close_connection = True  # what the provider did to us happens to whoever asked
            return
        finally:
            upstream.close()
        answer_lines = answer.getheaders()
        self.server.recording.add(
            Exchange(self.command, self.path, Message.of(lines, body), answer.status, Message.of(answer_lines, content))
        )
        self._answer(answer.status, answer.reason, answer_lines, content)

    def _answer(self, status: int, reason: str, lines: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status, reason)
        for name, value in lines:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        if status != http.HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _forward  # noqa: N815 - names that http.server looks for

    def log_message(self, *_: Any) -> None:
        """Nothing is written: the recording is the log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, upstream_port: int, recording: Recording) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream_port = upstream_port
        self.recording = recording


class RecordedSandbox:
    """A sandbox provider that everybody, itself included, reaches through a recording proxy."""

    def __init__(self) -> None:
        self.recording = Recording()
        port = free_port()
        self._server = _Server(port, self.recording)
        self.process = SandboxProcess(port=port, public_url=f"http://127.0.0.1:{self._server.server_port}")
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.__exit__(kind, error, trace)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
