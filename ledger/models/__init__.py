"""The tables of the ledger. Nothing here points outside: the ledger outlives what it describes."""

from ledger.models.books import Movement
from ledger.models.entries import Checkpoint, Entry, EntrySubject, Link, PrivatePart, Tile, Unsealed
from ledger.models.periods import Closing, Reopening

__all__ = [
    "Checkpoint",
    "Closing",
    "Entry",
    "EntrySubject",
    "Link",
    "Movement",
    "PrivatePart",
    "Reopening",
    "Tile",
    "Unsealed",
]
