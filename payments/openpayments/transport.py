"""Sends one request to a wallet and brings back one whole answer, or says exactly how far it got.

Never follows a redirect, never retries, takes nothing from the environment. A Transport keeps connections per host and
may be used by many threads at once; make it after a fork, one per process.
"""

from __future__ import annotations

import logging
import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import certifi
import httpcore
import httpx

from payments.openpayments.errors import (
    NotSent,
    NotSentWhy,
    OpenPaymentsError,
    Refused,
    Said,
    Unanswered,
    UnsafeUrl,
    WalletFailed,
    without_query,
)
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
from payments.openpayments.operations import Operation
from payments.openpayments.signing import Signer, sign_request
from payments.openpayments.textrules import cleaned, is_header_safe
from payments.openpayments.urls import UrlError, check_url
from payments.openpayments.wirejson import JsonObject, UnreadableJsonError, compact_json, parse_json

log = logging.getLogger(__name__)

DEFAULT_USER_AGENT: Final = "Tequio"
LARGEST_ANSWER: Final = 1024 * 1024
LARGEST_HEADERS: Final = 128 * 1024
IDLE_SECONDS: Final = 2  # Node closes idle connections after 5: a reset on a stale one looks like an unknown outcome
MOST_IDLE_CONNECTIONS: Final = 50
LONGEST_ERROR_TEXT: Final = 500
LONGEST_ERROR_CODE: Final = 60
LONGEST_RETRY_AFTER: Final = timedelta(hours=1)


Told = Callable[[Operation, str, OpenPaymentsError | None, float], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer. `content` may hold tokens: it is never printed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    def json(self) -> object:
        """Raises UnreadableJsonError."""
        return parse_json(self.content)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Transport:
    """The way out to all wallets.

    `trusted_hosts` (`host:port`) may be http, loopback or private. `ca_bundle` names a file of certificates that
    replaces the built-in authorities. `now` gives the time that goes into signatures. `told` hears of each call that is
    over: what was called, the host with its port, what went wrong if anything did, and how many seconds it took.
    """

    def __init__(  # noqa: PLR0913 - the seams of the network, each with its default
        self,
        trusted_hosts: frozenset[str] = frozenset(),
        ca_bundle: str | None = None,
        user_agent: str = DEFAULT_USER_AGENT,
        *,
        now: Callable[[], datetime] = utc_now,
        resolve: Resolve = system_resolve,
        largest_answer: int = LARGEST_ANSWER,
        told: Told | None = None,
    ) -> None:
        self.trusted_hosts: Final = frozenset(host.lower() for host in trusted_hosts)
        self.now: Final = now
        self._user_agent = user_agent
        self._largest_answer = largest_answer
        self._told = told
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls_context(ca_bundle),
            max_connections=None,  # whoever calls decides how many calls run at once
            max_keepalive_connections=MOST_IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=CheckedBackend(self.trusted_hosts, resolve),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._pool.close()

    def send(  # noqa: PLR0913 - the parts of a request
        self,
        operation: Operation,
        url: str,
        *,
        deadline: Deadline,
        body: JsonObject | None = None,
        query: Mapping[str, str] | None = None,
        signer: Signer | None = None,
        token: str | None = None,
    ) -> Answer:
        """Sends the request of `operation` to `url` and returns the wallet's 2xx answer.

        `token` goes into `Authorization: GNAP`; `signer` signs. Raises UnsafeUrl, NotSent, Unanswered, Refused,
        WalletFailed, or BadAnswer.
        """
        call, began = _Call(operation, url, token), time.monotonic()
        outcome = "no answer"
        # The host alone: some of a wallet's addresses are capabilities.
        host = urlsplit(without_query(url)).netloc
        try:
            answer = self._sent(call, deadline, body, query, signer)
        except OpenPaymentsError as error:
            outcome = _outcome(error)
            self._tell(call, host, error, began)
            raise
        else:
            outcome = str(answer.status)
            self._tell(call, host, None, began)
            return answer
        finally:
            log.info("%s %s: %s (%d ms)", operation, host, outcome, (time.monotonic() - began) * 1000)

    def _tell(self, call: _Call, host: str, error: OpenPaymentsError | None, began: float) -> None:
        if self._told is not None:
            self._told(call.operation, host, error, time.monotonic() - began)

    def _sent(
        self,
        call: _Call,
        deadline: Deadline,
        body: JsonObject | None,
        query: Mapping[str, str] | None,
        signer: Signer | None,
    ) -> Answer:
        operation, url = call.operation, call.url
        try:
            check_url(url, self.trusted_hosts)
        except UrlError as error:
            raise UnsafeUrl(operation, url, str(error), error.code) from error
        request = self._request(operation, url, body, query, call.token)
        if signer is not None:
            sign_request(request, signer, self.now())
        allowance = Allowance(deadline, self._largest_answer + LARGEST_HEADERS)
        with spending(allowance):
            return call.judged(self._exchanged(call, request))

    def _request(
        self,
        operation: Operation,
        url: str,
        body: JsonObject | None,
        query: Mapping[str, str] | None,
        token: str | None,
    ) -> httpx.Request:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": self._user_agent}
        if token is not None:
            if not is_header_safe(token):
                raise ValueError("a token is visible ASCII")
            headers["Authorization"] = f"GNAP {token}"
        content = None
        if body is not None:
            content = compact_json(body)
            headers["Content-Type"] = "application/json"
        return httpx.Request(operation.method, url, params=query, headers=headers, content=content)

    def _exchanged(self, call: _Call, request: httpx.Request) -> _RawAnswer:
        url = request.url
        outgoing = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.content,
        )
        try:
            response = self._pool.handle_request(outgoing)
            try:
                headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
                content = self._limited(response, headers.get("content-encoding", "identity"))
            finally:
                response.close()
        except PrivateAddressError as error:
            raise UnsafeUrl(
                call.operation, call.url, "the host leads to a private address", "private_address"
            ) from error
        except NameNotFoundError as error:
            raise call.not_sent("the name of the host was not found", "dns") from error
        except (httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
            raise call.not_sent("no connection within the time allowed", "time_out") from error
        except TlsFailedError as error:
            raise call.not_sent(cleaned(str(error), LONGEST_ERROR_TEXT), "tls") from error
        except httpcore.ConnectError as error:
            raise call.not_sent(cleaned(str(error), LONGEST_ERROR_TEXT), "connect") from error
        except httpcore.TimeoutException as error:
            raise Unanswered(call.operation, call.url, "no whole answer within the time allowed", "time_out") from error
        except TooMuchReceivedError as error:
            raise Unanswered(call.operation, call.url, "the answer is too large", "too_large") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, zlib.error) as error:
            detail = cleaned(f"the answer broke off: {error}", LONGEST_ERROR_TEXT)
            raise Unanswered(call.operation, call.url, detail, "broken") from error
        return _RawAnswer(response.status, headers, content)

    def _limited(self, response: httpcore.Response, encoding: str) -> bytes:
        """The whole body, unpacked (we asked for no packing, some servers do it anyway), never above the limit."""
        unpack = None if encoding.lower() in ("identity", "") else zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        content = bytearray()
        for chunk in response.iter_stream():
            content += unpack.decompress(chunk, self._largest_answer + 1 - len(content)) if unpack else chunk
            if len(content) > self._largest_answer:
                raise TooMuchReceivedError
        if unpack and not unpack.eof:
            raise zlib.error("the compressed body ends early")
        return bytes(content)


@dataclass(frozen=True, slots=True)
class _RawAnswer:
    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class _Call:
    operation: Operation
    url: str
    token: str | None

    def not_sent(self, detail: str, why: NotSentWhy) -> NotSent:
        return NotSent(self.operation, self.url, detail, why)

    def judged(self, raw: _RawAnswer) -> Answer:
        """Sorts by status, as all wallets use it; what they write in the body only explains."""
        if raw.status in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT):
            return Answer(raw.status, raw.headers, raw.content)
        raise self._failure(raw)

    def _failure(self, raw: _RawAnswer) -> OpenPaymentsError:
        # A wallet may quote our token back at us; its words are kept and shown, the token never is.
        said = _said(raw.content.replace(self.token.encode(), b"(token)") if self.token else raw.content)
        if HTTPStatus.BAD_REQUEST <= raw.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Refused(self.operation, self.url, raw.status, said, retry_after=retry_after_of(raw.headers))
        detail = f"{raw.status} {said.code}: {said.description}"
        return WalletFailed(self.operation, self.url, detail, raw.status, retry_after=retry_after_of(raw.headers))


def _outcome(error: OpenPaymentsError) -> str:
    """What came of a call, in a word or two for the log."""
    status = getattr(error, "status", None)
    return (
        f"{type(error).__name__} {status}" if status else f"{type(error).__name__} {getattr(error, 'why', '')}".strip()
    )


def retry_after_of(headers: Mapping[str, str]) -> timedelta:
    """How long a wallet asks us to wait (RFC 9110, 10.2.3): in seconds alone, a date would trust its clock."""
    said = headers.get("retry-after", "").strip()
    if not (said.isascii() and said.isdigit()):
        return timedelta()
    return min(timedelta(seconds=int(said[:9])), LONGEST_RETRY_AFTER)


def _said(content: bytes) -> Said:
    """What a wallet says in an error answer: `{"error":{code,description,details}}`, or plain text."""
    try:
        answer = parse_json(content)
    except UnreadableJsonError:
        return Said(description=cleaned(content.decode("utf-8", "replace"), LONGEST_ERROR_TEXT))
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, str):
        return Said(description=cleaned(error, LONGEST_ERROR_TEXT))
    if not isinstance(error, dict):
        return Said()
    details = error.get("details")
    return Said(
        code=cleaned(str(error.get("code") or ""), LONGEST_ERROR_CODE),
        description=cleaned(str(error.get("description") or ""), LONGEST_ERROR_TEXT),
        details=details if isinstance(details, dict) else None,
    )


@lru_cache(maxsize=4)
def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Made once for all clients of a process: reading the certificates takes longer than most calls."""
    # Not create_default_context: that one looks for certificates and a key log file in the environment.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=ca_bundle or certifi.where())
    return context


__all__ = ["Answer", "Deadline", "Transport", "utc_now"]
