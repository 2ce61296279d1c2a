"""The open connections, so that one can be cut in the middle of an exchange."""

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

Peer = tuple[str, int]


class Connections:
    def __init__(self) -> None:
        self._open: dict[Peer, tuple[asyncio.Transport, asyncio.Event]] = {}

    def add(self, transport: asyncio.Transport) -> None:
        self._open[self._peer(transport)] = (transport, asyncio.Event())

    def remove(self, transport: asyncio.Transport) -> None:
        _, closed = self._open.pop(self._peer(transport))
        closed.set()

    async def cut(self, peer: Peer, *, reset: bool) -> None:
        """Close the connection at once, with a TCP reset or as if the answer were over."""
        if (peer[0], peer[1]) not in self._open:
            return
        transport, closed = self._open[peer[0], peer[1]]
        if reset:
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        # Let the server notice, so that it does not try to answer any more.
        await closed.wait()

    @staticmethod
    def _peer(transport: asyncio.Transport) -> Peer:
        name = transport.get_extra_info("peername")
        return str(name[0]), int(name[1])


def protocol(connections: Connections) -> type[H11Protocol]:
    """Uvicorn's HTTP protocol, with its connections registered."""

    class RegisteredProtocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            connections.add(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.remove(self.transport)
            super().connection_lost(exc)

    return RegisteredProtocol
