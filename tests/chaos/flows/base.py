"""What every flow is: dice of its own, and people who come along again and again until nobody will any more.

What each of them does is drawn from the flow's dice, so that it depends on nothing but the seed and the number.
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from payments.actions import requests, wallets
from payments.actions.requests import RequestLine
from payments.models import PaymentRequest
from payments.presentation.reasons import Refusal
from tests.chaos.world import Account, World, contact

#: Somebody does something. Seconds until they look again; None when they will not.
Turn = Callable[[], float | None]
#: Have something done after so many seconds of the clock.
At = Callable[[float, Callable[[], None]], None]

SHORTLY = 4.0
MINUTES = 60.0
HOURS = 3600.0
DAYS = 86_400.0
#: After so many refusals in a row people leave it.
MOST_REFUSALS = 12


@dataclass
class Flow(ABC):
    world: World
    at: At
    number: int
    dice: random.Random
    requests: list[str] = field(default_factory=list)
    #: How often staff ask for the same, when there was no quote.
    most_asks: int = 4
    asks: int = 0

    way: ClassVar[str]

    @abstractmethod
    def begin(self) -> None:
        """The first thing that anybody does."""

    def follow(self, turn: Turn, refusals: int = 0) -> None:
        """`turn` now, and again whenever it says."""
        try:
            wait = turn()
        except Refusal as refusal:
            # The page had grown old: the person reads the sentence and looks again.
            self.world.refused(refusal.code)
            if refusals < MOST_REFUSALS:
                self.at(SHORTLY, partial(self.follow, turn, refusals + 1))
            return
        if wait is not None:
            self.later(wait, turn)

    def later(self, seconds: float, turn: Turn) -> None:
        self.at(seconds, partial(self.follow, turn))

    def again(self, turn: Turn) -> Turn | None:
        """`turn`, for when it came to nothing; None once that was often enough."""
        self.asks += 1
        return turn if self.asks < self.most_asks else None

    def ask(self, payer: Account, *lines: RequestLine) -> PaymentRequest:
        """Staff ask a payer for these lines."""
        request = requests.ask(
            payer_wallet=wallets.find_or_add(payer.url),
            payer=contact(payer),
            seller=self.world.seller,
            lines=lines,
            title=f"Job {self.number}",
            reference=f"flow-{self.number}",
            requested_by=self.world.staff,
            form_id=self.form_id,
        )
        self.requests.append(request.pk)
        return request

    def chance(self, per_cent: float) -> bool:
        return self.dice.random() * 100 < per_cent

    @property
    def form_id(self) -> str:
        """Of the next request."""
        return f"{self.number}-{len(self.requests)}"
