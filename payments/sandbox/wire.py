"""Reading what a client sent: bounded bytes, JSON, and the request as its signature saw it."""

from typing import Any

from starlette.requests import Request

from payments.openpayments.signing import ReceivedRequest
from payments.openpayments.wirejson import UnreadableJsonError, parse_json
from payments.sandbox.errors import InvalidBodyError, PlainError

LARGEST_BODY = 1024 * 1024


async def read_body(request: Request) -> bytes:
    """The body, at most LARGEST_BODY bytes. Raises PlainError."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise PlainError(413, "Payload Too Large")
    return body


def json_body(request: Request, body: bytes) -> Any:
    """The body as JSON, None when there is none. Raises InvalidBodyError."""
    if not body:
        return None
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise InvalidBodyError("the Content-Type must be application/json")
    try:
        return parse_json(body)
    except UnreadableJsonError as error:
        raise InvalidBodyError(f"the body is not readable JSON: {error}") from None


def accepts_json(request: Request) -> bool:
    """Whether the Accept field leaves room for JSON; no field at all does."""
    accepted = [part.split(";")[0].strip().lower() for part in request.headers.get("accept", "*/*").split(",")]
    return any(kind in {"application/json", "application/*", "*/*"} for kind in accepted)


def gnap_token(request: Request) -> str | None:
    """The token of `Authorization: GNAP <token>`; None when missing or of another scheme."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme == "GNAP" and token and " " not in token else None


def received(request: Request, body: bytes, origin: str) -> ReceivedRequest:
    """The request as it was signed: its address under a public `origin`, byte for byte as sent."""
    path = request.scope["raw_path"].decode("ascii")
    query = request.scope["query_string"].decode("ascii")
    lines = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
    return ReceivedRequest(
        method=request.method, url=origin + path + (f"?{query}" if query else ""), header_lines=lines, body=body
    )
