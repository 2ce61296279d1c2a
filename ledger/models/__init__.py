"""The tables of the ledger. Nothing here points outside: the ledger outlives what it describes."""

from ledger.models.books import Movement
from ledger.models.entries import Checkpoint, Entry, EntrySubject, Link, PrivatePart, Tile, Unsealed

__all__ = ["Checkpoint", "Entry", "EntrySubject", "Link", "Movement", "PrivatePart", "Tile", "Unsealed"]
