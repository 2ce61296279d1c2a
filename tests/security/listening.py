"""A program on this machine that the product has no business with: it only counts who knocks."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

LOOK_SECONDS: Final = 0.1


class Listener:
    """Listens on one port of 127.0.0.1 and, where this machine has it, of ::1."""

    def __init__(self) -> None:
        self.knocks = 0
        self._over = threading.Event()

    def __enter__(self) -> Self:
        first = socket.create_server(("127.0.0.1", 0))
        self.port: int = first.getsockname()[1]
        self._sockets = [first]
        if socket.has_ipv6:
            with suppress(OSError):  # a machine without IPv6 loopback: nothing can knock there
                self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self._threads = [threading.Thread(target=self._listen, args=(each,)) for each in self._sockets]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()

    def _listen(self, server: socket.socket) -> None:
        server.settimeout(LOOK_SECONDS)
        while not self._over.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            self.knocks += 1
            connection.close()
