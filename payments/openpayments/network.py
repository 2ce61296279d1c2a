"""Sockets that lead only where they may, and only for as long and as much as they may.

httpcore asks a NetworkBackend for its connections. Ours resolves a host once, checks every address it got, and connects
to one of those addresses; TLS then checks the certificate against the host's name. The usual time-outs are per read, so
a slow drip would never end: here every read and write gets only what is left of the call's deadline.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final

import httpcore

from payments.openpayments.addresses import is_public
from payments.openpayments.urls import host_and_port, ip_literal

Resolve = Callable[[str, int], Sequence[str]]

MOST_ADDRESSES_TRIED: Final = 4
MOST_LOOKUPS_AT_ONCE: Final = 32
_WRITE_SLICE: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment by which everything has to be over, on the monotonic clock: moving the wall clock changes nothing."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

    @property
    def has_passed(self) -> bool:
        return self.remaining() == 0.0


class PrivateAddressError(Exception):
    """The host leads to an address that is not public, and the operator does not trust it."""


class NameNotFoundError(Exception):
    """The host's name leads nowhere."""


class TlsFailedError(Exception):
    """A connection stands, but no TLS on it: no valid certificate for the host's name, or no TLS at all."""


class TooMuchReceivedError(Exception):
    """The wallet sent more bytes than any honest answer has."""


@dataclass(slots=True)
class Allowance:
    """What one call may still use."""

    deadline: Deadline
    bytes_left: int


# A pooled connection serves many calls; the thread that makes a call says here what it may use.
_allowance: ContextVar[Allowance] = ContextVar("open_payments_allowance")


@contextlib.contextmanager
def spending(allowance: Allowance) -> Iterator[None]:
    """Inside the block, all traffic of this thread is charged to `allowance`."""
    token = _allowance.set(allowance)
    try:
        yield
    finally:
        _allowance.reset(token)


def system_resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of `host` in the system's order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to public addresses, and to any address for hosts in `trusted` (`host:port`)."""

    def __init__(self, trusted: frozenset[str], resolve: Resolve = system_resolve) -> None:
        self._trusted = trusted
        self._resolve = resolve
        self._lookups = threading.BoundedSemaphore(MOST_LOOKUPS_AT_ONCE)
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the call's deadline counts
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        deadline = _allowance.get().deadline
        addresses = self._checked_addresses(host, port, deadline)
        for tries_left in range(len(addresses), 0, -1):
            address = addresses[-tries_left]
            seconds = _time_left(deadline, httpcore.ConnectTimeout) / tries_left
            try:
                stream = self._sockets.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if tries_left == 1:
                    raise
            else:
                return _BoundedStream(stream)
        raise NameNotFoundError(host)

    def _checked_addresses(self, host: str, port: int, deadline: Deadline) -> Sequence[str]:
        addresses = [host] if ip_literal(host) else self._looked_up(host, port, deadline)
        if not addresses:
            raise NameNotFoundError(host)
        if host_and_port(host, port) not in self._trusted:
            for address in addresses:
                literal = ip_literal(address)
                if literal is None or not is_public(literal):
                    raise PrivateAddressError(host)
        return addresses[:MOST_ADDRESSES_TRIED]

    def _looked_up(self, host: str, port: int, deadline: Deadline) -> Sequence[str]:
        """Asks the resolver in a thread of its own, because the system's resolver knows no deadline."""
        if not self._lookups.acquire(timeout=_time_left(deadline, httpcore.ConnectTimeout)):
            raise httpcore.ConnectTimeout("too many name lookups at once")
        answer: SimpleQueue[Sequence[str] | OSError | ValueError] = SimpleQueue()

        def look_up() -> None:
            try:
                answer.put(self._resolve(host, port))
            except (OSError, ValueError) as error:
                answer.put(error)
            finally:
                self._lookups.release()

        threading.Thread(target=look_up, name="open-payments-resolver", daemon=True).start()
        try:
            found = answer.get(timeout=_time_left(deadline, httpcore.ConnectTimeout))
        except Empty as error:
            raise httpcore.ConnectTimeout("the name lookup took too long") from error
        if isinstance(found, (OSError, ValueError)):
            raise NameNotFoundError(host) from found
        return found


def _time_left(deadline: Deadline, or_raise: type[httpcore.TimeoutException]) -> float:
    if deadline.has_passed:
        raise or_raise("the time for this call is over")
    return deadline.remaining()


class _BoundedStream(httpcore.NetworkStream):
    """A connection that charges whoever uses it."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the call's deadline counts
        allowance = _allowance.get()
        if allowance.bytes_left <= 0:
            raise TooMuchReceivedError
        seconds = _time_left(allowance.deadline, httpcore.ReadTimeout)
        received = self._inner.read(min(max_bytes, allowance.bytes_left), seconds)
        allowance.bytes_left -= len(received)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the call's deadline counts
        deadline = _allowance.get().deadline
        for start in range(0, len(buffer), _WRITE_SLICE):
            piece = buffer[start : start + _WRITE_SLICE]
            self._inner.write(piece, _time_left(deadline, httpcore.WriteTimeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the call's deadline counts
    ) -> httpcore.NetworkStream:
        seconds = _time_left(_allowance.get().deadline, httpcore.ConnectTimeout)
        try:
            return _BoundedStream(self._inner.start_tls(ssl_context, server_hostname, seconds))
        except httpcore.ConnectError as error:
            raise TlsFailedError(str(error)) from error

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
