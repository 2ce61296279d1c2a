"""Excel's format, written row by row: texts are texts whatever they begin with, amounts and moments are numbers."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final, assert_never

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import save_workbook

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
from ledger.spreadsheet_text import is_risky

#: What the program takes in one sheet, less the head.
MOST_ROWS: Final = 2**20 - 1
#: Spreadsheet programs reckon with fifteen digits: an amount with more would be rounded without a word, so it is text.
EXACT: Final = 10**15
LONGEST_TEXT: Final = 32_767
MOMENT, DAY = "yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd"
LEAST_WIDTH: Final = 14
UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"


class XlsxFile:
    def __init__(self, file: BinaryIO, heads: Sequence[Head]) -> None:
        self._file, self._heads = file, heads
        self._book = Workbook(write_only=True)
        self._rows_of_sheet = 0
        self._sheet = self._new_sheet()

    def write(self, block: RowBlock) -> None:
        for row in self._rows(block):
            if self._rows_of_sheet == MOST_ROWS:
                self._sheet.close()
                self._sheet = self._new_sheet()
            self._rows_of_sheet += 1
            self._sheet.append(row)

    def close(self, about: About, totals: ControlTotals) -> None:
        """With a last sheet: what this is, and the control totals."""
        self._sheet.close()
        self._sheet = sheet = self._book.create_sheet(_("Totals"))
        sheet.column_dimensions["A"].width = sheet.column_dimensions["B"].width = 40
        for label, value in about.lines(totals.rows):
            self._append(line(label, value))
        sheet.append([])
        heads = (_("Column"), _("Control total"), _("Currency"), _("Rows with an amount"))
        sheet.append(self._bold(heads))
        for one in totals.told(self._heads):
            total = one.total
            self._append(line(one.head, one_amount(total.value, total.code, total.scale), total.code, one.rows))
        sheet.close()
        save_workbook(self._book, self._file)

    def _new_sheet(self) -> Any:
        number = len(self._book.worksheets) + 1
        title = _("Rows")
        sheet = self._book.create_sheet(title if number == 1 else f"{title} {number}")
        sheet.freeze_panes = "A2"
        words = [head.words for head in self._heads]
        for place, head in enumerate(words, 1):
            sheet.column_dimensions[get_column_letter(place)].width = max(LEAST_WIDTH, len(head) + 2)
        self._sheet, self._rows_of_sheet = sheet, 0
        sheet.append(self._bold(words))
        return sheet

    def _bold(self, heads: Sequence[str]) -> list[Any]:
        cells = [self._text(head) for head in heads]
        for cell in cells:
            cell.font = Font(bold=True)
        return cells

    def _append(self, block: RowBlock) -> None:
        for row in self._rows(block):
            self._sheet.append(row)

    def _rows(self, block: RowBlock) -> Iterator[Iterator[Any]]:
        """What openpyxl takes: one cell at a time, for a cell belongs to its sheet."""
        columns = [self._cells(cells) for cells in block.columns]
        for _row in range(block.rows):
            yield (next(cells) for cells in columns)

    def _cells(self, cells: ColumnCells) -> Iterator[Any]:
        match cells:
            case TextCells(values):
                for value in values:
                    yield (self._text(value) if value else None) if isinstance(value, str) else value
            case AmountCells(amounts, codes, scales):
                for amount, code, scale in zip(amounts, codes, scales, strict=True):
                    yield None if amount is None or not code or scale is None else self._amount(amount, scale)
            case MomentCells(texts):
                for text in texts:
                    yield self._formatted(datetime.fromisoformat(text), MOMENT) if text else None
            case DayCells(days):
                for day in days:
                    yield self._formatted(day, DAY) if day else None
            case _:
                assert_never(cells)

    def _amount(self, value: int, scale: int) -> Any:
        if not -EXACT < value < EXACT:
            return self._text(major(value, scale))
        places = "." + "0" * scale if scale else ""
        return self._formatted(Decimal(major(value, scale)), f"#,##0{places}")

    def _formatted(self, value: Decimal | date, number_format: str) -> Any:
        cell: Any = WriteOnlyCell(self._sheet)
        cell.value = value
        cell.number_format = number_format
        return cell

    def _text(self, text: str) -> Any:
        return text_cell(self._sheet, text)


def text_cell(sheet: Any, text: str) -> Any:
    """A cell that holds a text whatever it begins with; what the format can't write in it is `UNKNOWN`."""
    cell: Any = WriteOnlyCell(sheet)
    # Not by `value`, which makes a formula of what begins with an equals sign.
    cell._value = ILLEGAL_CHARACTERS_RE.sub(UNKNOWN, text)[:LONGEST_TEXT]  # noqa: SLF001 - the one way that has no formulas
    cell.data_type = "s"
    if is_risky(text):
        cell.quotePrefix = True  # it stays text when somebody edits it
    return cell
