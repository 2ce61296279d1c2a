"""Whether a request was signed by its client: the keys are fetched from the client's wallet address on every call."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.requests import Request

from payments.openpayments.keys import Jwk, KeyFormatError
from payments.openpayments.signing import ReceivedRequest, SignatureRejected, VerifiedSignature, verify
from payments.sandbox import wire
from payments.sandbox.provider import WalletProvider

# Real wallets know two derived components and refuse signatures over any other.
DERIVED = re.compile(r'"(@[a-z-]+)"')


class UnknownClientError(Exception):
    """The client's wallet address cannot be read, or does not publish the key that signed."""


class BadSignatureError(Exception):
    """Not signed, signed wrongly, too little covered, or too long ago."""


async def check(
    provider: WalletProvider, request: Request, body: bytes, client: str, bound_to: str | None = None
) -> str:
    """The thumbprint of the key that signed, which must be `bound_to` at a provider that binds grants to keys.

    Raises UnknownClientError or BadSignatureError. `client` is a wallet address, or a key as JSON.
    """
    for component in DERIVED.findall(request.headers.get("signature-input", "")):
        if component not in {"@method", "@target-uri"}:
            raise BadSignatureError(f"{component} is not understood")
    keys = await client_keys(provider, client)
    received = wire.received(request, body, provider.origin_of(request.url.path))
    try:
        signed = _verify(provider, received, {kid: jwk.public_key() for kid, jwk in keys.items()})
    except SignatureRejected as error:
        if error.code == "unknown_key":
            raise UnknownClientError("could not find the key of the client") from None
        raise BadSignatureError(str(error)) from None
    thumbprint = keys[signed.key_id].thumbprint
    if provider.settings.binds_keys and bound_to is not None and thumbprint != bound_to:
        raise BadSignatureError("another key asked for this grant")
    return thumbprint


def _verify(
    provider: WalletProvider, received: ReceivedRequest, keys: Mapping[str, Ed25519PublicKey]
) -> VerifiedSignature:
    oldest = timedelta(seconds=provider.settings.signature_seconds)
    try:
        return verify(received, keys.get, now=datetime.now(UTC), oldest=oldest)
    except SignatureRejected as error:
        if error.code != "too_old":
            raise
        # A client may share the provider's movable clock, or live by the real one: both are the present.
        return verify(received, keys.get, now=provider.clock.now(), oldest=oldest)


async def client_keys(provider: WalletProvider, client: str) -> dict[str, Jwk]:
    """The client's public keys by their id. Raises UnknownClientError."""
    if client.startswith("{"):
        jwk = Jwk.from_wire(json.loads(client))
        return {jwk.kid: jwk}
    document = await _fetch(provider, f"{client}/jwks.json")
    published = document.get("keys")
    if not isinstance(published, list):
        raise UnknownClientError("the client's jwks.json has no keys")
    keys = {}
    for candidate in published:
        try:
            jwk = Jwk.from_wire(candidate)
            keys[jwk.kid] = jwk
        except KeyFormatError:
            continue  # a key of another kind, which cannot have made this signature
    return keys


async def client_name(provider: WalletProvider, client: str) -> str:
    """The client's public name, which a person is shown. Raises UnknownClientError when there is none."""
    name = (await _fetch(provider, client)).get("publicName")
    if not isinstance(name, str) or not name:
        raise UnknownClientError("missing required request field 'client'")
    return name


async def _fetch(provider: WalletProvider, url: str) -> dict[str, Any]:
    try:
        answer = await provider.http.get(url, timeout=5)
        document = answer.json() if answer.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        document = None
    if not isinstance(document, dict):
        raise UnknownClientError("could not read the client's wallet address")
    return document
