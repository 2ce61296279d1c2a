"""What an app on a phone shows: the codes of a second factor (RFC 6238), computed from its key."""

import base64
import hashlib
import hmac
import struct
import time

PERIOD = 30


def code(key: str, *, later: int = 0) -> str:
    """The code of the key that the page shows, in groups or not; of so many half minutes `later`."""
    counter = int(time.time()) // PERIOD + later
    digest = hmac.new(base64.b32decode(key.replace(" ", "")), struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
