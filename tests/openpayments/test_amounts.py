import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.openpayments.amounts import LARGEST_VALUE, Amount, AmountError, Asset, total

USD = Asset("USD", 2)
JPY = Asset("JPY", 0)

values = st.integers(0, LARGEST_VALUE)
assets = st.builds(Asset, st.sampled_from(["USD", "MXN", "JPY", "XRP"]), st.integers(0, 255))
amounts = st.builds(Amount, values, assets)


@given(amounts)
def test_an_amount_survives_the_wire(amount: Amount) -> None:
    assert Amount.from_wire(amount.to_wire()) == amount


@given(amounts)
def test_an_amount_survives_major_units_as_number_and_as_text(amount: Amount) -> None:
    major = amount.to_major()
    assert Amount.from_major(major, amount.asset) == amount
    assert Amount.from_major(f"{major:f}", amount.asset) == amount


@given(amounts, st.integers(0, 255))
def test_rescaling_is_exact_or_refused(amount: Amount, scale: int) -> None:
    with contextlib.suppress(AmountError):
        rescaled = amount.rescaled(scale)
        assert rescaled.to_major() == amount.to_major()
        assert rescaled.rescaled(amount.asset.scale) == amount


def test_rescaling_says_why_it_is_refused() -> None:
    with pytest.raises(AmountError) as too_precise:
        Amount(105, USD).rescaled(1)
    with pytest.raises(AmountError) as too_large:
        Amount(LARGEST_VALUE, USD).rescaled(3)
    assert (too_precise.value.code, too_large.value.code) == ("too_precise", "too_large")


@given(values, values)
def test_adding_is_exact_or_refused(one: int, other: int) -> None:
    if one + other > LARGEST_VALUE:
        with pytest.raises(AmountError, match="at most"):
            Amount(one, USD) + Amount(other, USD)
    else:
        added = Amount(one, USD) + Amount(other, USD)
        assert added.value == one + other
        assert added - Amount(other, USD) == Amount(one, USD)


def test_one_hundred_dollars_are_ten_thousand_cents() -> None:
    assert Amount.from_major("100.00", USD) == Amount(10_000, USD)
    assert Amount.from_major("100", USD) == Amount(10_000, USD)
    assert Amount.from_major(Decimal("1E+2"), USD) == Amount(10_000, USD)
    assert str(Amount(10_000, USD).to_major()) == "100.00"
    assert str(Amount(5, USD).to_major()) == "0.05"
    assert Amount(7, JPY).to_major() == Decimal(7)


@pytest.mark.parametrize(
    "written",
    ["", " ", "abc", "1,5", "1e5", "1_000", ".5", "5.", "+5", " 5", "\u0665", "0x10", "NaN", "--1", "1.2.3", "9" * 600],
)
def test_what_is_not_plainly_a_number_is_refused(written: str) -> None:
    with pytest.raises(AmountError) as caught:
        Amount.from_major(written, USD)
    assert caught.value.code == "not_a_number"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("-1", "negative"),
        ("0.001", "too_precise"),
        ("92233720368547758.08", "too_large"),
        ("1" + "0" * 400, "too_large"),
        (Decimal("1E+999999"), "too_large"),
        (Decimal("1E-999999"), "too_precise"),
        (Decimal("Infinity"), "not_a_number"),
        (Decimal("sNaN"), "not_a_number"),
    ],
)
def test_what_cannot_be_held_exactly_is_refused_with_its_reason(written: str | Decimal, code: str) -> None:
    with pytest.raises(AmountError) as caught:
        Amount.from_major(written, USD)
    assert caught.value.code == code


def test_the_largest_amount_is_two_to_the_63_minus_one() -> None:
    assert Amount.from_major("92233720368547758.07", USD).value == LARGEST_VALUE
    with pytest.raises(AmountError, match="at most"):
        Amount(LARGEST_VALUE + 1, USD)


@pytest.mark.parametrize(
    "wire",
    [
        None,
        "100",
        {},
        {"value": 100, "assetCode": "USD", "assetScale": 2},
        {"value": "100", "assetCode": "USD", "assetScale": "2"},
        {"value": "100", "assetCode": "USD", "assetScale": True},
        {"value": "100", "assetCode": "USD", "assetScale": 2.0},
        {"value": "100", "assetCode": "USD", "assetScale": 256},
        {"value": "100", "assetCode": "USD", "assetScale": -1},
        {"value": "100", "assetCode": "", "assetScale": 2},
        {"value": "100", "assetCode": "U\x00D", "assetScale": 2},
        {"value": "100", "assetScale": 2},
        {"value": "-1", "assetCode": "USD", "assetScale": 2},
        {"value": "1.0", "assetCode": "USD", "assetScale": 2},
        {"value": " 1", "assetCode": "USD", "assetScale": 2},
        {"value": "\u0661", "assetCode": "USD", "assetScale": 2},
        {"value": "18446744073709551615", "assetCode": "USD", "assetScale": 2},
        {"value": "9" * 5000, "assetCode": "USD", "assetScale": 2},
    ],
)
def test_a_wallet_amount_of_another_form_is_refused(wire: object) -> None:
    with pytest.raises(AmountError):
        Amount.from_wire(wire)


def test_amounts_of_different_assets_do_not_mix() -> None:
    for other in (Amount(1, JPY), Amount(1, Asset("USD", 3)), Amount(1, Asset("EUR", 2))):
        with pytest.raises(AmountError) as caught:
            Amount(1, USD) + other
        assert caught.value.code == "other_asset"
        with pytest.raises(AmountError):
            assert Amount(1, USD) < other
        assert Amount(1, USD) != other


def test_amounts_of_one_asset_compare_and_add_up() -> None:
    assert Amount(1, USD) < Amount(2, USD) <= Amount(2, USD)
    assert Amount(2, USD) > Amount(1, USD) >= Amount(1, USD)
    assert total([Amount(1, USD), Amount(2, USD)], USD) == Amount(3, USD)
    assert total([], USD).is_zero
    with pytest.raises(AmountError) as caught:
        Amount(1, USD) - Amount(2, USD)
    assert caught.value.code == "negative"


def test_floats_and_flags_are_no_amounts() -> None:
    for value in (1.0, True, "1", None):
        with pytest.raises(AmountError):
            Amount(value, USD)  # type: ignore[arg-type]  # what mypy forbids must also fail when it runs
