"""Amounts of money as Open Payments knows them: whole minor units of an asset with a code and a scale.

An amount of 1250 in USD with scale 2 is 12.50 dollars. Nothing here rounds: what cannot be held exactly is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import Final, Literal

from payments.openpayments.textrules import is_clean_text

LARGEST_VALUE: Final = 2**63 - 1  # what the database can hold; the wire allows uint64
LARGEST_SCALE: Final = 255
LONGEST_ASSET_CODE: Final = 32
LONGEST_WRITTEN_AMOUNT: Final = 512
_DIGITS_OF_LARGEST_VALUE: Final = len(str(LARGEST_VALUE))

_PLAIN_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")

# Wide enough for the largest value at the largest scale, so that no arithmetic below can lose a digit.
_EXACT = Context(prec=600, Emax=10_000, Emin=-10_000, traps=[InvalidOperation])

AmountCode = Literal["not_a_number", "negative", "too_large", "too_precise", "other_asset", "bad_asset"]


class AmountError(ValueError):
    """An amount that cannot be held or combined exactly. `code` says why, for whoever words the sentence."""

    def __init__(self, code: AmountCode, detail: str) -> None:
        super().__init__(detail)
        self.code: Final = code


@dataclass(frozen=True, slots=True)
class Asset:
    """What is counted. `scale` is the number of decimal places of one minor unit, 0 to 255."""

    code: str
    scale: int

    def __post_init__(self) -> None:
        if type(self.code) is not str or not 0 < len(self.code) <= LONGEST_ASSET_CODE or not is_clean_text(self.code):
            raise AmountError("bad_asset", "an asset code is a short text")
        if type(self.scale) is not int or not 0 <= self.scale <= LARGEST_SCALE:
            raise AmountError("bad_asset", f"an asset scale is a whole number from 0 to {LARGEST_SCALE}")


@dataclass(frozen=True, slots=True)
class Amount:
    """`value` minor units (0 to 2**63 - 1) of `asset`. Adding, subtracting and comparing need the same asset."""

    value: int
    asset: Asset

    def __post_init__(self) -> None:
        if type(self.value) is not int:
            raise AmountError("not_a_number", "an amount is a whole number of minor units")
        if self.value < 0:
            raise AmountError("negative", "an amount is not negative")
        if self.value > LARGEST_VALUE:
            raise AmountError("too_large", f"an amount is at most {LARGEST_VALUE} minor units")

    @classmethod
    def from_wire(cls, wire: object) -> Amount:
        """Reads the `amount` schema: a text of digits, an asset code, a scale. Raises AmountError."""
        if not isinstance(wire, dict):
            raise AmountError("not_a_number", "an amount is an object with value, assetCode and assetScale")
        digits, code, scale = wire.get("value"), wire.get("assetCode"), wire.get("assetScale")
        if not isinstance(digits, str) or not digits.isascii() or not digits.isdigit():
            raise AmountError("not_a_number", "the value of an amount is a text of digits")
        if len(digits) > LONGEST_WRITTEN_AMOUNT:
            raise AmountError("too_large", "the value of an amount has too many digits")
        if not isinstance(code, str) or type(scale) is not int:
            raise AmountError("bad_asset", "an amount names its assetCode (text) and assetScale (whole number)")
        return cls(int(digits), Asset(code, scale))

    def to_wire(self) -> dict[str, str | int]:
        """The `amount` schema of Open Payments."""
        return {"value": str(self.value), "assetCode": self.asset.code, "assetScale": self.asset.scale}

    @classmethod
    def from_major(cls, written: str | Decimal, asset: Asset) -> Amount:
        """The amount a person writes as `"100.00"` (major units). Exact, or AmountError; no rounding, no separators."""
        number = _decimal(written)
        if number.is_signed() and number != 0:
            raise AmountError("negative", "an amount is not negative")
        if number != 0 and number.adjusted() + asset.scale > _DIGITS_OF_LARGEST_VALUE:
            raise AmountError("too_large", f"an amount is at most {LARGEST_VALUE} minor units")
        return cls(_minor_units(number, asset), asset)

    def to_major(self) -> Decimal:
        """The amount in major units, with exactly the asset's number of decimal places."""
        return Decimal(self.value).scaleb(-self.asset.scale, _EXACT)

    def rescaled(self, scale: int) -> Amount:
        """The amount counted at another scale of its asset code: exact, or AmountError."""
        asset = Asset(self.asset.code, scale)
        if scale >= self.asset.scale:
            return Amount(self.value * 10 ** (scale - self.asset.scale), asset)
        whole, rest = divmod(self.value, 10 ** (self.asset.scale - scale))
        if rest:
            raise AmountError("too_precise", f"{self.value} does not fit {scale} decimal places")
        return Amount(whole, asset)

    def _value_in_same_asset(self, other: Amount) -> int:
        if self.asset != other.asset:
            raise AmountError("other_asset", f"{other.asset} is not {self.asset}")
        return other.value

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.value + self._value_in_same_asset(other), self.asset)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.value - self._value_in_same_asset(other), self.asset)

    def __lt__(self, other: Amount) -> bool:
        return self.value < self._value_in_same_asset(other)

    def __le__(self, other: Amount) -> bool:
        return self.value <= self._value_in_same_asset(other)

    def __gt__(self, other: Amount) -> bool:
        return self.value > self._value_in_same_asset(other)

    def __ge__(self, other: Amount) -> bool:
        return self.value >= self._value_in_same_asset(other)

    @property
    def is_zero(self) -> bool:
        return self.value == 0


def _decimal(written: str | Decimal) -> Decimal:
    if isinstance(written, Decimal):
        number = written
    elif len(written) <= LONGEST_WRITTEN_AMOUNT and _is_plain_number(written):
        number = Decimal(written)
    else:
        raise AmountError("not_a_number", "an amount is written with digits and at most one decimal point")
    if not number.is_finite() or len(number.as_tuple().digits) > LONGEST_WRITTEN_AMOUNT:
        raise AmountError("not_a_number", "an amount is a finite number of ordinary length")
    return number


def _minor_units(number: Decimal, asset: Asset) -> int:
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int), "the number is finite"
    whole, shift = int("".join(map(str, digits))), exponent + asset.scale
    if whole == 0:
        return 0
    if shift >= 0:
        return whole * _power_of_ten(shift)
    if -shift < len(digits):
        minor, rest = divmod(whole, _power_of_ten(-shift))
        if rest == 0:
            return minor
    raise AmountError("too_precise", f"{asset.code} has {asset.scale} decimal places")


def _power_of_ten(exponent: int) -> int:
    return int("1" + "0" * exponent)


def _is_plain_number(written: str) -> bool:
    """Digits with at most one point and an optional minus: no exponent, no spaces, no underscores, no other scripts."""
    return _PLAIN_NUMBER.fullmatch(written) is not None


def total(amounts: list[Amount], asset: Asset) -> Amount:
    """The sum of amounts that are all in `asset` (zero for none); AmountError otherwise."""
    result = Amount(0, asset)
    for amount in amounts:
        result += amount
    return result


def sum_in_major(amounts: Iterable[Amount]) -> Decimal:
    """The sum of amounts of one currency in major units: exact, whatever their scales and however large."""
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount.to_major())
    return total
