"""What may stand in a cell of an export."""

from datetime import date, datetime
from typing import TypeAlias

from ledger.books.sums import Total

#: An aware moment is written in its own time zone, which the head of its column names.
CellValue: TypeAlias = str | int | bool | date | datetime | Total | None
