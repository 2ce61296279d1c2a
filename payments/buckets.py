"""Token buckets that all processes of one gunicorn share: a piece of memory made before they are forked.

Not in the database: a stranger's requests would then be writes where the money is. Nothing is ever added or removed: a
name is hashed, with a key of this start, to one of a fixed number of buckets. Two names that share one are held to what
one may; with that many buckets it happens to few, and not on purpose. Nobody waits for a lock: of two requests at the
very same moment one may go uncounted.
"""

import hashlib
import math
import mmap
import secrets
import struct
import time
from dataclasses import dataclass
from typing import Final

BUCKETS: Final = 2**17
_BUCKET: Final = struct.Struct("dd")  # what it holds, and when that was so
_memory: Final = mmap.mmap(-1, BUCKETS * _BUCKET.size)
_key: Final = secrets.token_bytes(16)
_now = time.monotonic


@dataclass(frozen=True)
class Rate:
    """So many at once, and then so many a second."""

    at_once: int
    a_second: float


@dataclass(frozen=True)
class Taken:
    """`wait`: 0, or how many whole seconds it takes until there is one. `left`: how many more there are at once."""

    wait: int
    left: int


def take(name: str, rate: Rate) -> int:
    """Take one from the bucket of `name`: 0, or how many whole seconds it takes until there is one."""
    return take_and_count(name, rate).wait


def take_and_count(name: str, rate: Rate) -> Taken:
    """As `take`, for whoever is told how many are left."""
    place = int.from_bytes(hashlib.blake2b(name.encode(), key=_key, digest_size=8).digest()) % BUCKETS * _BUCKET.size
    held, since = _BUCKET.unpack_from(_memory, place)
    now = _now()
    held = min(rate.at_once, held + (now - since) * rate.a_second) if since else float(rate.at_once)
    if held < 1:
        return Taken(math.ceil((1 - held) / rate.a_second), 0)
    _BUCKET.pack_into(_memory, place, held - 1, now)
    return Taken(0, int(held - 1))


def empty() -> None:
    """As at the start: everybody may everything again."""
    _memory[:] = bytes(len(_memory))
