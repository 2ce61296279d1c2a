"""Holding the chain against every checkpoint there is: in the database, in the folder, and in files from elsewhere.

The tree is computed anew, link by link, so that nothing kept has to be believed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ledger.checkpoints import directory, keys
from ledger.checkpoints.merkle import Growing
from ledger.checkpoints.notes import BadNote, TreeHead, VerifierKey, signed_head
from ledger.checkpoints.saved_files import checkpoints_of
from ledger.checkpoints.tree import TILE_LEVELS, TreeDamaged, leaf_of
from ledger.faults import Fault, FaultCode
from ledger.models import Checkpoint, Tile


@dataclass(frozen=True)
class Claim:
    """What a checkpoint says, and where it was found."""

    head: TreeHead
    source: str


@dataclass
class Claims:
    """Filled while its faults are read."""

    found: list[Claim] = field(default_factory=list)

    def collect(self, elsewhere: Sequence[Path]) -> Iterator[Fault]:
        """Read them all. Those that no known key has signed are faults; without any key there is nothing to say."""
        known = keys.known()
        if not known:
            return
        in_database = dict(Checkpoint.objects.order_by("size").values_list("size", "note"))
        for size, note in in_database.items():
            yield from self._add(note, str(size), known, size)
        for file in directory.files(here) if (here := directory.folder()) else []:
            yield from self._add(directory.read(file), str(file), known, None)
            head = self.found[-1].head if self.found and self.found[-1].source == str(file) else None
            if head and file.name != directory.LATEST and head.size not in in_database:
                yield Fault.of(FaultCode.CHECKPOINT_GONE, size=head.size, source=str(file))
        for file in elsewhere:
            for note in checkpoints_of(file) or [""]:
                yield from self._add(note, str(file), known, None)
        yield from self._forks()

    def _add(self, note: object, source: str, known: Sequence[VerifierKey], size: int | None) -> Iterator[Fault]:
        try:
            head = signed_head(str(note), known)
        except (BadNote, UnicodeEncodeError):
            yield Fault.of(FaultCode.CHECKPOINT_FORGED, source=source)
            return
        if size not in (None, head.size):
            yield Fault.of(FaultCode.CHECKPOINT_FORGED, source=source)
        self.found.append(Claim(head, source))

    def _forks(self) -> Iterator[Fault]:
        first: dict[int, Claim] = {}
        for claim in self.found:
            other = first.setdefault(claim.head.size, claim)
            if other.head.root != claim.head.root:
                yield Fault.of(FaultCode.FORKED, size=claim.head.size, one=other.source, other=claim.source)

    @property
    def signed_from(self) -> int | None:
        """So many entries had the chain when checkpoints began to be signed; None when none ever was."""
        return min((claim.head.size for claim in self.found), default=None)


class Walk:
    """The tree, grown link by link beside the chain, and held against what was kept and what was signed."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self.vouched: Claim | None = None  # the largest that fits
        self._claims: dict[int, list[Claim]] = defaultdict(list)
        for claim in claims:
            self._claims[claim.head.size].append(claim)
        # Before the chain is read: what is kept later is looked up when it is missed.
        self._kept = {
            (level, number): kept for level, number, kept in Tile.objects.values_list("level", "number", "hash")
        }
        self._growing = Growing()
        self._is_whole = True
        self._fitted = 0  # up to here the checkpoints fit
        self._differs = False

    def link(self, digest: str | None) -> Iterator[Fault]:
        """The next link without a gap, whose entry has this digest; None when the entry is gone."""
        try:
            leaf = leaf_of(digest) if self._is_whole and digest is not None else None
        except TreeDamaged:
            leaf = None
        if leaf is None:
            self.interrupt()
            return
        for level, number, computed in self._growing.append(leaf):
            if level % TILE_LEVELS == 0:
                yield from self._tile(level, number, computed.hex())
        yield from self._held_against(self._claims.pop(self._growing.size, []))

    def interrupt(self) -> None:
        """A link or an entry is missing: nothing can be said of the tree from here on."""
        self._is_whole = False

    def end(self, last: int) -> Iterator[Fault]:
        """The chain ended with link `last`."""
        cut = [claim for size, claims in self._claims.items() if size > last for claim in claims]
        if cut:
            longest = max(cut, key=lambda claim: claim.head.size)
            yield Fault.of(FaultCode.TRUNCATED, first=last + 1, last=longest.head.size, source=longest.source)
        for level, number in self._kept:
            # Of a tree with a hole only what is beyond its end is surely wrong.
            if self._is_whole or (number + 1) << (level * TILE_LEVELS) > last:
                yield Fault.of(FaultCode.TILE_UNEXPECTED, level=level, number=number)

    def _tile(self, level: int, number: int, computed: str) -> Iterator[Fault]:
        kept_level = level // TILE_LEVELS
        kept = self._kept.pop((kept_level, number), None)
        if kept is None:
            found = Tile.objects.filter(level=kept_level, number=number)
            kept = found.values_list("hash", flat=True).first()
        if kept != computed:
            code = FaultCode.TILE_MISSING if kept is None else FaultCode.TILE_CHANGED
            first, last = (number << level) + 1, (number + 1) << level
            yield Fault.of(code, level=kept_level, number=number, first=first, last=last)

    def _held_against(self, claims: Sequence[Claim]) -> Iterator[Fault]:
        differing = [claim for claim in claims if claim.head.root != self._growing.root()]
        for claim in claims:
            if claim not in differing:
                self.vouched, self._fitted = claim, claim.head.size
                self._differs = False
        if len(differing) == len(claims) > 0 and not self._differs:
            # Those after it differ for the same reason, up to one that was signed later.
            self._differs, one = True, differing[0]
            first, last = self._fitted + 1, one.head.size
            yield Fault.of(FaultCode.CHECKPOINT_DIFFERS, first=first, last=last, source=one.source)
