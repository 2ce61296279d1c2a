"""Amounts as people type them, or copy them from where they are shown: exact, or refused. Nothing is guessed.

In each language of ours commas group the digits by three and a point begins the decimals.
"""

import re
from typing import Final

from payments.openpayments.amounts import Amount, Asset

_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
#: A currency with so many decimals makes `1,250` two different amounts, to different people.
_DECIMALS_LIKE_A_GROUP: Final = 3


def read_typed(written: str, asset: Asset) -> Amount:
    """`1,250.50`, `1250.50` or `1,250.50 MXN`: major units of `asset`. Raises AmountError."""
    return Amount.from_major(without_groups(written, asset.code, asset.scale), asset)


def without_groups(written: str, code: str, scale: int = 0) -> str:
    """The digits without the commas that group them, where it can be read in one way only, and without the currency.

    What can't be read so stays as it was written, for whoever refuses it.
    """
    text = " ".join(written.split())
    bare = text.removesuffix(code).rstrip() if code else text
    either = bare.count(",") == 1 and "." not in bare and scale >= _DECIMALS_LIKE_A_GROUP
    return bare.replace(",", "") if _GROUPED.fullmatch(bare) and not either else bare
