"""Whether an exchange is what the OpenAPI documents say. What is known to differ is listed here, with the reason."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from tests.interop.documents import Operation, operation_of, schema_errors
from tests.interop.recording import Exchange

# Paths that are no part of Open Payments: how the sandbox providers carry the money to each other.
NOT_OPEN_PAYMENTS = ("/ilp",)

# Refusals that real wallets give and the documents do not have. Their bodies still have the shape of an error.
BEYOND_THE_DOCUMENTS: dict[tuple[str, int], str] = {
    ("create-incoming-payment", 400): "an amount in another asset, an expiry in the past: no status is documented",
    ("create-outgoing-payment", 400): "a quote that was used or has expired: no status is documented",
    ("create-outgoing-payment", 404): "a quote that does not exist: no status is documented",
    ("complete-incoming-payment", 409): "completed before: no status is documented",
    ("list-incoming-payments", 400): "an unknown cursor: no status is documented",
    ("delete-continue", 400): "a key that is not published: documented for asking and continuing only",
    ("delete-token", 404): "revoked before: rotating documents it, revoking does not",
}
# The document tells two errors of this answer apart by their `code` only, and the reference wallet leaves it out when a
# request breaks the schema.
WITHOUT_CODE = {("post-request", 400)}


def operation_in(exchange: Exchange) -> Operation | None:
    """The documented operation; None for what is no part of Open Payments."""
    if exchange.path in NOT_OPEN_PAYMENTS:
        return None
    operation = operation_of(exchange.method, exchange.path)
    assert operation is not None, f"{exchange} is in no document"
    return operation


def request_errors(exchange: Exchange, operation: Operation) -> list[str]:
    """What is wrong with the request."""
    return [
        *_body_errors(exchange, operation),
        *_query_errors(exchange, operation),
        *_header_errors(exchange, operation),
    ]


def _body_errors(exchange: Exchange, operation: Operation) -> Iterable[str]:
    body = exchange.request.body
    if operation.body is None:
        return ["a body where none is documented"] if body else []
    if not body:
        return ["no body"] if operation.body_is_required else []
    if exchange.request.media_type != "application/json":
        return [f"a body of type {exchange.request.media_type!r}"]
    return schema_errors(operation.body, json.loads(body))


def _query_errors(exchange: Exchange, operation: Operation) -> Iterable[str]:
    given = parse_qsl(exchange.query, keep_blank_values=True, strict_parsing=bool(exchange.query))
    documented = {parameter["name"]: parameter for parameter in operation.parameters_in("query")}
    names = [name for name, _ in given]
    for name in sorted(set(names)):
        if names.count(name) > 1:
            yield f"{name} stands twice in the query"
        if name not in documented:
            yield f"{name} is no parameter"
    for name, parameter in documented.items():
        if parameter.get("required") and name not in names:
            yield f"the parameter {name} is missing"
    for name, text in given:
        if name in documented:
            schema = documented[name]["schema"]
            yield from (f"parameter {name}: {error}" for error in schema_errors(schema, _coerced(text, schema)))


def _coerced(text: str, schema: dict[str, Any]) -> object:
    return int(text) if schema["type"] == "integer" and text.isascii() and text.isdigit() else text


def _header_errors(exchange: Exchange, operation: Operation) -> Iterable[str]:
    headers = exchange.request.headers
    for parameter in operation.parameters_in("header"):
        if parameter.get("required") and parameter["name"].lower() not in headers:
            yield f"the field {parameter['name']} is missing"
    if "application/json" not in headers.get("accept", ""):
        yield "JSON is not accepted"
    token = headers.get("authorization")
    if operation.needs_token and token is None:
        yield "no token"
    if token is not None and not token.startswith("GNAP "):
        yield "not a GNAP token"
    # Of POST and of every token the signature is required by prose, which no schema of the auth server repeats.
    signed = "signature" in headers and "signature-input" in headers
    if not signed and (token is not None or exchange.method == "POST"):
        yield "not signed"
    if signed and exchange.request.body and "content-digest" not in headers:
        yield "a body without a digest"


def answer_errors(exchange: Exchange, operation: Operation) -> list[str]:
    """What is wrong with the answer."""
    if exchange.status not in operation.statuses:
        if (operation.id, exchange.status) not in BEYOND_THE_DOCUMENTS:
            return ["this status is not documented"]
        return _error_body_errors(exchange, operation)
    schema = operation.answer(exchange.status)
    if schema is None:
        no_content = exchange.status == 204
        return ["a body where none is allowed"] if no_content and exchange.answer.body else []
    value, errors = _answer_value(exchange)
    if errors:
        return errors
    if (operation.id, exchange.status) in WITHOUT_CODE and _has_no_code(value):
        return _error_body_errors(exchange, operation)
    return schema_errors(schema, value)


def _has_no_code(value: object) -> bool:
    error = value.get("error") if isinstance(value, dict) else None
    return isinstance(error, dict) and "code" not in error


def _answer_value(exchange: Exchange) -> tuple[object, list[str]]:
    if exchange.answer.media_type != "application/json":
        return None, [f"an answer of type {exchange.answer.media_type!r}"]
    try:
        return json.loads(exchange.answer.body), []
    except ValueError:
        return None, ["not JSON"]


def _error_body_errors(exchange: Exchange, operation: Operation) -> list[str]:
    value, errors = _answer_value(exchange)
    if errors:
        return errors
    if operation.error_schema is not None:
        return schema_errors(operation.error_schema, value)
    described = {"type": "object", "required": ["description"], "properties": {"description": {"type": "string"}}}
    return schema_errors({"type": "object", "required": ["error"], "properties": {"error": described}}, value)
