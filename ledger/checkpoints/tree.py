"""The Merkle tree over the chain's links, in their order: leaf n is the digest of the entry of link n + 1.

The hashes of complete subtrees of 256, 65,536 … leaves are kept (as C2SP's `tlog-tiles` does), so that no root and no
proof reads more than 256 rows of each kept level. They repeat what the links say: verification computes them anew.
"""

import re

from django.db.models import Max

from ledger.checkpoints import merkle
from ledger.models import Link, Tile

TILE_LEVELS = 8
TILE_WIDTH = 1 << TILE_LEVELS
_DIGEST = re.compile(r"[0-9a-f]{64}")


class TreeDamaged(Exception):
    """A link, an entry or a kept hash is missing, or no hash, so that the tree can't be computed."""


def leaf_of(digest: str) -> bytes:
    """The hash of the leaf for an entry with this digest. Raises TreeDamaged for what is none."""
    if not _DIGEST.fullmatch(digest):
        raise TreeDamaged(f"{digest!r} is no digest")
    return merkle.leaf_hash(bytes.fromhex(digest))


class StoredTree:
    """The tree as the database has it now. It keeps what it read, so make a new one for each use."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, int], list[bytes]] = {}

    def root(self, size: int) -> bytes:
        """Raises TreeDamaged, also when the chain is shorter."""
        return merkle.root(size, self.read)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """For link `index` of the first `size`, both counted from 1. Raises TreeDamaged."""
        return merkle.inclusion_proof(index - 1, size, self.read)

    def read(self, level: int, number: int) -> bytes:
        """The hash of a complete subtree, as `merkle` asks for it. Raises TreeDamaged."""
        kept, above = divmod(level, TILE_LEVELS)
        tile, offset = divmod(number << above, TILE_WIDTH)
        hashes = self.row(kept, tile)[offset : offset + (1 << above)]
        if len(hashes) != 1 << above:
            raise TreeDamaged(f"subtree {number} of level {level} is not all there")
        return merkle.complete(hashes)

    def row(self, kept: int, tile: int) -> list[bytes]:
        """The hashes of one kept level that one tile is made of: those that are there without a gap."""
        if (kept, tile) not in self._rows:
            self._rows[kept, tile] = _kept_hashes(kept, tile) if kept else _leaf_hashes(tile)
        return self._rows[kept, tile]


def _leaf_hashes(tile: int) -> list[bytes]:
    first = tile * TILE_WIDTH + 1
    links = Link.objects.filter(index__gte=first, index__lt=first + TILE_WIDTH).order_by("index")
    return [
        leaf_of(digest)
        for place, (index, digest) in enumerate(links.values_list("index", "entry__digest"), start=first)
        if index == place
    ]


def _kept_hashes(level: int, tile: int) -> list[bytes]:
    first = tile * TILE_WIDTH
    tiles = Tile.objects.filter(level=level, number__gte=first, number__lt=first + TILE_WIDTH).order_by("number")
    found = enumerate(tiles.values_list("number", "hash"), start=first)
    hashes = [kept for place, (number, kept) in found if number == place]
    if not all(_DIGEST.fullmatch(kept) for kept in hashes):
        raise TreeDamaged(f"a kept hash of level {level} is none")
    return [bytes.fromhex(kept) for kept in hashes]


def extend(size: int) -> None:
    """Keep the hash of each complete subtree in a chain of `size` links that is not kept yet. Raises TreeDamaged."""
    level = 1
    while full := size >> (TILE_LEVELS * level):
        last = Tile.objects.filter(level=level, number__lt=full).aggregate(last=Max("number"))["last"]
        for number in range(0 if last is None else last + 1, full):
            hashes = StoredTree().row(level - 1, number)
            if len(hashes) != TILE_WIDTH:
                raise TreeDamaged(f"tile {number} of level {level} is not all there")
            Tile(level=level, number=number, hash=merkle.complete(hashes).hex()).save(force_insert=True)
        level += 1
