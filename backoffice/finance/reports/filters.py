"""What a report is narrowed to. The list of movements takes the same words in its address."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from django.db.models import Q


@dataclass(frozen=True)
class Filters:
    """Empty: everything. `payer` and `receiver` are keys of movements (`member:7`, `seller:main`).

    `currency` is a code: movements are of two, the receiver's and the payer's, and a figure is in one of them; so it
    chooses sections of a report, not rows.
    """

    currency: str = ""
    seller: str = ""
    purpose: str = ""
    payer: str = ""
    receiver: str = ""
    request: str = ""

    @classmethod
    def read(cls, address: Mapping[str, str]) -> Self:
        """From the query of an address; what else stands in it is left alone."""
        return cls(**{each.name: address.get(each.name, "").strip() for each in fields(cls)})

    def movements(self) -> Q:
        """The movements that count."""
        return Q(**{name: value for name, value in self.query().items() if name != "currency"})

    def query(self) -> dict[str, str]:
        """Those that are set, as an address has them."""
        set_ones = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in set_ones.items() if value}
