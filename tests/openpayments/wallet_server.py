"""A wallet's server as a test wants it, on loopback: real sockets, real HTTP, nothing of ours inside."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answers = Callable[["Received"], "Reply"]


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


class WalletServer:
    """Answers by path; remembers what it received and how many connections it saw."""

    def __init__(self, server: ThreadingHTTPServer, scheme: str) -> None:
        self.port: int = server.server_address[1]
        self.origin = f"{scheme}://localhost:{self.port}"
        self.host = f"localhost:{self.port}"
        self.received: list[Received] = []
        self.connections = 0
        self.routes: dict[tuple[str, str], Answers] = {}

    @property
    def alice(self) -> str:
        """The wallet address that the usual answers describe."""
        return f"{self.origin}/alice"

    @property
    def op(self) -> str:
        """The resource server."""
        return f"{self.origin}/op"

    def on(self, method: str, path: str, reply: Reply | Answers) -> None:
        self.routes[method, path] = (lambda _: reply) if isinstance(reply, Reply) else reply

    def answer(self, request: Received) -> Reply:
        self.received.append(request)
        route = self.routes.get((request.method, request.path.partition("?")[0]))
        return route(request) if route else Reply({"error": {"code": "404", "description": "Not Found"}}, 404)


@contextlib.contextmanager
def wallet_server(tls: ssl.SSLContext | None = None) -> Iterator[WalletServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            wallet.connections += 1
            super().setup()

        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            request = Received(self.command, self.path, tuple(self.headers.items()), self.rfile.read(length))
            reply = wallet.answer(request)
            self.send_response(reply.status)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.content)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.content)

        do_GET = do_POST = do_DELETE = handle_one  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
            pass

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                super().handle()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Clients that refuse our certificate hang up: expected here."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    wallet = WalletServer(server, "https" if tls else "http")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield wallet
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class RawServer:
    port: int
    stop: threading.Event
    connections: int = 0

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/alice"


@contextlib.contextmanager
def raw_server(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[RawServer]:
    """Hands each connection to `talk` after the head of the request arrived; for what no honest server does."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(listener.getsockname()[1], threading.Event())
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            head = b""
            while b"\r\n\r\n" not in head and (piece := connection.recv(65_536)):
                head += piece
            talk(connection, server.stop)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.connections += 1
                thread = threading.Thread(target=serve, args=(connection,), daemon=True)
                thread.start()
                threads.append(thread)

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        server.stop.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)
        for thread in threads:
            thread.join(5)
