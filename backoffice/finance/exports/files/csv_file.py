"""CSV (RFC 4180) in UTF-8, with a mark by which spreadsheet programs know that it is. Every text is quoted."""

import re
from collections.abc import Sequence
from typing import BinaryIO, Final, assert_never

from backoffice.finance.exports.files.about import About
from backoffice.finance.exports.files.cells import (
    AmountCells,
    ColumnCells,
    DayCells,
    MomentCells,
    RowBlock,
    TextCells,
    line,
    major,
    one_amount,
)
from backoffice.finance.exports.files.control_totals import ControlTotals, Head
from ledger.spreadsheet_text import neutral

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
END_OF_LINE: Final = "\r\n"
#: What the lines after the rows begin with, so that a program can tell them from rows.
AFTER_ROWS: Final = "#"
#: Of these nothing is run by any program, and nothing is to be doubled.
_HARMLESS_LINES: Final = re.compile(r'(?:[^\W_][^;\t\r\n"]*+\n)*+')


class CsvFile:
    def __init__(self, file: BinaryIO, heads: Sequence[Head]) -> None:
        self._file, self._heads = file, heads
        file.write(BYTE_ORDER_MARK)
        self.write(line(*(head.words for head in heads)))

    def write(self, block: RowBlock) -> None:
        if not block.rows:
            return
        columns = map(_written, block.columns)
        lines = END_OF_LINE.join(map(",".join, zip(*columns, strict=True)))
        # What is half a character, from before it was refused, is a question mark rather than the end of an export.
        self._file.write(f"{lines}{END_OF_LINE}".encode("utf-8", "replace"))

    def close(self, about: About, totals: ControlTotals) -> None:
        """After an empty line: what this is, and the control totals."""
        self._file.write(END_OF_LINE.encode())
        for label, value in about.lines(totals.rows):
            self.write(line(AFTER_ROWS, label, value))
        for one in totals.told(self._heads):
            total = one.total
            amount = one_amount(total.value, total.code, total.scale)
            self.write(line(AFTER_ROWS, about.total_label(one.head), amount, total.code))


def _written(cells: ColumnCells) -> Sequence[str]:
    match cells:
        case TextCells(values):
            # The same few texts stand in most columns.
            return _harmless(values) or list(map({value: _text(value) for value in set(values)}.__getitem__, values))
        case AmountCells():
            return _amounts(cells)
        case MomentCells(texts):
            return [text or "" for text in texts]
        case DayCells(days):
            return ["" if day is None else day.isoformat() for day in days]
        case _:
            assert_never(cells)


def _amounts(cells: AmountCells) -> list[str]:
    values = [value for value in cells.values if value is not None]
    scales = set(cells.scales)
    scale = next(iter(scales)) if len(scales) == 1 else None
    if scale and len(values) == len(cells.values) and all(cells.codes) and min(values) >= 0:
        # As `major` does it, for all at once.
        form, unit = f"%d.%0{scale}d", 10**scale
        return [form % divmod(value, unit) for value in values]
    return [
        "" if value is None or not code or scale is None else major(value, scale)
        for value, code, scale in zip(cells.values, cells.codes, cells.scales, strict=True)
    ]


def _harmless(values: Sequence[str | int | None]) -> list[str]:
    """All of them written, if each is a text that begins with a letter or digit and has no separator; else none."""
    try:
        lines = "\n".join(values) + "\n"  # type: ignore[arg-type]  # who is no text is no line
    except TypeError:
        return []
    if _HARMLESS_LINES.fullmatch(lines) is None or lines.count("\n") != len(values):
        return []
    return f'"{lines[:-1]}"'.replace("\n", '"\n"').split("\n")


def _text(value: str | int | None) -> str:
    if isinstance(value, str):
        return '"' + neutral(value).replace('"', '""') + '"'
    return "" if value is None else str(int(value))
