"""The tables of the ledger. Nothing here points outside: the ledger outlives what it describes."""

from ledger.models.books import Movement
from ledger.models.entries import Checkpoint, Entry, EntrySubject, Link, PrivatePart, Tile, Unsealed
from ledger.models.statements import (
    ExceptionNote,
    StatementException,
    StatementImport,
    StatementMatch,
    StatementRow,
    StatementSource,
)

__all__ = [
    "Checkpoint",
    "Entry",
    "EntrySubject",
    "ExceptionNote",
    "Link",
    "Movement",
    "PrivatePart",
    "StatementException",
    "StatementImport",
    "StatementMatch",
    "StatementRow",
    "StatementSource",
    "Tile",
    "Unsealed",
]
