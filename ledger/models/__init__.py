"""The tables of the ledger. Nothing here points outside: the ledger outlives what it describes."""

from ledger.models.books import Movement
from ledger.models.entries import Checkpoint, Entry, EntrySubject, Link, PrivatePart, Tile, Unsealed
from ledger.models.periods import Closing, Reopening
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
    "Closing",
    "Entry",
    "EntrySubject",
    "ExceptionNote",
    "Link",
    "Movement",
    "PrivatePart",
    "Reopening",
    "StatementException",
    "StatementImport",
    "StatementMatch",
    "StatementRow",
    "StatementSource",
    "Tile",
    "Unsealed",
]
