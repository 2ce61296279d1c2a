"""The OpenAPI documents of Open Payments, as they lie in the official npm package, and the operations in them."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

from tests.interop.node import SPECIFICATIONS, require_packages

METHODS = ("get", "post", "delete", "put", "patch")
LARGEST_UINT64 = 2**64 - 1
# Where the sandbox mounts each server; what these say about a path decides which document it belongs to.
MOUNTS = {"auth-server": "/auth", "resource-server": "/op", "wallet-address-server": "/[^/]+"}

FORMATS = FormatChecker()


@FORMATS.checks("uint64")
def _is_uint64(value: object) -> bool:
    if not isinstance(value, str):
        return True  # the type is another rule's business
    return re.fullmatch(r"[0-9]{1,20}", value) is not None and int(value) <= LARGEST_UINT64


# A format without its checker would be accepted unseen.
assert {"uri", "date-time", "uint64"} <= set(FORMATS.checkers)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, references resolved. `path` matches the target's path at the sandbox."""

    id: str
    server: str
    method: str
    path: re.Pattern[str]
    definition: dict[str, Any]
    parameters: tuple[dict[str, Any], ...]
    needs_token: bool
    error_schema: dict[str, Any] | None

    def parameters_in(self, place: str) -> list[dict[str, Any]]:
        return [parameter for parameter in self.parameters if parameter["in"] == place]

    @property
    def body(self) -> dict[str, Any] | None:
        """The schema of the request's body; None when it has none."""
        return _json_schema(self.definition["requestBody"]) if "requestBody" in self.definition else None

    @property
    def body_is_required(self) -> bool:
        return bool(self.definition.get("requestBody", {}).get("required", False))

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.definition["responses"]}

    def answer(self, status: int) -> dict[str, Any] | None:
        """The schema of the body of a documented answer; None when it has none."""
        return _json_schema(self.definition["responses"][str(status)])


def _json_schema(holder: dict[str, Any]) -> dict[str, Any] | None:
    content = holder.get("content")
    if content is None:
        return None
    assert set(content) == {"application/json"}
    schema: dict[str, Any] = content["application/json"]["schema"]
    Draft202012Validator.check_schema(schema)
    return schema


def _resolved(node: Any, document: dict[str, Any]) -> Any:
    """`node` without references.

    What stands beside a `$ref` is added to what it points to, and wins: so the official SDK reads its documents. (Read
    as JSON Schema 2020-12, `additionalProperties: false` beside a `$ref` would forbid every property.)
    """
    if isinstance(node, list):
        return [_resolved(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    beside = {name: _resolved(value, document) for name, value in node.items() if name != "$ref"}
    if "$ref" not in node:
        return beside
    target: Any = document
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return {**_resolved(target, document), **beside}


@cache
def operations() -> tuple[Operation, ...]:
    """All operations, those of the wallet address server last: its paths match nearly anything."""
    require_packages()
    return tuple(operation for server in MOUNTS for operation in _operations_of(server))


def _operations_of(server: str) -> list[Operation]:
    document = yaml.safe_load((SPECIFICATIONS / f"{server}.yaml").read_text(encoding="utf-8"))
    error_schema = document["components"]["schemas"].get("error-response")
    found = []
    for path, item in _resolved(document["paths"], document).items():
        pattern = MOUNTS[server] + re.sub(r"\{[^}]+\}", "[^/]+", "" if path == "/" else path)
        for method in METHODS:
            if method not in item:
                continue
            definition = item[method]
            parameters = (*item.get("parameters", ()), *definition.get("parameters", ()))
            # The document has one security rule for all, and no other word for the GET that needs no token.
            optional = any(each["name"] == "Signature" and not each.get("required") for each in parameters)
            found.append(
                Operation(
                    id=definition["operationId"],
                    server=server,
                    method=method.upper(),
                    path=re.compile(pattern),
                    definition=definition,
                    parameters=parameters,
                    needs_token=bool(definition.get("security", document.get("security"))) and not optional,
                    error_schema=error_schema,
                )
            )
    return found


def operation_of(method: str, path: str) -> Operation | None:
    return next((each for each in operations() if each.method == method and each.path.fullmatch(path)), None)


def schema_errors(schema: dict[str, Any], value: object) -> list[str]:
    """What is wrong with `value`, each with its place in it."""
    errors = Draft202012Validator(schema, format_checker=FORMATS).iter_errors(value)
    return [f"{error.json_path}: {error.message[:300]}" for error in errors]
