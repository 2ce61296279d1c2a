"""What stands between the product and a wallet provider: it sees every secret that passes, and lies when asked.

The provider is started with our address as its public one, so whatever it hands out leads through here.
"""

import json
import re
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from payments.sandbox.provider import USER_AGENT
from tests.sandbox.process import SandboxProcess

CALL_SECONDS: Final = 30
HOP_BY_HOP: Final = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
#: Where secrets stand in requests and answers (Open Payments, GNAP), by what they are.
PLACES: Final = {
    "access_token.value": "an access token",
    "continue.access_token.value": "a continue token",
    "interact.finish.nonce": "our nonce",
    "interact.finish": "the wallet's nonce",
    "interact_ref": "an interact_ref",
}


@dataclass(frozen=True)
class Lie:
    """In answers to paths that fit `path`: what stands at `place` (`continue.uri`) becomes `text`.

    Without a place the answer is a redirect to `text`. The provider has done its work in any case.
    """

    path: str
    place: str
    text: str


@dataclass
class Between:
    """`with Between() as between:` runs a provider behind us; `between.provider` controls it."""

    lies: list[Lie] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)  # what it is, by its text

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.provider = SandboxProcess(public_url=f"http://127.0.0.1:{self._server.server_port}")
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        try:
            self.provider.start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.provider.__exit__(kind, error, trace)
        self._stop()

    def _stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def remember(self, text: bytes) -> None:
        """Keep the secrets of a body."""
        content = _json(text)
        for place, what in PLACES.items():
            found = _at(content, place)
            if isinstance(found, str):
                self.secrets[found] = what

    def told(self, path: str, body: bytes) -> tuple[bytes, str | None]:
        """The body as the client gets to see it, and where it is redirected to instead."""
        content = _json(body)
        for lie in self.lies:
            if not re.match(lie.path, path):
                continue
            if not lie.place:
                return b"", lie.text
            *parents, last = lie.place.split(".")
            holder = _at(content, ".".join(parents)) if parents else content
            if isinstance(holder, dict) and last in holder:
                holder[last] = lie.text
                body = json.dumps(content, separators=(",", ":")).encode()
        return body, None


def _handler(between: Between) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = CALL_SECONDS

        def _pass_on(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            between.remember(sent)
            if token := self.headers.get("Authorization", "").removeprefix("GNAP "):
                between.secrets.setdefault(token, "an access token")
            upstream = HTTPConnection("127.0.0.1", between.provider.port, timeout=CALL_SECONDS)
            try:
                upstream.request(self.command, self.path, sent or None, dict(self.headers.items()))
                answer = upstream.getresponse()
                body = _whatever_came(answer)
                headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
                status = answer.status
            finally:
                upstream.close()
            between.remember(body)
            if self.headers.get("User-Agent") != USER_AGENT:
                body, elsewhere = between.told(self.path, body)
                if elsewhere:
                    status, headers = 302, [("Location", elsewhere)]
            self._answer(status, headers, body)

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_DELETE = _pass_on  # noqa: N815 - the names that http.server calls

        def log_message(self, *_arguments: Any) -> None:
            """Nothing: what passes here is secret."""

    return Handler


def _whatever_came(answer: HTTPResponse) -> bytes:
    """The body, or the half of it before the connection broke."""
    try:
        return answer.read()
    except IncompleteRead as error:
        return error.partial


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _at(content: Any, place: str) -> Any:
    for name in place.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return content
