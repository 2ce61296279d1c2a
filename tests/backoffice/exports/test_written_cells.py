"""What is written of many rows at once is what each cell says, to the last character."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from backoffice.finance.exports.columns import MomentColumn
from backoffice.finance.exports.files import xlsx_file
from backoffice.finance.exports.files.about import About
from backoffice.finance.exports.files.cells import AmountCells, DayCells, MomentCells, RowBlock, TextCells, major
from backoffice.finance.exports.files.control_totals import ControlTotals, Head
from backoffice.finance.exports.files.csv_file import CsvFile
from backoffice.finance.exports.files.xlsx_file import XlsxFile
from ledger.books.sums import Total
from ledger.spreadsheet_text import neutral

HEADS = [Head(name, name.title()) for name in ("text", "number", "amount", "moment", "day")]
ABOUT = About("01", "Payments", "Luis", datetime(2026, 11, 22, tzinfo=UTC))
#: What formulas, quotes, separators and other scripts are made of; and whole texts, which repeat.
TEXTS = st.one_of(
    st.none(),
    st.sampled_from(["Maria Lopez", "01M7ZABC", "=1+1", ""]),
    st.text("=+-@;,\t\r\n\"' aé<&>\uff1d\U0001f600]"),
)
UNITS = st.sampled_from([("MXN", 2), ("JPY", 0), ("XAU", 9), ("MXN", 4), ("", None)])
MOMENTS = st.integers(631_152_000, 2_840_140_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ROWS = st.lists(
    st.tuples(
        TEXTS,
        st.none() | st.integers(-5, 10**6),
        st.none() | st.integers(-(2**63), 2**63),
        UNITS,
        st.none() | MOMENTS.map(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}"),
        st.none() | st.dates(date(1990, 1, 1), date(2060, 1, 1)),
    ),
    max_size=12,
)
Row = tuple[str | None, int | None, int | None, tuple[str, int | None], str | None, date | None]


def block(rows: list[Row]) -> RowBlock:
    texts, numbers, values, units, moments, its_days = [[row[place] for row in rows] for place in range(6)]
    codes: Any = [unit[0] for unit in units]  # type: ignore[index]  # told apart by their places
    scales: Any = [unit[1] for unit in units]  # type: ignore[index]  # as above
    told: Any = (texts, numbers, values, moments, its_days)
    amounts = AmountCells(told[2], codes, scales)
    return RowBlock(
        len(rows), [TextCells(told[0]), TextCells(told[1]), amounts, MomentCells(told[3]), DayCells(told[4])]
    )


def amount_of(row: Row) -> Total | None:
    value, (code, scale) = row[2], row[3]
    return Total(code, scale, value) if value is not None and code and scale is not None else None


def line_of(row: Row) -> list[str]:
    """Each cell on its own."""
    text, number, _value, _unit, moment, day = row
    amount = amount_of(row)
    quoted = "" if text is None else '"' + neutral(text).replace('"', '""') + '"'
    told = "" if amount is None else f"{amount.major:f}"
    return [quoted, "" if number is None else str(number), told, moment or "", f"{day}" if day else ""]


@given(ROWS, ROWS)
def test_a_csv_file_has_each_cell_as_it_is_told_alone(first: list[Row], second: list[Row]) -> None:
    file, totals = io.BytesIO(), ControlTotals()
    written = CsvFile(file, HEADS)
    for rows in (first, second):
        written.write(block(rows))
        totals.add(block(rows))
    lines = [",".join(line_of(row)) for row in first + second]
    heads = ",".join(f'"{head.words}"' for head in HEADS)
    assert file.getvalue().decode("utf-8-sig") == "".join(f"{line}\r\n" for line in [heads, *lines])
    amounts = [amount for row in first + second if (amount := amount_of(row))]
    assert totals.rows == len(first + second)
    told = {one.total.code: (one.total.major, one.rows) for one in totals.told(HEADS)}
    assert told == {
        code: (sum((one.major for one in its), Decimal()), len(its))
        for code in {one.code for one in amounts}
        if (its := [one for one in amounts if one.code == code])
    }
    written.close(ABOUT, totals)
    assert file.getvalue().decode("utf-8-sig").count("\r\n\r\n") >= 1


@given(st.integers(-(2**70), 2**70), st.integers(0, 255))
def test_an_amount_is_written_with_every_digit(value: int, scale: int) -> None:
    assert major(value, scale) == f"{Total('MXN', scale, value).major:f}"


@given(ROWS)
def test_another_program_reads_from_a_workbook_what_was_written(rows: list[Row]) -> None:
    file, totals = io.BytesIO(), ControlTotals()
    written = XlsxFile(file, HEADS)
    written.write(block(rows))
    totals.add(block(rows))
    written.close(ABOUT, totals)
    found, last = load_workbook(io.BytesIO(file.getvalue())).worksheets
    (heads, *lines) = found.iter_rows(values_only=True, max_col=5)
    assert heads == tuple(head.words for head in HEADS)
    # What is empty at the end is no row to whoever reads.
    lines += [(None,) * 5] * (len(rows) - len(lines))
    for row, (text, number, amount, moment, day) in zip(rows, lines, strict=True):
        # XML has one way to end a line.
        assert (text or "") == (row[0] or "").replace("\r\n", "\n").replace("\r", "\n")
        assert number == row[1]
        told = amount_of(row)
        assert told is None or abs(told.value) < 10**15 or amount == f"{told.major:f}", "it would be rounded"
        assert amount is None if told is None else float(amount) == float(told.major)  # type: ignore[arg-type]
        assert moment == (row[4] and datetime.fromisoformat(row[4]))
        assert day == (row[5] and datetime.combine(row[5], datetime.min.time()))
    assert last["A1"].value == "List"


def test_rows_go_on_in_the_next_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "MOST_ROWS", 4)
    file = io.BytesIO()
    written = XlsxFile(file, HEADS)
    for first in (0, 5):
        written.write(RowBlock(5, [TextCells([f"row {number}" for number in range(first, first + 5)])]))
    written.close(ABOUT, ControlTotals(10))
    *sheets, _totals = load_workbook(io.BytesIO(file.getvalue())).worksheets
    told = [[row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] for sheet in sheets]
    assert [len(rows) for rows in told] == [4, 4, 2]
    assert [text for rows in told for text in rows] == [f"row {number}" for number in range(10)]
    assert [sheet.title for sheet in sheets] == ["Rows", "Rows 2", "Rows 3"]
    assert {sheet.freeze_panes for sheet in sheets} == {"A2"}


@given(
    st.lists(MOMENTS.map(lambda moment: moment.replace(microsecond=0)), max_size=30),
    st.sampled_from(
        ["America/Mexico_City", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Europe/Madrid"]
    ),
)
def test_a_moment_is_written_as_its_zone_has_it(moments: list[datetime], name: str) -> None:
    texts = [f"{moment:%Y-%m-%d %H:%M:%S}" for moment in moments]
    (found,) = [MomentColumn("Sent", "sent_at", lambda: ZoneInfo(name)).cells([*texts, None])]
    assert isinstance(found, MomentCells)
    here = [moment.astimezone(ZoneInfo(name)) for moment in moments]
    assert list(found.texts) == [*(f"{moment:%Y-%m-%d %H:%M:%S}" for moment in here), None]


def test_lines_after_the_rows_are_read_as_csv() -> None:
    file, totals = io.BytesIO(), ControlTotals()
    written = CsvFile(file, HEADS)
    rows: list[Row] = [("a", 1, -125, ("MXN", 2), None, None)]
    written.write(block(rows))
    totals.add(block(rows))
    written.close(ABOUT, totals)
    lines = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline="")))
    assert lines[1:3] == [["a", "1", "-1.25", "", ""], []]
    assert lines[-1] == ["#", "Total: Amount", "-1.25", "MXN"]
