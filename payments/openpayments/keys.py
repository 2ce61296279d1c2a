"""Ed25519 keys: making them, keeping them (PKCS8 PEM), publishing them (JWK, RFC 8037)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from payments.openpayments.textrules import is_header_safe


class KeyFormatError(ValueError):
    """The text is not an Ed25519 key in the expected form. Never repeats any part of the key."""


@dataclass(frozen=True, slots=True)
class Jwk:
    """A public key that a wallet address publishes. `x` is the raw public key in unpadded base64url."""

    kid: str
    x: str

    def to_wire(self) -> dict[str, str]:
        """The `json-web-key` schema of Open Payments."""
        return {"kid": self.kid, "alg": "EdDSA", "kty": "OKP", "crv": "Ed25519", "use": "sig", "x": self.x}

    @classmethod
    def from_wire(cls, wire: object) -> Jwk:
        """Raises KeyFormatError for everything that is not an Ed25519 signature key of the Open Payments schema."""
        if not isinstance(wire, dict):
            raise KeyFormatError("a key is a JSON object")
        if (wire.get("kty"), wire.get("crv"), wire.get("alg", "EdDSA"), wire.get("use", "sig")) != (
            "OKP",
            "Ed25519",
            "EdDSA",
            "sig",
        ):
            raise KeyFormatError("not an Ed25519 signature key")
        kid, x = wire.get("kid"), wire.get("x")
        if not isinstance(kid, str) or not isinstance(x, str) or not is_key_id(kid):
            raise KeyFormatError("a key has a kid and an x")
        jwk = cls(kid, x)
        jwk.public_key()
        return jwk

    @property
    def thumbprint(self) -> str:
        """What people compare two keys by (RFC 7638, RFC 8037): SHA-256 in unpadded base64url."""
        members = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": self.x}, separators=(",", ":"))
        return base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).decode("ascii").rstrip("=")

    def public_key(self) -> Ed25519PublicKey:
        try:
            raw = base64.b64decode(self.x + "=" * (-len(self.x) % 4), altchars=b"-_", validate=True)
            return Ed25519PublicKey.from_public_bytes(raw)
        except (binascii.Error, ValueError) as error:
            raise KeyFormatError("x is not an Ed25519 public key") from error


def is_key_id(text: str) -> bool:
    """Whether the text can be a `keyid` in a signature: visible ASCII without quotes and backslashes."""
    return is_header_safe(text) and '"' not in text and "\\" not in text


def generate_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def private_key_to_pem(key: Ed25519PrivateKey) -> str:
    """PKCS8 PEM without a password: encrypt it before it is stored."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def private_key_from_pem(pem: str) -> Ed25519PrivateKey:
    """Raises KeyFormatError for anything but an unencrypted Ed25519 private key in PEM."""
    try:
        key = serialization.load_pem_private_key(pem.encode("utf-8", errors="replace"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFormatError("not an unencrypted private key in PEM") from None  # the cause may quote the input
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFormatError("not an Ed25519 key")
    return key


def public_jwk(key: Ed25519PrivateKey, key_id: str) -> Jwk:
    """What the wallet address has to publish in its `jwks.json` so that signatures with `key` are believed."""
    if not is_key_id(key_id):
        raise KeyFormatError("a key id is visible ASCII without quotes")
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return Jwk(kid=key_id, x=base64.urlsafe_b64encode(raw).decode("ascii").rstrip("="))
