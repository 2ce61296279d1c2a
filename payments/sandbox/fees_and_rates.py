"""Amounts, fixed rates and fees: integers of minor units, exact, rounded against the payer."""

from dataclasses import dataclass
from typing import Any

LARGEST = 2**63 - 1

# What one whole unit of each currency is worth, in millionths of a US dollar. Fixed, so that every test can do the sum.
MICRO_DOLLARS = {"USD": 1_000_000, "EUR": 1_080_000, "MXN": 54_000, "JPY": 6_600}


class NoRateError(LookupError):
    """The provider has no rate between two currencies."""


@dataclass(frozen=True, slots=True)
class WalletAsset:
    code: str
    scale: int

    def amount(self, value: int) -> dict[str, Any]:
        """An Open Payments amount of `value` minor units."""
        return {"value": str(value), "assetCode": self.code, "assetScale": self.scale}


@dataclass(frozen=True, slots=True)
class SendingFee:
    """What sending costs: a fixed part in minor units and a share in hundredths of a percent of what is sent."""

    fixed: int = 0
    percent_bps: int = 0

    def on(self, sent: int) -> int:
        """The fee in minor units on `sent` minor units, rounded up."""
        return self.fixed + -(-sent * self.percent_bps // 10_000)

    def largest_sent(self, debit: int) -> int:
        """The most that can be sent when `debit` has to cover the fee as well; at or below zero when nothing can."""
        sent = (debit - self.fixed) * 10_000 // (10_000 + self.percent_bps)
        # The division may be one off, because the fee itself is rounded up.
        while sent > 0 and sent + self.on(sent) > debit:
            sent -= 1
        return sent


def received(sent: int, source: WalletAsset, destination: WalletAsset) -> int:
    """What arrives, in minor units of `destination`, when `sent` minor units of `source` are sent; rounded down."""
    numerator, denominator = _ratio(source, destination)
    return sent * numerator // denominator


def needed(receive: int, source: WalletAsset, destination: WalletAsset) -> int:
    """What has to be sent, in minor units of `source`, so that at least `receive` arrives; rounded up."""
    numerator, denominator = _ratio(source, destination)
    return -(-receive * denominator // numerator)


def _ratio(source: WalletAsset, destination: WalletAsset) -> tuple[int, int]:
    """Minor units of `destination` per minor unit of `source`, as a fraction. Raises NoRateError."""
    if source.code == destination.code:
        return 10**destination.scale, 10**source.scale
    if source.code not in MICRO_DOLLARS or destination.code not in MICRO_DOLLARS:
        raise NoRateError(f"{source.code} to {destination.code}")
    return (MICRO_DOLLARS[source.code] * 10**destination.scale, MICRO_DOLLARS[destination.code] * 10**source.scale)
