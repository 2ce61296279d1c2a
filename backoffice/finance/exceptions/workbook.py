"""The queue as a workbook: downloaded, its columns “Action” and “Why” filled in, and read again."""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import IO, Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.writer.excel import save_workbook

from backoffice.finance.exceptions.bulk import Wanted, seen_of
from backoffice.finance.exceptions.words import names_of
from backoffice.finance.exports.files.xlsx_file import EXACT, text_cell
from ledger import days
from ledger.books.sums import Total
from ledger.models import StatementException
from ledger.statements.amounts import expected_by, found_by
from ledger.statements.kinds import RESOLUTIONS, DifferenceType, Resolution

#: Rows that one workbook may have.
MOST_ROWS: Final = 5000
LARGEST_FILE: Final = 5 * 1024 * 1024
#: What it may come to once it is unpacked: a small file can hold a very large one.
LARGEST_UNPACKED: Final = 25 * 1024 * 1024
#: Far more than ours have: what a workbook says of its size is not to be believed.
MOST_COLUMNS: Final = 50
NUMBER, SEEN, ACTION, WHY = "number", "seen", "action", "why"
HEADERS: Final[tuple[tuple[str, Promise, int], ...]] = (
    (NUMBER, gettext_lazy("No."), 8),
    ("type", gettext_lazy("What is wrong"), 24),
    ("expected", gettext_lazy("We say"), 16),
    ("expected_code", gettext_lazy("Currency (we)"), 10),
    ("found", gettext_lazy("They say"), 16),
    ("found_code", gettext_lazy("Currency (they)"), 10),
    ("payment", gettext_lazy("Payment"), 30),
    ("text", gettext_lazy("Their text"), 40),
    ("source", gettext_lazy("Source"), 30),
    ("day", gettext_lazy("Date"), 12),
    ("first_seen", gettext_lazy("First seen"), 12),
    ("assigned", gettext_lazy("Taken care of by"), 20),
    ("offered", gettext_lazy("Possible actions"), 40),
    (ACTION, gettext_lazy("Action"), 20),
    (WHY, gettext_lazy("Why"), 50),
    (SEEN, gettext_lazy("Leave as it is"), 20),
)


class UnreadableWorkbookError(Exception):
    """It is not one of ours. The text is a sentence for whoever uploaded it."""


def written(rows: Iterable[StatementException]) -> bytes:
    """As many rows as one may have, the first of `rows`; in the reader's language."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Exceptions"))
    sheet.freeze_panes = "B2"
    for at, (_code, _label, width) in enumerate(HEADERS, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.append([_bold(sheet, str(label)) for _code, label, _width in HEADERS])
    found = list(rows)
    names = names_of(row.assigned_to for row in found)
    for row in found:
        sheet.append([_cell(sheet, value) for value in _values(row, names)])
    _offer_actions(book, sheet)
    saved = BytesIO()
    save_workbook(book, saved)
    return saved.getvalue()


def _values(row: StatementException, names: dict[int, str]) -> list[Any]:
    expected, found = expected_by(row), found_by(row)
    return [
        row.pk,
        str(row.type_label),
        _number(expected),
        expected.code if expected else "",
        _number(found),
        found.code if found else "",
        row.subject,
        row.line.text if row.line else "",
        row.source.name,
        row.at.astimezone(days.zone()).date(),
        row.first_seen.astimezone(days.zone()).date(),
        names.get(row.assigned_to or 0, ""),
        ", ".join(each.value for each in RESOLUTIONS[DifferenceType(row.type)]),
        "",
        "",
        seen_of(row),
    ]


def _number(total: Total | None) -> Any:
    """An amount with more digits than a spreadsheet reckons with is a text: it would be rounded without a word."""
    if total is None:
        return ""
    return total.major if abs(total.value) < EXACT else f"{total.major:f}"


def _cell(sheet: Any, value: Any) -> Any:
    """A text stays one, whatever it begins with and whatever is in it."""
    return text_cell(sheet, value) if isinstance(value, str) else WriteOnlyCell(sheet, value=value)


def _bold(sheet: Any, label: str) -> Any:
    cell = _cell(sheet, label)
    cell.font = Font(bold=True)
    return cell


def _offer_actions(book: Workbook, sheet: Any) -> None:
    """A second sheet says what each action means, and the first lets people choose among them."""
    offered = [each for each in Resolution if any(each in some for some in RESOLUTIONS.values())]
    meaning = book.create_sheet(_("Actions"))
    meaning.column_dimensions["B"].width = 40
    for each in offered:
        meaning.append([each.value, str(each.label)])
    letter = get_column_letter([code for code, _label, _width in HEADERS].index(ACTION) + 1)
    rule = DataValidation(type="list", formula1=f"'{meaning.title}'!$A$1:$A${len(offered)}", allow_blank=True)
    rule.add(f"{letter}2:{letter}{MOST_ROWS + 1}")
    sheet.data_validations.append(rule)


def read(file: IO[bytes], size: int) -> list[Wanted]:
    """The rows in which an action was written. Raises UnreadableWorkbookError."""
    if size > LARGEST_FILE or _unpacked_size(file) > LARGEST_UNPACKED:
        raise UnreadableWorkbookError(_("The file is too large. Upload the list as it was downloaded."))
    try:
        book = load_workbook(file, read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True, max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS)
        return list(_wanted(rows))
    except UnreadableWorkbookError:
        raise
    # Whatever the library stumbles over in a file that somebody made by hand: of its many errors none is ours.
    except Exception as error:
        raise UnreadableWorkbookError(_("This is no workbook (XLSX). Upload the list as it was downloaded.")) from error


def _unpacked_size(file: IO[bytes]) -> int:
    try:
        with zipfile.ZipFile(file) as packed:
            return sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableWorkbookError(_("This is no workbook (XLSX). Upload the list as it was downloaded.")) from error
    finally:
        file.seek(0)


def _wanted(rows: Iterator[Sequence[Any]]) -> Iterator[Wanted]:
    places = _places(next(rows, ()))
    for row in rows:
        values = {code: row[at] if at < len(row) else None for code, at in places.items()}
        action = str(values[ACTION] or "").strip()
        if action:
            number = str(values[NUMBER] or "")
            known = number.isdecimal() and len(number) <= 18  # noqa: PLR2004 - digits that every database takes
            yield Wanted(
                int(number) if known else 0, str(values[SEEN] or ""), _resolution(action), str(values[WHY] or "")
            )


def _places(header: Sequence[Any]) -> dict[str, int]:
    """Where the columns are that are read, whatever language they are named in."""
    found: dict[str, int] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            labels = {str(label): code for code, label, _width in HEADERS}
        for at, cell in enumerate(header):
            if (code := labels.get(str(cell or "").strip())) is not None:
                found.setdefault(code, at)
    for code, label, _width in HEADERS:
        if code in {NUMBER, SEEN, ACTION, WHY} and code not in found:
            raise UnreadableWorkbookError(_("The column “%(name)s” is missing.") % {"name": label})
    return found


def _resolution(written: str) -> str:
    """The code of an action, which may be written as it is called in one of our languages."""
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for each in Resolution:
                if written.lower() in {each.value, str(each.label).lower()}:
                    return each.value
    return written
