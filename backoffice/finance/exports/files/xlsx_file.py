"""Excel's format, written row by row: texts are texts whatever they begin with, amounts and moments are numbers."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import save_workbook

from backoffice.finance.exports.files.about import About
from backoffice.finance.exports.files.cells import CellValue
from backoffice.finance.exports.files.control_totals import ControlTotals, Head
from ledger.books.sums import Total
from ledger.spreadsheet_text import is_risky

#: What the program takes in one sheet, less the head.
MOST_ROWS: Final = 2**20 - 1
#: Spreadsheet programs reckon with so many digits: an amount with more would be rounded without a word, so it is text.
EXACT_DIGITS: Final = 15
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

    def write(self, row: Sequence[CellValue]) -> None:
        if self._rows_of_sheet == MOST_ROWS:
            self._sheet.close()
            self._sheet = self._new_sheet()
        self._rows_of_sheet += 1
        self._sheet.append(self._cells(row))

    def close(self, about: About, totals: ControlTotals) -> None:
        """With a last sheet: what this is, and the control totals."""
        self._sheet.close()
        self._sheet = sheet = self._book.create_sheet(_("Totals"))
        sheet.column_dimensions["A"].width = sheet.column_dimensions["B"].width = 40
        for label, value in about.lines(totals.rows):
            sheet.append(self._cells([label, value]))
        sheet.append([])
        heads = (_("Column"), _("Control total"), _("Currency"), _("Rows with an amount"))
        sheet.append(self._bold(heads))
        for one in totals.told(self._heads):
            sheet.append(self._cells([one.head, one.total, one.total.code, one.rows]))
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

    def _cells(self, row: Sequence[CellValue]) -> Iterator[Any]:
        """What openpyxl takes: one cell at a time, for it is done with each before it asks for the next."""
        for cell in row:
            match cell:
                case Total():
                    yield self._amount(cell)
                case datetime():
                    yield self._formatted(cell.replace(tzinfo=None), MOMENT)
                case date():
                    yield self._formatted(cell, DAY)
                case str() if cell:
                    yield self._text(cell)
                case str():
                    yield None
                case bool() | int() | None:
                    yield cell

    def _amount(self, amount: Total) -> Any:
        digits = len(str(abs(amount.value)))
        if digits > EXACT_DIGITS:
            return self._text(f"{amount.major:f}")
        places = "." + "0" * amount.scale if amount.scale else ""
        return self._formatted(Decimal(f"{amount.major:f}"), f"#,##0{places}")

    def _formatted(self, value: Decimal | date, number_format: str) -> Any:
        cell: Any = WriteOnlyCell(self._sheet)
        cell.value = value
        cell.number_format = number_format
        return cell

    def _text(self, text: str) -> Any:
        cell: Any = WriteOnlyCell(self._sheet)
        # Not by `value`, which makes a formula of what begins with an equals sign.
        cell._value = ILLEGAL_CHARACTERS_RE.sub(UNKNOWN, text)[:LONGEST_TEXT]  # noqa: SLF001 - the one way that has no formulas
        cell.data_type = "s"
        if is_risky(text):
            cell.quotePrefix = True  # it stays text when somebody edits it
        return cell
