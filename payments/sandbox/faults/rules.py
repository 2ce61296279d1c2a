"""Which requests a fault strikes: what they ask for, whose they are, how often and with what chance."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from payments.sandbox.errors import ControlError
from payments.sandbox.faults.catalogue import RequestFault, request_fault


@dataclass
class FaultRule:
    """`times` counts down, None is for ever; `nth` is the matching request (from 1) that it starts with.

    `until` is a moment of the provider's clock, in seconds since 1970, at which it is over however often it struck.
    """

    operation: str
    name: str
    fault: RequestFault
    wallet: str | None
    origin: str
    nth: int
    times: int | None
    seconds: float
    chance_per_mille: int
    until: float | None
    dice: random.Random = field(repr=False)
    seen: int = 0

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any], now: float) -> Self:
        """A rule asked for at `now`, in seconds since 1970. Raises ControlError for faults that do not exist."""
        match: Mapping[str, Any] = wire.get("match", {})
        unknown = (set(wire) - {"match", "do", "times", "seconds", "lastsSeconds", "chancePerMille", "seed"}) | (
            set(match) - {"operation", "nth", "wallet", "from"}
        )
        if unknown:
            raise ControlError(f"unknown in a fault: {', '.join(sorted(unknown))}")
        name = str(wire.get("do"))
        fault = request_fault(name)
        origin = match.get("from", "client")
        if origin not in {"client", "wallet", "any"}:
            raise ControlError("a request comes from 'client', 'wallet' or 'any'")
        return cls(
            operation=match.get("operation", "*"),
            name=name,
            fault=fault,
            wallet=match.get("wallet"),
            origin=origin,
            nth=int(match.get("nth", 1)),
            times=wire.get("times", None if "lastsSeconds" in wire else 1),
            seconds=float(wire.get("seconds", fault.seconds)),
            until=now + float(wire["lastsSeconds"]) if "lastsSeconds" in wire else None,
            chance_per_mille=int(wire.get("chancePerMille", 1000)),
            dice=random.Random(wire.get("seed", 0)),  # noqa: S311 - repeatable on purpose
        )

    def matches(self, operation: str, wallets: set[str], *, from_wallet: bool) -> bool:
        return (
            self.times != 0
            and self.operation in {"*", operation}
            and self.origin in {"any", "wallet" if from_wallet else "client"}
            and (self.wallet is None or self.wallet in wallets)
        )

    def strikes(self) -> bool:
        """Whether it happens to this matching request."""
        self.seen += 1
        if self.seen < self.nth or self.dice.randrange(1000) >= self.chance_per_mille:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class FaultRules:
    """The rules in force, in the order they were asked for; the first that strikes a request decides."""

    def __init__(self) -> None:
        self._rules: list[FaultRule] = []

    def __bool__(self) -> bool:
        return bool(self._rules)

    @property
    def name_wallets(self) -> bool:
        """Whether it matters which wallets a request is about."""
        return any(rule.wallet is not None for rule in self._rules)

    def drop_past(self, now: float) -> None:
        """Forget the rules that were over at `now`, in seconds since 1970."""
        self._rules = [rule for rule in self._rules if rule.until is None or now < rule.until]

    def add(self, rules: list[FaultRule]) -> None:
        self._rules += rules

    def clear(self) -> None:
        self._rules.clear()

    def pick(self, operation: str, wallets: set[str], *, from_wallet: bool) -> FaultRule | None:
        for rule in self._rules:
            if rule.matches(operation, wallets, from_wallet=from_wallet) and rule.strikes():
                return rule
        return None
