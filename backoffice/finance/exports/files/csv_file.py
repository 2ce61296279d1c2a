"""CSV (RFC 4180) in UTF-8, with a mark by which spreadsheet programs know that it is. Every text is quoted."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import BinaryIO, Final

from backoffice.finance.exports.files.about import About
from backoffice.finance.exports.files.cells import CellValue
from backoffice.finance.exports.files.control_totals import ControlTotals, Head
from ledger.books.sums import Total
from ledger.spreadsheet_text import neutral

#: Lines that are written at once.
BATCH: Final = 500
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
#: What the lines after the rows begin with, so that a program can tell them from rows.
AFTER_ROWS: Final = "#"


class CsvFile:
    def __init__(self, file: BinaryIO, heads: Sequence[Head]) -> None:
        self._file, self._heads = file, heads
        self._kept: list[str] = []
        file.write(BYTE_ORDER_MARK)
        self._line([head.words for head in heads])

    def write(self, row: Sequence[CellValue]) -> None:
        self._line(row)

    def close(self, about: About, totals: ControlTotals) -> None:
        """After an empty line: what this is, and the control totals."""
        self._line([])
        for label, value in about.lines(totals.rows):
            self._line([AFTER_ROWS, label, value])
        for one in totals.told(self._heads):
            self._line([AFTER_ROWS, about.total_label(one.head), one.total, one.total.code])
        self._flush()

    def _line(self, cells: Iterable[CellValue]) -> None:
        self._kept.append(",".join(map(_written, cells)))
        if len(self._kept) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        # What is half a character, from before it was refused, is a question mark rather than the end of an export.
        self._file.write("".join(f"{line}\r\n" for line in self._kept).encode("utf-8", "replace"))
        self._kept.clear()


def _written(cell: CellValue) -> str:
    match cell:
        case None:
            return ""
        case Total():
            return f"{cell.major:f}"
        case bool():
            return str(int(cell))
        case int():
            return str(cell)
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case date():
            return f"{cell:%Y-%m-%d}"
        case str():
            return '"' + neutral(cell).replace('"', '""') + '"'
