"""The words of the matrix, for processes with and without the product in them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

#: The one call that moves money.
ORDER: Final = "create-outgoing-payment"


class Kind(StrEnum):
    COMMIT = "commit"
    WRITE = "write"
    CALL = "call"
    MAIL = "mail"


class Side(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class Way(StrEnum):
    #: SIGKILL; a minute later another process takes over.
    KILLED = "killed"
    #: SIGSTOP; a minute later another takes over, and while that one is in a call the first goes on.
    OVERTAKEN = "overtaken"
    #: SIGSTOP; another takes over and brings it to the end, and only then the first goes on.
    LATE = "late"
    #: Somebody pauses everything; once nothing moves any more it is resumed, and another process goes on.
    PAUSED = "paused"


@dataclass(frozen=True)
class Point:
    """`label` says what: the operation of a call, where a commit stands in the code and what it tells the ledger."""

    kind: Kind
    label: str
    #: How often this was passed by the process, this time included.
    occurrence: int

    def __str__(self) -> str:
        return f"{self.kind} {self.label} #{self.occurrence}"

    @property
    def what(self) -> tuple[Kind, str]:
        """The same for every time that it is passed, in every story."""
        return self.kind, self.label

    def to_wire(self) -> list[Any]:
        return [self.kind.value, self.label, self.occurrence]

    @classmethod
    def from_wire(cls, wire: list[Any]) -> Self:
        return cls(Kind(wire[0]), wire[1], wire[2])


@dataclass(frozen=True)
class Case:
    """What happens to one process of a story; `mutant` names the precaution that its engine lacks."""

    story: str
    way: Way
    point: Point
    side: Side
    mutant: str = ""

    def __str__(self) -> str:
        return f"{self.story}: {self.way} {self.side} {self.point}" + (f" [{self.mutant}]" if self.mutant else "")

    def to_wire(self) -> dict[str, Any]:
        point = self.point.to_wire()
        return {"story": self.story, "way": self.way, "point": point, "side": self.side, "mutant": self.mutant}

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Self:
        point = Point.from_wire(wire["point"])
        return cls(wire["story"], Way(wire["way"]), point, Side(wire["side"]), wire["mutant"])


@dataclass
class Verdict:
    """`faults` is what must never be. None of them: settled, exactly once, and everything tells so."""

    faults: list[str] = field(default_factory=list)
    #: How often payers approved in their wallets: as often as the story says, and once more for each that was lost.
    approvals: int = 0
    lost_approvals: int = 0
    #: Messages that were handed over again, under the same Message-ID.
    repeated_mail: int = 0


@dataclass
class Result:
    case: Case
    verdict: Verdict = field(default_factory=Verdict)
    #: The process got to its point.
    came_there: bool = True

    @property
    def is_good(self) -> bool:
        return self.came_there and not self.verdict.faults

    @property
    def asked_again(self) -> bool:
        return self.verdict.lost_approvals > 0
