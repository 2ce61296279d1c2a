"""What a payer's provider asks of a receiver's provider: over HTTP, even when both are the same process."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from payments.openpayments.signing import Signer, compact_json, sign_request
from payments.sandbox import schemas
from payments.sandbox.clock import parse_time
from payments.sandbox.errors import InvalidBodyError
from payments.sandbox.fees_and_rates import WalletAsset
from payments.sandbox.provider import WalletProvider
from payments.sandbox.wallets import Wallet


class ReceiverUnusableError(Exception):
    """The receiver's wallet answered: there is nothing (more) to pay here."""


class ReceiverUnreachableError(Exception):
    """The receiver's wallet could not be asked."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """An open incoming payment at any provider. Amounts in minor units of `asset`."""

    url: str
    asset: WalletAsset
    incoming_amount: int | None
    received: int
    expires_at: float | None
    ilp_address: str
    secret: str

    @property
    def remaining(self) -> int | None:
        return None if self.incoming_amount is None else self.incoming_amount - self.received


@dataclass(frozen=True, slots=True)
class Delivery:
    """How to hand over the money: kept with the payment, so that asking again is the same request."""

    url: str
    ilp_address: str
    secret: str

    @classmethod
    def to(cls, receiver: Receiver) -> "Delivery":
        parts = urlsplit(receiver.url)
        return cls(f"{parts.scheme}://{parts.netloc}/ilp", receiver.ilp_address, receiver.secret)


async def receiver(provider: WalletProvider, payer: Wallet, url: str) -> Receiver:
    """Ask the receiver's provider as `payer`. Raises ReceiverUnusableError and ReceiverUnreachableError."""
    public = await _answer(provider, _request(provider, "GET", url))
    auth_server = public.get("authServer")
    if not isinstance(auth_server, str):
        raise ReceiverUnusableError("no authorization server")
    token = await _token(provider, payer, auth_server)
    request = _request(provider, "GET", url, authorization=f"GNAP {token}")
    return _parsed(url, await _answer(provider, _signed(provider, payer, request)))


async def deliver(provider: WalletProvider, delivery: Delivery, packet: str, amount: int) -> int:
    """Hand over `amount` minor units; how many were accepted. The same `packet` is never accepted twice."""
    body = compact_json({"address": delivery.ilp_address, "packet": packet, "amount": str(amount)})
    request = _request(provider, "POST", delivery.url, body, authorization=f"HMAC {proof(delivery.secret, body)}")
    answer = await _answer(provider, request)
    accepted = answer.get("accepted")
    if not isinstance(accepted, str) or not accepted.isdigit():
        raise ReceiverUnreachableError("no usable answer to a delivery")
    return int(accepted)


def proof(secret: str, body: bytes) -> str:
    """That whoever delivers knows the incoming payment's shared secret."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def _token(provider: WalletProvider, payer: Wallet, auth_server: str) -> str:
    content = compact_json(
        {
            "access_token": {"access": [{"type": "incoming-payment", "actions": ["read-all"]}]},
            "client": provider.wallets.url(payer.name),
            "interact": {"start": ["redirect"]},
        }
    )
    request = _request(provider, "POST", auth_server, content)
    answer = await _answer(provider, _signed(provider, payer, request))
    token = answer.get("access_token")
    if not isinstance(token, dict) or not isinstance(token.get("value"), str):
        raise ReceiverUnusableError("no access to the incoming payment")
    return str(token["value"])


def _request(
    provider: WalletProvider, method: str, url: str, content: bytes | None = None, *, authorization: str | None = None
) -> httpx.Request:
    headers = {} if content is None else {"Content-Type": "application/json"}
    if authorization is not None:
        headers["Authorization"] = authorization
    try:
        return provider.http.build_request(method, schemas.uri(url, "url"), content=content, headers=headers)
    except (httpx.InvalidURL, ValueError):
        raise ReceiverUnreachableError("not an address") from None


def _signed(provider: WalletProvider, payer: Wallet, request: httpx.Request) -> httpx.Request:
    signer = Signer(provider.wallets.url(payer.name), payer.key_id, payer.private_key())
    sign_request(request, signer, datetime.now(UTC))
    return request


async def _answer(provider: WalletProvider, request: httpx.Request) -> dict[str, Any]:
    try:
        answer = await provider.http.send(request)
        body = answer.json() if answer.is_success else None
    except (httpx.HTTPError, ValueError) as error:
        raise ReceiverUnreachableError(type(error).__name__) from None
    if answer.is_client_error:
        raise ReceiverUnusableError(f"status {answer.status_code}")
    if not isinstance(body, dict):
        raise ReceiverUnreachableError(f"status {answer.status_code}")
    return body


def _parsed(url: str, wire: dict[str, Any]) -> Receiver:
    try:
        received, asset = schemas.amount(wire.get("receivedAmount"), "receivedAmount")
        wanted = schemas.amount(wire["incomingAmount"], "incomingAmount")[0] if "incomingAmount" in wire else None
        expires_at = parse_time(wire["expiresAt"]) if "expiresAt" in wire else None
        paths = [(str(each["ilpAddress"]), str(each["sharedSecret"])) for each in wire["methods"]]
    except (InvalidBodyError, ValueError, KeyError, TypeError) as error:
        raise ReceiverUnreachableError(f"unreadable incoming payment: {type(error).__name__}") from None
    if wire.get("completed") or not paths:
        raise ReceiverUnusableError("the incoming payment is complete")
    return Receiver(url, asset, wanted, received, expires_at, *paths[0])
