"""Reading a file of rows (CSV): its encoding and its marks are found out, each row is read exactly or told as bad."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from ledger import days
from ledger.books.sums import Total
from ledger.statements import mapping as parts
from ledger.statements.amounts import LARGEST_VALUE
from ledger.statements.lines import ToldRow, content_of
from ledger.statements.mapping import Mapping
from ledger.statements.matching import TheirRow
from ledger.statements.written import UnreadableRowError, amount_of_text, day_of

#: Larger ones are refused: a month of a busy account has a tenth of it.
LARGEST_FILE: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 100_000
MOST_COLUMNS: Final = 100
#: As long as an id that is kept.
LONGEST_CELL: Final = 2000
DELIMITERS: Final = (";", ",", "\t", "|")
SAMPLE_ROWS: Final = 20
SHORTEST_WORD: Final = 3
MOST_WORDS: Final = 40
NOON: Final = timedelta(hours=12)
_WORD: Final = re.compile(r"[^\W_](?:[^\s,;()\"]*[^\W_])?")


class UnreadableFileError(Exception):
    """Nothing of the file can be read.

    `code`: empty, too_large, too_many_rows, no_text, broken_quotes, no_rows, missing_columns.
    """

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code: Final = code
        self.params: Final = params


@dataclass(frozen=True)
class Table:
    """The file as rows of texts. `header` is its first row that has more than one cell."""

    header: list[str]
    rows: list[tuple[int, list[str]]]  # with the number of the line in the file

    @property
    def sample(self) -> list[list[str]]:
        return [row for _number, row in self.rows[:SAMPLE_ROWS]]


@dataclass(frozen=True)
class BadRow:
    """`code` is one of UnreadableRowError."""

    number: int
    code: str
    text: str


@dataclass
class ReadRows:
    """`again`: rows whose id stood in the file before, with the same contents."""

    rows: list[ToldRow] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    again: int = 0


def table_of(content: bytes) -> Table:
    """Raises UnreadableFileError."""
    if len(content) > LARGEST_FILE:
        raise UnreadableFileError("too_large")
    text = _text(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    header: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            cells = [cell.strip()[:LONGEST_CELL] for cell in row[:MOST_COLUMNS]]
            if not header:
                header = cells if sum(map(bool, cells)) > 1 else []
            elif any(cells):
                rows.append((reader.line_num, cells))
            if len(rows) > MOST_ROWS:
                raise UnreadableFileError("too_many_rows")
    except csv.Error as error:
        # One at the beginning of a cell that nobody closes takes the rows below it into the cell.
        raise UnreadableFileError("broken_quotes", line=str(reader.line_num)) from error
    if not header or not rows:
        raise UnreadableFileError("no_rows")
    return Table(_told_apart(header), rows)


def _text(content: bytes) -> str:
    """UTF-8 or UTF-16 where it says so or is it; otherwise the Latin of Windows, in which every byte is a letter."""
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        raise UnreadableFileError("empty")
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encodings = ("utf-16",) if marked else ("utf-8-sig", "cp1252", "latin-1")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise UnreadableFileError("no_text")


def _delimiter(text: str) -> str:
    """The mark that stands most often outside quotes, and as often in each of the first rows that have it."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.splitlines()[:SAMPLE_ROWS] if line.strip()]

    def steadiness(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in lines if mark in line]
        most = max(set(counts), key=counts.count) if counts else 0
        return counts.count(most) if most else 0, most

    return max(DELIMITERS, key=steadiness)


def _told_apart(header: list[str]) -> list[str]:
    """No two columns of one name: the second “Amount” is “Amount 2”; one without a name is called by its place."""
    seen: dict[str, int] = {}
    names = []
    for at, name in enumerate(header, 1):
        called = name or f"#{at}"
        seen[called] = seen.get(called, 0) + 1
        names.append(called if seen[called] == 1 else f"{called} {seen[called]}")
    return names


def read_rows(table: Table, mapping: Mapping, code: str, *, until: date | None = None) -> ReadRows:
    """Every row, exactly; in the currency `code` where no column says another; one of a day after `until` is bad.

    Raises UnreadableFileError.
    """
    if missing := mapping.missing_in(table.header):
        raise UnreadableFileError("missing_columns", names=", ".join(missing))
    places = {part: table.header.index(name) for part, name in mapping.columns.items()}
    found, seen = ReadRows(), dict[str, str]()
    for number, cells in table.rows:
        try:
            named = _cells(cells, places, len(table.header))
            told = _told(named, mapping, code, number)
            if until is not None and told.row.at >= days.begins(until + timedelta(days=1)):
                raise UnreadableRowError("day_to_come", named[parts.DAY])  # noqa: TRY301 - as those of its parts
            known = seen.get(told.row.id) if told.row.id else None
            if known is not None and known != _said(told):
                raise UnreadableRowError("other_row_of_this_id", told.row.id)  # noqa: TRY301 - as those of its parts
        except UnreadableRowError as error:
            found.bad.append(BadRow(number, error.code, error.text[:100]))
            continue
        if known is not None:
            found.again += 1
            continue
        if told.row.id:
            seen[told.row.id] = _said(told)
        found.rows.append(told)
    return found


def _cells(cells: Sequence[str], places: dict[str, int], wanted: int) -> dict[str, str]:
    last = max(places.values())
    if len(cells) <= last and len(cells) < wanted:
        raise UnreadableRowError("too_few_columns", "; ".join(cells))
    return {part: cells[at] for part, at in places.items()}


def _told(cells: dict[str, str], mapping: Mapping, code: str, number: int) -> ToldRow:
    currency = cells.get(parts.CURRENCY, code).upper().strip() if parts.CURRENCY in cells else code
    if not currency or len(currency) > 32:  # noqa: PLR2004 - as wide as the column
        raise UnreadableRowError("no_currency", cells.get(parts.CURRENCY, ""))
    day = day_of(cells[parts.DAY], mapping.days)
    amount = _amount(cells, mapping, currency)
    text = " ".join(filter(None, (cells.get(parts.REFERENCE, ""), cells.get(parts.TEXT, ""))))
    own_id = cells.get(parts.ID, "")
    said = (day.isoformat(), amount.major.normalize(), currency, text)
    return ToldRow(
        TheirRow(
            key=str(number),
            amount=amount,
            at=days.begins(day) + NOON,
            id=own_id,
            references=words_of(f"{text} {own_id}", cells.get(parts.REFERENCE, "")),
            content=content_of("id", own_id) if own_id else content_of(*said),
        ),
        text=text,
        number=number,
    )


def _said(told: ToldRow) -> str:
    row = told.row
    return content_of(row.at.date(), row.amount.major.normalize(), row.amount.code, told.text)


def _amount(cells: dict[str, str], mapping: Mapping, code: str) -> Total:
    """Of one column with its sign, or of two, of which one says something."""
    if parts.AMOUNT in cells:
        amount = amount_of_text(cells[parts.AMOUNT], mapping.decimal, code)
        if amount is None:
            raise UnreadableRowError("no_amount", cells[parts.AMOUNT])
        return amount
    came = amount_of_text(cells.get(parts.MONEY_IN, ""), mapping.decimal, code)
    went = amount_of_text(cells.get(parts.MONEY_OUT, ""), mapping.decimal, code)
    if came is None and went is None:
        raise UnreadableRowError("no_amount", "")
    zero = Total(code, 0, 0)
    out = went or zero
    both = (came or zero) - (out if out.value >= 0 else -out)
    if abs(both.value) > LARGEST_VALUE:
        raise UnreadableRowError("too_large", f"{cells.get(parts.MONEY_IN, '')} {cells.get(parts.MONEY_OUT, '')}")
    return both


def words_of(*texts: str) -> frozenset[str]:
    """What may name something: each text as a whole, and its words, in capitals."""
    whole = {" ".join(text.upper().split()) for text in texts}
    words = [word for text in whole for word in _words(text)][:MOST_WORDS]
    return frozenset(word for word in (*whole, *words) if len(word) >= SHORTEST_WORD)


def _words(text: str) -> Iterator[str]:
    return (found[0] for found in _WORD.finditer(text))
