"""What the engine takes care of, and where it shows when it does not. Each has a mutant of its name in `mutants.py`."""

from dataclasses import dataclass
from typing import Final

from tests.faults import naming
from tests.faults.naming import Case, Kind, Point, Side, Way

#: Where most are looked for; every other story is made of the same steps.
STORY: Final = "alone"
ORDER: Final = Point(Kind.CALL, naming.ORDER, 1)


@dataclass(frozen=True)
class Precaution:
    """Without it, `shows` stands among the faults of at least one of the cases."""

    name: str
    without_it: str
    where: tuple[tuple[Way, Point, Side], ...]
    shows: str
    story: str = STORY

    @property
    def cases(self) -> list[Case]:
        return [Case(self.story, *where, mutant=self.name) for where in self.where]


PRECAUTIONS: Final = (
    Precaution(
        "intent skipped",
        "the wallet is called before it is written down what it is asked",
        ((Way.KILLED, ORDER, Side.AFTER),),
        "money left the payer's wallet, and no row says that it was asked to",
    ),
    Precaution(
        "lease dropped",
        "a request is worked on whether or not somebody else is at it",
        ((Way.OVERTAKEN, ORDER, Side.BEFORE),),
        "a second process worked on the request while the first held it",
    ),
    Precaution(
        "fencing ignored",
        "whoever once held a request goes on planning, also when another has taken over",
        ((Way.OVERTAKEN, ORDER, Side.AFTER),),
        "the first process planned on after the second had taken over",
    ),
    Precaution(
        "order repeated",
        "an order to pay whose outcome is unknown is given again",
        ((Way.KILLED, ORDER, Side.AFTER),),
        "request failed (arrived_after_refusal)",
    ),
    Precaution(
        "fence skipped",
        "a second order is given without reading that the receiver's side of the first is closed",
        ((Way.KILLED, ORDER, Side.AFTER),),
        "request failed (arrived_after_refusal)",
    ),
    Precaution(
        "states overwritten",
        "a state is set without comparing it with the one that was read",
        ((Way.LATE, ORDER, Side.AFTER),),
        "the ledger tells a move from",
    ),
    Precaution(
        "answer in pieces",
        "what an answer changes is committed in several transactions",
        (
            (
                Way.KILLED,
                Point(Kind.COMMIT, "payments.engine.transitions._move_by_itself: outgoing.open", 1),
                Side.AFTER,
            ),
        ),
        "still waits for the engine",
    ),
    Precaution(
        "entry afterwards",
        "a state is committed before its ledger entry",
        ((Way.KILLED, Point(Kind.COMMIT, "payments.engine.advance._taken_and_decided", 1), Side.AFTER),),
        "the ledger tells",
    ),
    Precaution(
        "switch read once",
        "one plan looks at the switch and writes down all that is to be ordered, however much that is",
        ((Way.PAUSED, ORDER, Side.BEFORE),),
        "more were ordered while everything was paused",
        story="split",
    ),
    Precaution(
        "mail called sent",
        "a message is called sent before it is handed over",
        ((Way.KILLED, Point(Kind.MAIL, "a message to maria@example.org", 1), Side.BEFORE),),
        "is called sent and was never handed over",
    ),
)
