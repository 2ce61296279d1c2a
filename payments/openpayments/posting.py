"""Posts a body to an address that is no wallet's, such as a webhook's: as carefully as a wallet is called.

The same sockets as for wallets (`network`): public addresses only, one deadline for everything, nothing taken from the
environment, no redirect followed, nothing tried twice. Whatever status comes back is an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import httpcore
import httpx

from payments.openpayments.network import (
    Allowance,
    CheckedBackend,
    Deadline,
    NameNotFoundError,
    PrivateAddressError,
    Resolve,
    TlsFailedError,
    TooMuchReceivedError,
    spending,
    system_resolve,
)
from payments.openpayments.textrules import cleaned
from payments.openpayments.transport import DEFAULT_USER_AGENT, IDLE_SECONDS, retry_after_of, tls_context
from payments.openpayments.urls import UrlError, check_url

#: Of an answer's body nothing more is read; characters of it that are kept.
MOST_READ: Final = 4096
LONGEST_TEXT: Final = 500
LARGEST_HEADERS: Final = 64 * 1024
MOST_IDLE_CONNECTIONS: Final = 20

PostFailure = Literal["unsafe", "private", "dns", "connect", "tls", "time_out", "broken", "too_large"]


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """What was answered: its status, the beginning of its body as storable text, how long it asks us to wait."""

    status: int
    text: str
    retry_after: timedelta

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110, 15.3


class PostFailed(Exception):
    """No status came back. `why` says how far it got."""

    def __init__(self, why: PostFailure) -> None:
        super().__init__(why)
        self.why: Final = why


class Poster:
    """The way out to addresses that are no wallets'. Many threads may use it at once; made after a fork.

    `trusted_hosts` (`host:port`) may be http, loopback or private. `ca_bundle` names a file of certificates that
    replaces the built-in authorities.
    """

    def __init__(
        self, trusted_hosts: frozenset[str], ca_bundle: str | None = None, *, resolve: Resolve = system_resolve
    ) -> None:
        self._trusted = frozenset(host.lower() for host in trusted_hosts)
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls_context(ca_bundle),
            max_connections=None,  # whoever calls decides how many calls run at once
            max_keepalive_connections=MOST_IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=CheckedBackend(self._trusted, resolve),
        )

    def close(self) -> None:
        self._pool.close()

    def post(self, url: str, content: bytes, headers: Mapping[str, str], deadline: Deadline) -> PostAnswer:
        """Send `content` to `url` and return what was answered. Raises PostFailed."""
        try:
            check_url(url, self._trusted)
        except UrlError as error:
            raise PostFailed("unsafe") from error
        told = {"Accept-Encoding": "identity", "User-Agent": DEFAULT_USER_AGENT, **headers}
        request = httpx.Request("POST", url, headers=told, content=content)
        with spending(Allowance(deadline, MOST_READ + LARGEST_HEADERS)):
            return self._exchanged(request)

    def _exchanged(self, request: httpx.Request) -> PostAnswer:
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        outgoing = httpcore.Request("POST", target, headers=request.headers.raw, content=request.content)
        try:
            response = self._pool.handle_request(outgoing)
        except PrivateAddressError as error:
            raise PostFailed("private") from error
        except NameNotFoundError as error:
            raise PostFailed("dns") from error
        except TlsFailedError as error:
            raise PostFailed("tls") from error
        except httpcore.ConnectError as error:
            raise PostFailed("connect") from error
        except httpcore.TimeoutException as error:
            raise PostFailed("time_out") from error
        except TooMuchReceivedError as error:
            raise PostFailed("too_large") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise PostFailed("broken") from error
        return _answer_of(response)


def _answer_of(response: httpcore.Response) -> PostAnswer:
    """The status has the answer; of the body only what comes in time and fits, for people to read."""
    content = bytearray()
    try:
        for chunk in response.iter_stream():
            content += chunk
            if len(content) >= MOST_READ:
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, TooMuchReceivedError):
        pass
    finally:
        response.close()
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    text = cleaned(bytes(content[:MOST_READ]).decode("utf-8", "replace"), LONGEST_TEXT)
    return PostAnswer(response.status, text, retry_after_of(headers))
