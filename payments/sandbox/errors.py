"""Refusals, in the shapes that real authorization and resource servers give them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response


class AuthorizationRefusedError(Exception):
    """The authorization server says no. `code` is None where the reference wallet sends none (schema violations)."""

    def __init__(self, status: int, code: str | None, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description


class ResourceRefusedError(Exception):
    """The resource server says no; its `code` on the wire is the status as a string."""

    def __init__(self, status: int, description: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.details = details


class PlainError(Exception):
    """What a crashed, overloaded or unrouted server says: plain text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class InvalidBodyError(ValueError):
    """A body that breaks the published schema; each server wraps it in its own error shape."""


class ControlError(ValueError):
    """The control API was asked for something that makes no sense."""


def authorization_refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, AuthorizationRefusedError)
    body: dict[str, Any] = {"description": error.description}
    if error.code is not None:
        body = {"code": error.code, **body}
    return JSONResponse({"error": body}, error.status)


def resource_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ResourceRefusedError)
    body: dict[str, Any] = {"code": str(error.status), "description": error.description}
    if error.details is not None:
        body["details"] = error.details
    headers = {"WWW-Authenticate": f"GNAP as_uri={request.app.state.provider.auth_url}"} if error.status == 401 else {}  # noqa: PLR2004 - the status by its number
    return JSONResponse({"error": body}, error.status, headers)


def plain(_: Request, error: Exception) -> Response:
    assert isinstance(error, PlainError)
    return PlainTextResponse(error.text, error.status)


def control_refused(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


HANDLERS = {
    AuthorizationRefusedError: authorization_refused,
    ResourceRefusedError: resource_refused,
    PlainError: plain,
    ControlError: control_refused,
}
