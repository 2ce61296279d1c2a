"""The Merkle tree of RFC 6962, section 2.1: its root, and the proof that a leaf is in it. Pure functions.

Everything is made of complete subtrees: `read(level, number)` is the hash over the 2**level leaves that begin with
leaf number * 2**level, so that neither a root nor a proof needs more than a few hashes of a tree of any size.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import reduce

Read = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def complete(hashes: Sequence[bytes]) -> bytes:
    """The hash over neighbouring complete subtrees of one level; their number is a power of two."""
    assert len(hashes).bit_count() == 1
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def root(size: int, read: Read) -> bytes:
    """The hash of the tree over the first `size` leaves."""
    return _over(0, size, read) if size else hashlib.sha256().digest()


def inclusion_proof(index: int, size: int, read: Read) -> list[bytes]:
    """The audit path of leaf `index`, counted from 0, in the tree over the first `size`: from the leaf to the root."""
    assert 0 <= index < size
    begin, end, path = 0, size, []
    while end - begin > 1:
        middle = begin + _largest_below(end - begin)
        if index < middle:
            path.append(_over(middle, end, read))
            end = middle
        else:
            path.append(_over(begin, middle, read))
            begin = middle
    return path[::-1]


def _largest_below(number: int) -> int:
    """The largest power of two below `number`."""
    return 1 << ((number - 1).bit_length() - 1)


def _over(begin: int, end: int, read: Read) -> bytes:
    return _folded([read(level, number) for level, number in _subtrees(begin, end)])


def _subtrees(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees of which the leaves from `begin` up to `end` consist, largest first."""
    while begin < end:
        level = (end - begin).bit_length() - 1
        yield level, begin >> level
        begin += 1 << level


def _folded(peaks: Sequence[bytes]) -> bytes:
    return reduce(lambda right, left: node_hash(left, right), reversed(peaks))


class Growing:
    """A tree to which leaves are appended one by one: it keeps one hash for each bit of its size."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add the hash of a leaf. Returns the subtrees that it completes: level, number, hash."""
        completed, level, number, peak = [], 0, self.size, leaf
        while number & 1:
            level, number, peak = level + 1, number >> 1, node_hash(self._peaks.pop(), peak)
            completed.append((level, number, peak))
        self._peaks.append(peak)
        self.size += 1
        return completed

    def root(self) -> bytes:
        return _folded(self._peaks) if self._peaks else hashlib.sha256().digest()
