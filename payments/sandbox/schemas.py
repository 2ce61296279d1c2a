"""The request bodies of Open Payments 1.3.0, checked as its OpenAPI documents say. Raises InvalidBodyError."""

import re
from typing import Any
from urllib.parse import urlsplit

from payments.openpayments.keys import Jwk, KeyFormatError
from payments.sandbox.clock import parse_time
from payments.sandbox.errors import InvalidBodyError
from payments.sandbox.fees_and_rates import WalletAsset
from payments.sandbox.resources.intervals import Interval

RECEIVER = re.compile(r"^https?://.+/incoming-payments/.+$")
URI = re.compile(r"^[!-~]+$")
AUTHORITY = re.compile(r"^[A-Za-z0-9.:\[\]-]+$")
UINT64 = 2**64 - 1
ACTIONS = {
    "incoming-payment": {"create", "complete", "read", "read-all", "list", "list-all"},
    "outgoing-payment": {"create", "read", "read-all", "list", "list-all"},
    "quote": {"create", "read", "read-all"},
}
ACCESS_FIELDS = {
    "incoming-payment": ({"type", "actions"}, {"identifier"}),
    "outgoing-payment": ({"type", "actions", "identifier"}, {"limits"}),
    "quote": ({"type", "actions"}, set[str]()),
}
MOST_ACCESS_ITEMS = 3


def obj(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidBodyError(f"{path} must be object")
    return value


def closed(value: Any, path: str, required: set[str], optional: set[str] | None = None) -> dict[str, Any]:
    """An object with all the required properties and none that is unknown."""
    fields = obj(value, path)
    for name in sorted(required):
        if name not in fields:
            raise InvalidBodyError(f"{path} must have required property '{name}'")
    for name in fields:
        if name not in required and name not in (optional or set()):
            raise InvalidBodyError(f"{path} must NOT have additional properties: '{name}'")
    return fields


def text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise InvalidBodyError(f"{path} must be string")
    return value


def uri(value: Any, path: str) -> str:
    try:
        parts = urlsplit(text(value, path))
        sound = bool(parts.scheme and (parts.netloc or parts.path) and parts.port != 0 and URI.match(str(value)))
    except InvalidBodyError:
        raise
    except ValueError:  # an address of no kind, or a port beyond all ports
        sound = False
    if not sound:
        raise InvalidBodyError(f'{path} must match format "uri"')
    return str(value)


def web_address(value: Any, path: str) -> str:
    """An address that a browser can be sent to."""
    parts = urlsplit(uri(value, path))
    if parts.scheme not in {"http", "https"} or not AUTHORITY.match(parts.netloc):
        raise InvalidBodyError(f"{path} must be an http or https address")
    return str(value)


def receiver(value: Any, path: str) -> str:
    if not RECEIVER.match(uri(value, path)):
        raise InvalidBodyError(f"{path} must match pattern of an incoming payment")
    return str(value)


def amount(value: Any, path: str) -> tuple[int, WalletAsset]:
    """Minor units and asset of an amount on the wire."""
    fields = obj(value, path)
    for name in ("value", "assetCode", "assetScale"):
        if name not in fields:
            raise InvalidBodyError(f"{path} must have required property '{name}'")
    digits = text(fields["value"], f"{path}.value")
    if not re.fullmatch(r"[0-9]{1,20}", digits) or int(digits) > UINT64:
        raise InvalidBodyError(f'{path}.value must match format "uint64"')
    scale = fields["assetScale"]
    if type(scale) is not int or not 0 <= scale <= 255:  # noqa: PLR2004 - the published bounds
        raise InvalidBodyError(f"{path}.assetScale must be an integer between 0 and 255")
    return int(digits), WalletAsset(text(fields["assetCode"], f"{path}.assetCode"), scale)


def moment(value: Any, path: str) -> float:
    try:
        return parse_time(text(value, path))
    except ValueError:
        raise InvalidBodyError(f'{path} must match format "date-time"') from None


def grant_request(body: Any) -> dict[str, Any]:
    """A grant request: `client`, and `access_token` or (`subject` and `interact`)."""
    fields = obj(body, "body")
    if "client" not in fields:
        raise InvalidBodyError("body must have required property 'client'")
    client(fields["client"])
    if "access_token" not in fields and not ("subject" in fields and "interact" in fields):
        raise InvalidBodyError("body must have required property 'access_token'")
    if "access_token" in fields:
        access(obj(fields["access_token"], "access_token").get("access"))
    if "subject" in fields:
        subject(fields["subject"])
    if "interact" in fields:
        interact(fields["interact"])
    return fields


def client(value: Any) -> None:
    if isinstance(value, str):
        uri(value, "client")
    elif "walletAddress" in obj(value, "client"):
        uri(closed(value, "client", {"walletAddress"})["walletAddress"], "client.walletAddress")
    else:
        jwk(closed(value, "client", {"jwk"})["jwk"], "client.jwk")


def jwk(value: Any, path: str) -> dict[str, Any]:
    """A public Ed25519 key. A private part is refused: nobody should ever send one."""
    fields = closed(value, path, {"kid", "alg", "kty", "crv", "x"}, {"use"})
    expected = {"alg": "EdDSA", "kty": "OKP", "crv": "Ed25519", "use": "sig"}
    for name, only in expected.items():
        if fields.get(name, only) != only:
            raise InvalidBodyError(f"{path}.{name} must be {only}")
    try:
        Jwk.from_wire(fields)
    except KeyFormatError as error:
        raise InvalidBodyError(f"{path}: {error}") from None
    return fields


def access(value: Any) -> None:
    if not isinstance(value, list):
        raise InvalidBodyError("access must be array")
    if not 1 <= len(value) <= MOST_ACCESS_ITEMS:
        raise InvalidBodyError(f"access must have between 1 and {MOST_ACCESS_ITEMS} items")
    for position, item in enumerate(value):
        access_item(item, f"access[{position}]")
        if item in value[:position]:
            raise InvalidBodyError("access must NOT have duplicate items")


def access_item(value: Any, path: str) -> None:
    kind = obj(value, path).get("type")
    if not isinstance(kind, str) or kind not in ACCESS_FIELDS:
        raise InvalidBodyError(f"{path}.type must be one of {', '.join(ACCESS_FIELDS)}")
    fields = closed(value, path, *ACCESS_FIELDS[kind])
    actions = fields["actions"]
    if not isinstance(actions, list) or not actions or any(action not in ACTIONS[kind] for action in actions):
        raise InvalidBodyError(f"{path}.actions must be a list of actions of {kind}")
    if len(set(actions)) != len(actions):
        raise InvalidBodyError(f"{path}.actions must NOT have duplicate items")
    if "identifier" in fields:
        uri(fields["identifier"], f"{path}.identifier")
    if "limits" in fields:
        limits(fields["limits"], f"{path}.limits")


def limits(value: Any, path: str) -> None:
    fields = closed(value, path, set(), {"receiver", "interval", "debitAmount", "receiveAmount"})
    if "debitAmount" in fields and "receiveAmount" in fields:
        raise InvalidBodyError(f"{path} must have at most one of 'debitAmount' and 'receiveAmount'")
    if "receiver" in fields:
        receiver(fields["receiver"], f"{path}.receiver")
    if "interval" in fields:
        try:
            Interval.parse(text(fields["interval"], f"{path}.interval"))
        except ValueError as error:
            raise InvalidBodyError(f"{path}.interval: {error}") from None
    for name in ("debitAmount", "receiveAmount"):
        if name in fields:
            amount(fields[name], f"{path}.{name}")


def subject(value: Any) -> None:
    ids = closed(value, "subject", {"sub_ids"})["sub_ids"]
    if not isinstance(ids, list) or len(ids) != 1:
        raise InvalidBodyError("subject.sub_ids must have exactly 1 item")
    fields = closed(ids[0], "subject.sub_ids[0]", {"id", "format"})
    uri(fields["id"], "subject.sub_ids[0].id")
    if fields["format"] != "uri":
        raise InvalidBodyError("subject.sub_ids[0].format must be uri")


def interact(value: Any) -> None:
    fields = closed(value, "interact", {"start"}, {"finish"})
    if fields["start"] != ["redirect"]:
        raise InvalidBodyError("interact.start must be ['redirect']")
    if "finish" in fields:
        finish = closed(fields["finish"], "interact.finish", {"method", "uri", "nonce"})
        if finish["method"] != "redirect":
            raise InvalidBodyError("interact.finish.method must be redirect")
        web_address(finish["uri"], "interact.finish.uri")
        text(finish["nonce"], "interact.finish.nonce")


def continue_request(body: Any) -> str | None:
    """The `interact_ref` of a continuation, None when it polls."""
    if body is None:
        return None
    reference = obj(body, "body").get("interact_ref")
    return None if reference is None else text(reference, "interact_ref")


def new_incoming_payment(body: Any) -> dict[str, Any]:
    fields = closed(body, "body", {"walletAddress"}, {"incomingAmount", "expiresAt", "metadata"})
    uri(fields["walletAddress"], "walletAddress")
    if "incomingAmount" in fields:
        amount(fields["incomingAmount"], "incomingAmount")
    if "expiresAt" in fields:
        moment(fields["expiresAt"], "expiresAt")
    if "metadata" in fields:
        obj(fields["metadata"], "metadata")
    return fields


def new_quote(body: Any) -> dict[str, Any]:
    fields = closed(body, "body", {"walletAddress", "receiver", "method"}, {"debitAmount", "receiveAmount"})
    if "debitAmount" in fields and "receiveAmount" in fields:
        raise InvalidBodyError("body must match exactly one schema: 'debitAmount' or 'receiveAmount'")
    uri(fields["walletAddress"], "walletAddress")
    receiver(fields["receiver"], "receiver")
    if fields["method"] != "ilp":
        raise InvalidBodyError("method must be equal to one of the allowed values: ilp")
    for name in ("debitAmount", "receiveAmount"):
        if name in fields:
            amount(fields[name], name)
    return fields


def new_outgoing_payment(body: Any) -> dict[str, Any]:
    fields = obj(body, "body")
    if "quoteId" in fields:
        closed(fields, "body", {"walletAddress", "quoteId"}, {"metadata"})
        uri(fields["quoteId"], "quoteId")
    else:
        closed(fields, "body", {"walletAddress", "incomingPayment", "debitAmount"}, {"metadata"})
        uri(fields["incomingPayment"], "incomingPayment")
        amount(fields["debitAmount"], "debitAmount")
    uri(fields["walletAddress"], "walletAddress")
    if "metadata" in fields:
        obj(fields["metadata"], "metadata")
    return fields
