"""A gunicorn worker that gives a request one of its few threads only when all of it has arrived.

gunicorn's threads read requests themselves, and wait for as long as a client takes: as many half-sent requests as
there are threads, and nobody else is served. Here one loop listens to all connections at once. Bodies that are too
large to be kept meanwhile are read by threads of their own, so that only uploads wait for a slow one. Every wait has an
end.

The rest is gunicorn's `gthread`, whose methods these are. A connection serves one request (`keepalive` is 0).
"""

import errno
import re
import resource
import selectors
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from gunicorn.errors import ConfigError
from gunicorn.workers.gthread import TConn, ThreadWorker

#: From the connection to the end of the request's head, and from there to the end of a small body.
HEAD_SECONDS: Final = 10.0
BODY_SECONDS: Final = 20.0
#: A body that a thread reads has so long in all; a thread waits so long for any one piece, read or written.
UPLOAD_SECONDS: Final = 180.0
PIECE_SECONDS: Final = 15.0
#: After the answer, for the client to have read it and to close.
LEAVING_SECONDS: Final = 2.0
LARGEST_HEAD: Final = 32 * 1024
#: A larger body is not waited for here.
LARGEST_KEPT_BODY: Final = 64 * 1024
UPLOADS_AT_ONCE: Final = 2
#: Connections that nobody serves yet, or any more. One more, and the oldest of them goes.
MOST_VISITORS: Final = 1500
PIECE: Final = 64 * 1024

END_OF_HEAD: Final = b"\r\n\r\n"
LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
#: How long such a body is, or whether it comes at all, cannot be known before it is read.
UNKNOWN_LENGTH: Final = re.compile(rb"\r\n(?:transfer-encoding|expect):", re.IGNORECASE)


def refusal(status: str, sentence: str) -> bytes:
    """A whole answer, for whoever never gets as far as the site."""
    body = f"{sentence}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}"
    return f"{head}\r\nConnection: close\r\n\r\n".encode() + body


TOO_SLOW: Final = refusal("408 Request Timeout", "The request did not arrive in time. Please try again.")
TOO_LONG: Final = refusal("431 Request Header Fields Too Large", "The head of the request is too long.")


@dataclass(eq=False)
class Visitor:
    """A connection that no thread is busy with: its request is still arriving, or its answer was given."""

    conn: TConn
    until: float
    received: bytearray = field(default_factory=bytearray)
    head: int = 0  # how many bytes its head has, once that is whole
    body: int | None = None  # how many its body has; None where a thread must find out
    is_leaving: bool = False

    def look(self, arrived: bytes) -> None:
        """Take note of what arrived, and give a body the time that it has."""
        searched = max(0, len(self.received) - len(END_OF_HEAD) + 1)
        self.received += arrived
        if self.head or (end := self.received.find(END_OF_HEAD, searched)) < 0:
            return
        self.head = end + len(END_OF_HEAD)
        head = bytes(self.received[: self.head])
        length = LENGTH.search(head)
        self.body = None if UNKNOWN_LENGTH.search(head) else int(length[1]) if length else 0
        self.until = time.monotonic() + BODY_SECONDS

    @property
    def is_upload(self) -> bool:
        return bool(self.head) and (self.body is None or self.body > LARGEST_KEPT_BODY)

    @property
    def is_whole(self) -> bool:
        return bool(self.head) and self.body is not None and len(self.received) >= self.head + self.body


class WholeRequestWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise ConfigError(
                "TLS ends at a proxy in front of this server: see “What stands in front” in docs/running.md."
            )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.visitors: dict[TConn, Visitor] = {}
        self.uploading: dict[TConn, float] = {}

    def init_process(self) -> None:
        self.most_visitors = min(MOST_VISITORS, _more_files() // 2)
        self.uploads = ThreadPoolExecutor(UPLOADS_AT_ONCE, thread_name_prefix="upload")
        super().init_process()

    def accept(self, listener: Any) -> None:
        """As gunicorn's, without giving the connection a thread."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE}:
                self._make_room()
            elif error.errno not in {errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK}:
                raise
            return
        self.nr_conns += 1
        conn = TConn(self.cfg, client, address, listener.getsockname())
        self._watch(Visitor(conn, time.monotonic() + HEAD_SECONDS))

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """The answer was given. Say so, and let the client close: who closes first may cut it off."""
        del fs
        self.uploading.pop(conn, None)
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
        else:
            self._watch(Visitor(conn, time.monotonic() + LEAVING_SECONDS, is_leaving=True))

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """As gunicorn's, for a client that takes or sends something now and then."""
        conn.sock.settimeout(PIECE_SECONDS)
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Once a second: whose time is over goes. When we are told to stop, everybody's is."""
        super().murder_pending()
        now = time.monotonic()
        for visitor in [each for each in self.visitors.values() if each.until <= now or not self.alive]:
            self._turn_away(visitor, b"" if visitor.is_leaving or not self.alive else TOO_SLOW)
        for conn, until in list(self.uploading.items()):
            if until <= now:
                # Its thread wakes up, and finishes it.
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)

    def _watch(self, visitor: Visitor) -> None:
        self._make_room(self.most_visitors - 1)
        self.visitors[visitor.conn] = visitor
        self.poller.register(visitor.conn.sock, selectors.EVENT_READ, partial(self._on_readable, visitor))

    def _make_room(self, most: int | None = None) -> None:
        """Of those that nobody is busy with, those that have been here longest go, until there are at most `most`."""
        left = len(self.visitors) // 2 if most is None else most
        while len(self.visitors) > left:
            self._turn_away(next(iter(self.visitors.values())))

    def _on_readable(self, visitor: Visitor, client: socket.socket) -> None:
        try:
            arrived = client.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            arrived = b""
        if not arrived:
            self._turn_away(visitor)
        elif not visitor.is_leaving:
            visitor.look(arrived)
            self._serve_if_ready(visitor)

    def _serve_if_ready(self, visitor: Visitor) -> None:
        if visitor.is_whole or visitor.is_upload:
            self._forget(visitor)
            self._serve(visitor)
        elif not visitor.head and len(visitor.received) > LARGEST_HEAD:
            self._turn_away(visitor, TOO_LONG)

    def _serve(self, visitor: Visitor) -> None:
        conn = visitor.conn
        conn.init()
        conn.data_ready = True
        conn.parser.unreader.unread(bytes(visitor.received))
        if visitor.is_upload:
            self.uploading[conn] = time.monotonic() + UPLOAD_SECONDS
        pool = self.uploads if visitor.is_upload else self.tpool
        served = pool.submit(self.handle, conn)
        served.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def _turn_away(self, visitor: Visitor, words: bytes = b"") -> None:
        self._forget(visitor)
        if words and visitor.received:
            with suppress(OSError):
                visitor.conn.sock.send(words)
        self._close(visitor.conn)

    def _forget(self, visitor: Visitor) -> None:
        self.visitors.pop(visitor.conn, None)
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(visitor.conn.sock)

    def _close(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()


def _more_files() -> int:
    """As many open files as this process may have; where the usual limit is lower, it is raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft if soft > 0 else MOST_VISITORS * 2
