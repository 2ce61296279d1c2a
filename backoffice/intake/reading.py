"""A file as rows of named cells. What can't be one says why, in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.spreadsheet_text import MARK, is_risky
from ledger.statements.reading import LONGEST_CELL, UnreadableFileError, table_of

#: What one request does in seconds.
MOST_ROWS: Final = 1000
LARGEST_FILE: Final = 1024 * 1024  # bytes
PROBLEMS: Final[Mapping[str, Promise]] = {
    "empty": _("The file is empty."),
    "too_large": _("The file is larger than %(megabytes)s MB. Split it, and import one part after the other."),
    "too_many_rows": _("The file has more than %(rows)s rows. Split it, and import one part after the other."),
    "no_text": _("This is no text with rows (CSV). Save the table as CSV, then upload it."),
    "broken_quotes": _(
        "A quotation mark is opened and not closed, or closed too early (line %(line)s or above it), so rows would be"
        " lost. Correct it in the file, then upload it again."
    ),
    "no_rows": _("There are no rows below the names of the columns. Check that it is the right file."),
    "missing_columns": _("The file has no column “%(names)s”. The example file has them all."),
    "unknown_columns": _("Nothing is known of the column “%(names)s”. Take it out, or name it as in the example file."),
    "repeated_columns": _("The column “%(names)s” stands there twice. Take one of them out."),
}


class IntakeFileError(Exception):
    """Nothing of the file can be imported; its text says why."""

    def __init__(self, code: str, **params: str) -> None:
        told = {"megabytes": LARGEST_FILE // 2**20, "rows": f"{MOST_ROWS:,}", **params}
        super().__init__(str(PROBLEMS[code]) % told)


@dataclass(frozen=True)
class FileRow:
    """`line` is where it stands in the file; `cells` has what is not empty, by the name of its column."""

    line: int
    cells: dict[str, str]
    #: More cells than there are columns: a comma too many, and all behind it stands in the wrong place.
    is_crooked: bool = False


def rows_of(content: bytes, known: Mapping[str, bool]) -> list[FileRow]:
    """The rows below `known` columns, of which those that are true must be there. Raises IntakeFileError."""
    if len(content) > LARGEST_FILE:
        raise IntakeFileError("too_large")
    try:
        table = table_of(content)
    except UnreadableFileError as error:
        raise IntakeFileError(error.code, **error.params) from error
    if len(table.rows) > MOST_ROWS:
        raise IntakeFileError("too_many_rows")
    header = [re.sub(r"[\s-]+", "_", name.strip().lower()) for name in table.header]
    _check(header, known)
    return [_row(line, cells, header) for line, cells in table.rows]


def _check(header: list[str], known: Mapping[str, bool]) -> None:
    twins = sorted({name for name in known if f"{name}_2" in header})
    for code, names in (
        ("repeated_columns", twins),
        ("missing_columns", [name for name, needed in known.items() if needed and name not in header]),
        ("unknown_columns", [name for name in header if name not in known and not name.startswith("#")]),
    ):
        if names:
            raise IntakeFileError(code, names="”, “".join(names))


def _row(line: int, cells: list[str], header: list[str]) -> FileRow:
    told = {name: _text(cell) for name, cell in zip(header, cells, strict=False) if cell and not name.startswith("#")}
    extra = [cell for at, cell in enumerate(cells) if cell and (at >= len(header) or header[at].startswith("#"))]
    return FileRow(line, told, is_crooked=bool(extra))


def _text(cell: str) -> str:
    """As it was before an export of ours, or of somebody careful, kept it from being run as a formula."""
    return cell[len(MARK) :] if cell.startswith(MARK) and is_risky(cell[len(MARK) :]) else cell


def is_cut(cell: str) -> bool:
    """So long that there may have been more of it."""
    return len(cell) >= LONGEST_CELL
