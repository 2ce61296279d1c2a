"""Files of statements: each way in which banks write them is read exactly; what is not one thing is told as bad."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import days
from ledger.statements.mapping import Mapping, guess
from ledger.statements.reading import LARGEST_FILE, ReadRows, UnreadableFileError, read_rows, table_of
from ledger.statements.written import DayOrder, DecimalMark, UnreadableRowError, amount_of_text, day_of


def read(content: bytes, code: str = "MXN") -> ReadRows:
    table = table_of(content)
    return read_rows(table, guess(table.header, table.sample), code)


def told(found: ReadRows) -> list[tuple[date, str, str]]:
    rows = (each.row for each in found.rows)
    return [(row.at.astimezone(days.zone()).date(), f"{row.amount.major} {row.amount.code}", row.id) for row in rows]


SPANISH = (
    "Fecha;Concepto;Referencia;Cargo;Abono\r\n"
    '31/12/2026;"Pago; a ""María""";PO-7;1.234,50;-\r\n'
    "01/01/2027;Depósito;;-;12,00\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_a_bank_s_file_is_read_whatever_its_encoding(encoding: str) -> None:
    found = read(SPANISH.encode(encoding))
    assert told(found) == [(date(2026, 12, 31), "-1234.50 MXN", ""), (date(2027, 1, 1), "12.00 MXN", "")]
    assert found.bad == []
    assert found.rows[0].text == 'PO-7 Pago; a "María"'
    assert {"PO-7", "MARÍA"} <= found.rows[0].row.references


def test_days_are_read_in_three_ways_and_never_guessed_in_the_middle_of_a_file() -> None:
    for order, text in (("ymd", "2026-12-31"), ("dmy", "31.12.2026"), ("mdy", "12/31/26"), ("dmy", "20261231")):
        assert day_of(text, DayOrder(order)) == date(2026, 12, 31)
    assert day_of("2026-12-31T23:59:59Z", DayOrder.DAY_FIRST) == date(2026, 12, 31)
    for order, text in (("dmy", "12/31/2026"), ("mdy", "31/12/2026"), ("ymd", "31/12/2026"), ("ymd", "2026-02-30")):
        with pytest.raises(UnreadableRowError):
            day_of(text, DayOrder(order))
    found = read(b"Date,Amount\n31/12/2026,1.00\n2026-12-30,2.00\n12/29/2026,3.00\n")
    assert [(row.number, row.code) for row in found.bad] == [(4, "unreadable_day")]


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [
        ("1.234,50", ",", "1234.50"),
        ("1,234.50", ".", "1234.50"),
        ("1 234,5", ",", "1234.5"),
        ("1'234.50", ".", "1234.50"),
        ("(1,234.50)", ".", "-1234.50"),
        ("1.234,50-", ",", "-1234.50"),
        ("\N{MINUS SIGN}7", ".", "-7"),
        ("$12.00", ".", "12.00"),
        ("MXN 12.00", ".", "12.00"),
        ("0,00", ",", "0.00"),
        ("-", ",", None),
        ("  ", ".", None),
    ],
)
def test_an_amount_is_read_exactly_as_it_is_written(text: str, mark: str, amount: str | None) -> None:
    found = amount_of_text(text, DecimalMark(mark), "MXN")
    assert (found and str(found.major)) == amount


@pytest.mark.parametrize("text", ["1.234,50", "12,34", "1,2345", "1.2.3", "abc", "1e5", "NaN", "--1", "٣", "9" * 19])
def test_what_is_not_one_number_is_refused(text: str) -> None:
    with pytest.raises(UnreadableRowError):
        amount_of_text(text, DecimalMark.POINT, "MXN")


@given(st.integers(-(10**15), 10**15), st.integers(0, 4), st.sampled_from(list(DecimalMark)))
def test_every_amount_that_is_written_comes_back(value: int, scale: int, mark: DecimalMark) -> None:
    digits = str(abs(value)).rjust(scale + 1, "0")
    whole, fraction = (digits[:-scale], digits[-scale:]) if scale else (digits, "")
    grouped = f"{int(whole):,}".replace(",", "." if mark == DecimalMark.COMMA else ",")
    text = ("-" if value < 0 else "") + grouped + (f"{mark.value}{fraction}" if fraction else "")
    found = amount_of_text(text, mark, "USD")
    assert found is not None
    assert (found.value, found.scale) == (value, scale)


def test_what_fits_no_column_or_no_calendar_is_a_bad_row() -> None:
    most = "9" * 18
    rows = (f"2026-10-01,{most},0.5", "9999-12-31,1,-", "0001-01-01,1,-", "2026-10-02,1,-")
    found = read("\n".join(("Date,Credit,Debit", *rows)).encode())
    assert [(bad.number, bad.code) for bad in found.bad] == [
        (2, "too_large"),
        (3, "unreadable_day"),
        (4, "unreadable_day"),
    ]
    assert len(found.rows) == 1


def test_bad_rows_are_told_one_by_one_and_an_id_with_two_contents_is_one() -> None:
    content = (
        b"id,date,amount,currency\n"
        b"a,2026-12-01,1.00,USD\n"
        b"a,2026-12-01,1.00,USD\n"  # an hour of rows twice
        b"a,2026-12-01,2.00,USD\n"
        b"b,,1.00,USD\n"
        b"c,2026-12-01,,USD\n"
        b"d,2026-12-01,1x,USD\n"
        b"e,2026-12-01\n"
        b"f,2026-12-01,5,\n"
    )
    found = read(content)
    assert [each.row.id for each in found.rows] == ["a"]
    assert found.again == 1
    assert [(row.number, row.code) for row in found.bad] == [
        (4, "other_row_of_this_id"),
        (5, "no_day"),
        (6, "no_amount"),
        (7, "unreadable_amount"),
        (8, "too_few_columns"),
        (9, "no_currency"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"Date,Amount\n", "no_rows"),
        (b"\x00\x01\x02,\x03\n1,2", "no_text"),
        (b"x" * (LARGEST_FILE + 1), "too_large"),
        (b"Date,Amount\n" + b"2026-12-01,1\n" * 100_001, "too_many_rows"),
    ],
    ids=["empty", "BOM", "header", "binary", "large", "many"],
)
def test_a_file_that_is_no_statement_is_refused_whole(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read(content)
    assert refused.value.code == code


def test_a_column_that_is_missing_is_named() -> None:
    table = table_of(b"Date,Amount\n2026-12-01,1\n")
    with pytest.raises(UnreadableFileError) as refused:
        read_rows(table, Mapping({"day": "Date", "amount": "Importe"}), "USD")
    assert (refused.value.code, refused.value.params) == ("missing_columns", {"names": "Importe"})


@given(st.binary(max_size=300))
def test_whatever_the_bytes_they_are_read_or_refused(content: bytes) -> None:
    try:
        table = table_of(content)
        mapping = guess(table.header, table.sample)
        if mapping.is_enough:
            read_rows(table, mapping, "USD")
    except UnreadableFileError:
        pass


@pytest.mark.parametrize(
    "rows",
    [
        b'2026-12-30,"Pago,1.00\n2026-12-30,x,2.00\n2026-12-30,y,3.00\n',
        b'2026-12-30,"Pago,1.00\n2026-12-30,x,2.00\n2026-12-30,Pago "Luz",3.00\n',
    ],
)
def test_a_quote_that_nobody_closes_takes_no_rows_with_it(rows: bytes) -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read(b"Date,Description,Amount\n" + rows)
    assert refused.value.code == "broken_quotes"
    found = read(b'Date,Description,Amount\n2026-12-30,Pago "Luz",1.00\n2026-12-30,"a ""b"" c",2.00\n')
    assert [row.text for row in found.rows] == ['Pago "Luz"', 'a "b" c']


def test_a_day_after_the_last_one_that_can_be_is_told_as_bad() -> None:
    table = table_of(b"Date,Amount\n2026-11-03,1.00\n2126-11-03,2.00\n2026-11-04,-\n2026-11-04,3.00\n")
    found = read_rows(table, guess(table.header, table.sample), "MXN", until=date(2026, 11, 3))
    assert [(row.number, row.code, row.text) for row in found.bad] == [
        (3, "day_to_come", "2126-11-03"),
        (4, "no_amount", "-"),
        (5, "day_to_come", "2026-11-04"),
    ]
    assert len(found.rows) == 1
