"""The hashes that make the ledger tamper-evident. Pure functions; a change here is a new version of the format."""

import hashlib
import hmac

NO_LINK = "0" * 64  # what stands for the previous hash of link 1


def body_digest(body: str) -> str:
    """SHA-256 of an entry's body in UTF-8, in hexadecimal."""
    return hashlib.sha256(body.encode()).hexdigest()


def link_hash(index: int, previous: str, entry_digest: str) -> str:
    """SHA-256 over four lines, in hexadecimal: domain, index, the previous link's hash, the entry's digest.

    Plain text, so that anyone can follow the chain with `printf` and `sha256sum`.
    """
    assert index >= 1
    return hashlib.sha256(f"tequio.ledger.link.v1\n{index}\n{previous}\n{entry_digest}\n".encode()).hexdigest()


def private_digest(entry_id: str, salt: str, text: str) -> str:
    """HMAC-SHA-256 of an entry's private text under its salt: without the salt, no guess at a name can be tried."""
    message = f"tequio.ledger.private.v1\n{entry_id}\n{text}".encode()
    return hmac.digest(salt.encode(), message, "sha256").hex()
