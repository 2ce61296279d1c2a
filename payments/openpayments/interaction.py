"""The hash with which a wallet proves that a person came back from it (GNAP, RFC 9635 section 4.2.3)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

_SHA256_BASE64_LENGTH: Final = 44


def new_nonce() -> str:
    """A fresh client nonce with 256 random bits. It is sent to the wallet only and never appears in a URL."""
    return secrets.token_urlsafe(32)


def interaction_hash(nonce: str, finish: str, interact_ref: str, grant_url: str) -> str:
    """base64(SHA-256(nonce LF finish LF interact_ref LF grant_url)), padded, standard alphabet.

    `grant_url` is the authorization server's address as the wallet address named it.
    """
    return base64.b64encode(_digest(nonce, finish, interact_ref, grant_url)).decode("ascii")


def hash_matches(given: str, *, nonce: str, finish: str, interact_ref: str, auth_server: str) -> bool:
    """Whether `given` is the hash of this interaction, in constant time.

    Wallets differ: the authorization server with or without its trailing slash, base64 or base64url, padded or not, and
    a `+` that a form decoder turned into a space are all accepted.
    """
    received = _decoded(given)
    if received is None:
        return False
    matches = False
    for grant_url in (auth_server, auth_server.rstrip("/"), auth_server.rstrip("/") + "/"):
        matches |= hmac.compare_digest(received, _digest(nonce, finish, interact_ref, grant_url))
    return matches


def _digest(nonce: str, finish: str, interact_ref: str, grant_url: str) -> bytes:
    # What a browser brought may hold lone surrogates: they hash to something, and match nothing.
    return hashlib.sha256(f"{nonce}\n{finish}\n{interact_ref}\n{grant_url}".encode("utf-8", "surrogatepass")).digest()


def _decoded(given: str) -> bytes | None:
    if not given.isascii() or len(given) > _SHA256_BASE64_LENGTH:
        return None
    standard = given.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        digest = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == hashlib.sha256().digest_size else None
