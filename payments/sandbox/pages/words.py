"""What the pages say, in English and Spanish. The sandbox is a program of its own and carries its own words."""

import json
from datetime import UTC, datetime
from pathlib import Path

from payments.sandbox.fees_and_rates import WalletAsset

SPANISH: dict[str, str] = json.loads((Path(__file__).parent / "spanish.json").read_text("utf-8"))


class PageWords:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, english: str) -> str:
        return SPANISH.get(english, english) if self.language == "es" else english


def preferred(accept_language: str) -> PageWords:
    """English, unless the browser likes Spanish better."""
    best, language = -1.0, "en"
    for part in accept_language.split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        primary = tag.split("-")[0].lower()
        if primary in {"en", "es"} and weight > best:
            best, language = weight, primary
    return PageWords(language)


def money(value: int, asset: WalletAsset) -> str:
    """`123456` of MXN/2 → `1,234.56 MXN`."""
    whole, fraction = divmod(value, 10**asset.scale)
    decimals = f".{fraction:0{asset.scale}d}" if asset.scale else ""
    return f"{whole:,}{decimals} {asset.code}"


def moment(timestamp: float) -> str:
    """UTC, for people."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
