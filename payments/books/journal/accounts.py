"""The names of a seller's accounts, and which names every accountant's program can read."""

import re
from typing import Final

from payments.models import AccountName, Seller
from payments.models.charts import DEFAULT_ACCOUNTS, LONGEST_ACCOUNT, AccountRole

#: Parts of letters, digits and a few signs, which begin with a letter or digit, with single spaces and colons between.
#: Brackets, stars, semicolons and two spaces mean something else to hledger.
_PART: Final = r"[^\W_](?:[ .&'/-]?[^\W_])*"
_NAME: Final = re.compile(rf"{_PART}(?::{_PART})*")


def is_account(name: str) -> bool:
    return len(name) <= LONGEST_ACCOUNT and _NAME.fullmatch(name) is not None


class Charts:
    """Of all sellers, read once."""

    def __init__(self) -> None:
        self._own: dict[tuple[str, str], str] = {
            (row.seller_id, row.role): row.account for row in AccountName.objects.all()
        }

    def name(self, seller_id: str, role: AccountRole) -> str:
        return self._own.get((seller_id, role.value), DEFAULT_ACCOUNTS[role])

    def names(self, seller_id: str = "") -> list[str]:
        """Every account of this seller, or of all of them."""
        sellers = [seller_id] if seller_id else Seller.objects.values_list("pk", flat=True)
        return sorted({self.name(each, role) for each in sellers for role in AccountRole})
