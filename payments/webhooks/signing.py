"""Signatures of webhooks, as Standard Webhooks 1.0 has them: HMAC-SHA256 (`v1`) over id, time and the exact bytes.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

PREFIX: Final = "whsec_"
#: Bytes of a secret: the specification wants 24 to 64.
SECRET_BYTES: Final = 32
FEWEST_BYTES: Final = 24
MOST_BYTES: Final = 64
VERSION: Final = "v1"
#: What was signed longer ago, or later than now, may be a replay.
WINDOW: Final = timedelta(minutes=5)
LONGEST_ID: Final = 200
LONGEST_SIGNATURES: Final = 2000
#: Digits: until the year 2286.
LONGEST_TIMESTAMP: Final = 10

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class NotSigned(Exception):
    """The headers lack something, are unreadable, or are not from now. Its text says which."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Whether `text` is a secret as the specification writes them, so that another program's can be entered."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(PREFIX) and FEWEST_BYTES <= len(key) <= MOST_BYTES


def headers_of(message_id: str, at: datetime, body: bytes, signed_with: Iterable[str]) -> dict[str, str]:
    """The three headers of one try to send `body`: a signature with each secret, the newest first."""
    timestamp = str(int(at.timestamp()))
    signatures = [f"{VERSION},{_signature(secret, message_id, timestamp, body)}" for secret in signed_with]
    return {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: " ".join(signatures)}


@dataclass(frozen=True)
class Signed:
    """What the headers of a webhook say, and its body. Whose it is, nobody has looked at yet."""

    message_id: str
    timestamp: str
    signatures: tuple[str, ...]
    body: bytes

    def is_by(self, secret: str) -> bool:
        """Whether one of the signatures was made with `secret`."""
        expected = _signature(secret, self.message_id, self.timestamp, self.body).encode()
        # Each is compared, whatever was found: how long it takes tells nothing.
        found = [hmac.compare_digest(expected, signature.encode()) for signature in self.signatures]
        return any(found)


def read(headers: Mapping[str, str], body: bytes, now: datetime) -> Signed:
    """What the headers say. Raises NotSigned where they can't be those of a webhook that was signed just now."""
    message_id, timestamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    signatures = headers.get(SIGNATURE, "")
    if not (message_id and timestamp and signatures):
        raise NotSigned(f"The headers {ID}, {TIMESTAMP} and {SIGNATURE} are needed.")
    if len(message_id) > LONGEST_ID or not message_id.isascii() or not message_id.isprintable():
        raise NotSigned(f"The header {ID} is too long, or no visible ASCII.")
    if len(timestamp) > LONGEST_TIMESTAMP or not (timestamp.isascii() and timestamp.isdigit()):
        raise NotSigned(f"The header {TIMESTAMP} is no number of seconds.")
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > WINDOW:
        raise NotSigned(f"The header {TIMESTAMP} is more than {WINDOW.seconds // 60} minutes from now.")
    if len(signatures) > LONGEST_SIGNATURES:
        raise NotSigned(f"The header {SIGNATURE} is too long.")
    ours = tuple(each.partition(",")[2] for each in signatures.split() if each.startswith(f"{VERSION},"))
    if not ours:
        raise NotSigned(f"The header {SIGNATURE} has no signature of version {VERSION}.")
    return Signed(message_id, timestamp, ours, body)


def _signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
