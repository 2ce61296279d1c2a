"""Budgets as people write them."""

import pytest

from jobs import parse_amounts
from jobs.reasons import JobRefusal


@pytest.mark.parametrize(
    ("text", "code", "minor_units"),
    [
        ("100", "USD", 100_00),
        ("100.00", "USD", 100_00),
        (" 1250.5 ", "MXN", 1250_50),
        ("5000", "JPY", 5000),
        # As it is shown, and copied from there.
        ("1,250.50", "MXN", 1250_50),
        ("1,250.50\xa0MXN", "MXN", 1250_50),
        ("1,234,567", "JPY", 1234567),
        ("1,250.500", "KWD", 1250_500),
        ("1.234", "KWD", 1234),
        ("92233720368547758.07", "EUR", 2**63 - 1),
    ],
)
def test_a_budget_is_exact(text: str, code: str, minor_units: int) -> None:
    assert parse_amounts.read(text, code).value == minor_units
    assert parse_amounts.read(parse_amounts.write(parse_amounts.read(text, code)), code).value == minor_units


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("1,25", "MXN", "“1,25” is not an amount. Write it like 1250.00."),
        ("1.250,00", "MXN", "“1.250,00” is not an amount. Write it like 1250.00."),
        ("12,50.00", "MXN", "“12,50.00” is not an amount. Write it like 1250.00."),
        ("1,250", "KWD", "“1,250” is not an amount. Write it like 1250.00."),
        ("1,250.50 USD", "MXN", "“1,250.50 USD” is not an amount. Write it like 1250.00."),
        ("-5", "MXN", "“-5” is not an amount. Write it like 1250.00."),
        ("1e3", "MXN", "“1e3” is not an amount. Write it like 1250.00."),
        ("٣", "MXN", "“٣” is not an amount. Write it like 1250.00."),
        ("NaN", "MXN", "“NaN” is not an amount. Write it like 1250.00."),
        ("0.00", "MXN", "The budget must be more than zero."),
        ("10.005", "USD", "USD is counted with 2 decimals: “10.005” cannot be paid exactly."),
        ("10.5", "JPY", "JPY is counted with 0 decimals: “10.5” cannot be paid exactly."),
        ("92233720368547758.08", "EUR", "“92233720368547758.08” is more than can be counted."),
        ("10", "DEM", "“DEM” is not a currency in use. Choose one from the list."),
        ("10", "XYZ", "“XYZ” is not a currency in use. Choose one from the list."),
    ],
)
def test_what_is_not_exact_is_refused_with_a_sentence(text: str, code: str, sentence: str) -> None:
    with pytest.raises(JobRefusal) as caught:
        parse_amounts.read(text, code)
    assert str(caught.value) == sentence


def test_the_marketplace_s_own_currencies_come_first_in_the_reader_s_language() -> None:
    assert [code for code, _name in parse_amounts.choices("es")][:4] == ["MXN", "USD", "EUR", "JPY"]
    assert parse_amounts.choices("es")[0] == ("MXN", "MXN · peso mexicano")
    assert parse_amounts.choices("en")[0] == ("MXN", "MXN · Mexican Peso")
