"""What a report is narrowed to. The list of movements takes the same words in its address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Final, Self

from django.db.models import Q

from ledger.books.figures import FEE, FORWARD, REFUND, WORK
from ledger.books.people import of_funder, of_worker

#: In an address: that a key is empty, because nobody of ours has it.
NOBODY: Final = "-"


#: What a section is about, whatever a report is narrowed to.
ONLY: Final[Mapping[str, Q]] = {
    "": Q(),
    "forward": Q(purpose__in=sorted(FORWARD)),
    "work": Q(purpose=WORK),
    "work_and_back": Q(purpose=WORK) | Q(purpose=REFUND, returns=WORK),
    "fee": Q(purpose=FEE),
    "refund": Q(purpose=REFUND),
}


@dataclass(frozen=True)
class Filters:
    """Empty: everything. `funder` and `worker` are keys of movements (`member:7`, `seller:main`).

    A funder is whoever pays or gets back, a worker whoever receives or gives back. `currency` is a code: movements are
    of two, the receiver's and the payer's, and a figure is in one of them; so it chooses sections, not rows.
    """

    currency: str = ""
    seller: str = ""
    purpose: str = ""
    funder: str = ""
    worker: str = ""
    request: str = ""

    @classmethod
    def read(cls, address: Mapping[str, str]) -> Self:
        """From the query of an address; what else stands in it is left alone."""
        return cls(**{each.name: address.get(each.name, "").strip() for each in fields(cls)})

    def movements(self, only: str = "") -> Q:
        """The movements that count in a section that is about `only`."""
        which = ONLY[only]
        for name, value in self.query().items():
            if name in CONDITIONS:
                which &= CONDITIONS[name](value)
        return which

    def query(self) -> dict[str, str]:
        """Those that are set, as an address has them."""
        set_ones = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in set_ones.items() if value}


def _key(value: str) -> str:
    return "" if value == NOBODY else value


#: By the name that an address has for it.
CONDITIONS: Final[Mapping[str, Callable[[str], Q]]] = {
    "seller": lambda value: Q(seller=value),
    "purpose": lambda value: Q(purpose=value),
    "funder": lambda value: of_funder(_key(value)),
    "worker": lambda value: of_worker(_key(value)),
    "request": lambda value: Q(request=value),
}
