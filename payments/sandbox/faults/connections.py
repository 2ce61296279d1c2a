"""The open connections, so that one can be cut in the middle of an exchange."""

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Both ends of a connection: a client may use one port of its own to several ports of ours.
Ends = tuple[str, int, str, int]
Address = tuple[str, int]


class Connections:
    def __init__(self) -> None:
        self._open: dict[Ends, tuple[asyncio.Transport, asyncio.Event]] = {}

    def add(self, transport: asyncio.Transport) -> None:
        self._open[self._ends(transport)] = (transport, asyncio.Event())

    def remove(self, transport: asyncio.Transport) -> None:
        _, closed = self._open.pop(self._ends(transport))
        closed.set()

    async def cut(self, client: Address, server: Address, *, reset: bool) -> None:
        """Close the connection between them at once, with a TCP reset or as if the answer were over."""
        if (ends := (*client, *server)) not in self._open:
            return
        transport, closed = self._open[ends]
        if reset:
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        # Let the server notice, so that it does not try to answer any more.
        await closed.wait()

    @staticmethod
    def _ends(transport: asyncio.Transport) -> Ends:
        client, server = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        return str(client[0]), int(client[1]), str(server[0]), int(server[1])


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
