"""Excel's format, written row by row: texts are texts whatever they begin with, amounts and moments are numbers.

The sheets are written straight into the file, as ECMA-376 describes them: a library that makes an object of each cell
takes twenty times as long, and keeps its rows in temporary files.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import BinaryIO, Final, Self, assert_never
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from backoffice.finance.exports.files import xlsx_parts
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
from backoffice.finance.exports.files.xlsx_parts import CellStyles, escaped
from ledger.spreadsheet_text import is_risky

#: What the program takes in one sheet, less the head.
MOST_ROWS: Final = 2**20 - 1
#: A part of more than 2 GiB would need an extension of ZIP that Excel complains about: rows go on in the next sheet.
MOST_CHARACTERS: Final = 3 * 2**29
#: Spreadsheet programs reckon with so many digits: an amount with more would be rounded without a word, so it is text.
EXACT: Final = 10**15
LONGEST_TEXT: Final = 32_767
LEAST_WIDTH: Final = 14
#: Of zlib's nine: beyond it a file gets little smaller, and takes much longer.
COMPRESSION: Final = 3
UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"
#: What XML can't have, or no reader takes.
_ILLEGAL: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Days are counted from this one.
_FIRST_DAY: Final = date(1899, 12, 30).toordinal()
_SECONDS_OF_DAY: Final = 86_400


class XlsxFile:
    def __init__(self, file: BinaryIO, heads: Sequence[Head]) -> None:
        self._heads = [head.words for head in heads]
        self._columns = heads
        self._letters = [get_column_letter(place) for place in range(1, max(len(heads), 4) + 1)]
        self._book = ZipFile(file, "w", ZIP_DEFLATED, compresslevel=COMPRESSION)
        self._styles, self._titles = CellStyles(), list[str]()
        self._begin_rows()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if error[0]:
            # Nobody gets what was not closed; a full disk is no longer of interest.
            with suppress(OSError):
                self._sheet.close()
            with suppress(OSError):
                self._book.close()

    def write(self, block: RowBlock) -> None:
        if self._characters >= MOST_CHARACTERS:
            self._begin_rows()
        room = MOST_ROWS + 1 - self._rows_of_sheet
        lines = self._lines(block)
        self._put(lines[:room])
        if lines[room:]:
            self._begin_rows()
            self._put(lines[room:])

    def close(self, about: About, totals: ControlTotals) -> None:
        """With a last sheet: what this is, and the control totals."""
        self._begin_sheet(_("Totals"), [40, 40])
        for label, value in about.lines(totals.rows):
            self._put(self._lines(line(label, value)))
        self._rows_of_sheet += 1
        self._put_heads([_("Column"), _("Control total"), _("Currency"), _("Rows with an amount")])
        for one in totals.told(self._columns):
            total = one.total
            amount = one_amount(total.value, total.code, total.scale)
            self._put(self._lines(line(one.head, amount, total.code, one.rows)))
        self._end_sheet()
        for name, part in xlsx_parts.of_book(self._titles, self._styles):
            self._book.writestr(name, part)
        self._book.close()

    def _begin_rows(self) -> None:
        number, title = len(self._titles) + 1, _("Rows")
        widths = [max(LEAST_WIDTH, len(head) + 2) for head in self._heads]
        self._begin_sheet(title if number == 1 else f"{title} {number}", widths, frozen=True)
        self._put_heads(self._heads)

    def _begin_sheet(self, title: str, widths: Sequence[int], *, frozen: bool = False) -> None:
        if self._titles:
            self._end_sheet()
        self._titles.append(title)
        self._sheet = self._book.open(xlsx_parts.sheet_name(len(self._titles)), "w")
        self._rows_of_sheet = self._characters = 0
        self._sheet.write(xlsx_parts.begin_sheet(widths, frozen=frozen).encode())

    def _end_sheet(self) -> None:
        self._sheet.write(xlsx_parts.END_OF_SHEET.encode())
        self._sheet.close()

    def _put_heads(self, heads: Sequence[str]) -> None:
        number, style = self._rows_of_sheet + 1, self._styles.bold
        cells = (
            f'<c r="{letter}{number}"{_text(head, style)}' for letter, head in zip(self._letters, heads, strict=False)
        )
        self._put([f'<row r="{number}">{"".join(cells)}</row>'])

    def _put(self, lines: Sequence[str]) -> None:
        self._rows_of_sheet += len(lines)
        text = "".join(lines)
        self._characters += len(text)
        self._sheet.write(text.encode())

    def _lines(self, block: RowBlock) -> list[str]:
        """The block's rows; what is beyond the last one of this sheet is numbered as those of the next one."""
        first = self._rows_of_sheet
        most = MOST_ROWS + 1
        numbers = [place + 1 if place < most else place - most + 2 for place in range(first, first + block.rows)]
        columns = []
        for letter, cells in zip(self._letters, block.columns, strict=False):
            ends = self._ends(cells)
            columns.append(
                [f'<c r="{letter}{number}"{end}' if end else "" for number, end in zip(numbers, ends, strict=True)]
            )
        rows = map("".join, zip(*columns, strict=True))
        return [f'<row r="{number}">{cells}</row>' for number, cells in zip(numbers, rows, strict=True)]

    def _ends(self, cells: ColumnCells) -> Sequence[str]:
        """What stands in each cell, from its type on; nothing for a cell that is empty."""
        match cells:
            case TextCells(values):
                written = {value: self._text_or_number(value) for value in set(values)}
                return [written[value] for value in values]
            case AmountCells(values, codes, scales):
                return [
                    "" if value is None or not code or scale is None else self._amount(value, scale)
                    for value, code, scale in zip(values, codes, scales, strict=True)
                ]
            case MomentCells(texts):
                days = {text[:10]: _day(date.fromisoformat(text[:10])) for text in texts if text}
                return [
                    _number(days[text[:10]] + _seconds(text) / _SECONDS_OF_DAY, self._styles.moment) if text else ""
                    for text in texts
                ]
            case DayCells(days_of_rows):
                return [_number(_day(day), self._styles.day) if day else "" for day in days_of_rows]
            case _:
                assert_never(cells)

    def _text_or_number(self, value: str | int | None) -> str:
        if isinstance(value, str):
            # Marked as text, so that it stays text when somebody edits it.
            return _text(value, self._styles.marked if is_risky(value) else None) if value else ""
        return "" if value is None else _number(int(value), None)

    def _amount(self, value: int, scale: int) -> str:
        text = major(value, scale)
        return _number(text, self._styles.amount(scale)) if -EXACT < value < EXACT else _text(text, None)


def _number(value: float | str, style: int | None) -> str:
    return f"{_styled(style)}><v>{value}</v></c>"


def _text(text: str, style: int | None) -> str:
    if text.isascii() and text.isalnum():
        return f'{_styled(style)} t="inlineStr"><is><t>{text[:LONGEST_TEXT]}</t></is></c>'
    legal = escaped(_ILLEGAL.sub(UNKNOWN, text)[:LONGEST_TEXT])
    return f'{_styled(style)} t="inlineStr"><is><t xml:space="preserve">{legal}</t></is></c>'


def _styled(style: int | None) -> str:
    return "" if style is None else f' s="{style}"'


def _day(day: date) -> int:
    return day.toordinal() - _FIRST_DAY


def _seconds(moment: str) -> int:
    """Of its day."""
    return int(moment[11:13]) * 3600 + int(moment[14:16]) * 60 + int(moment[17:19])
