"""What the matrix says: one line for the end of a test run, and a page for the docs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.faults.naming import Kind, Side, Way

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.faults.naming import Point, Result

ASKED_AGAIN: Final = (
    "the answer to the collected approval was lost, and it can be collected only once: the payer is asked again"
)
MAILED_TWICE: Final = "the mail server had the message and nobody knew, so it came twice, under one Message-ID"

INTRODUCTION: Final = f"""\
# Crash points

*Written by `python -m tests.faults.matrix --write docs/crash-points.md`; the same cases run in `make test`.*

One payment is made, from nothing to settled: staff ask and send, the payer approves in their wallet and comes back, the
engine pays and cleans up, mails go out, the ledger is sealed. It is made over and over, and each time the process that
does it is killed (`SIGKILL`) at one point. A minute later another process takes over, knowing only what was written
down; the queue's tasks went with the dead. People go on as people do: staff press again if their request is not there,
the payer reads their mail, opens the link, loads a page again that did not come.

The points are not listed anywhere. A first run is watched: every commit of a transaction, every statement that writes
outside one, every call to a wallet, every message handed to the mail server. So a new step is covered the day it is
written. Wallets are real processes spoken to over HTTP.

After each death it is asked of both wallets, the rows and the ledger: the receiver has exactly the amount, once; the
payer was charged once, what they were shown; one order is done; request and payment are settled; nothing is left
intended, unknown, or waiting; the approval was given back; every row's history in the ledger is a way through the
transition tables that ends where the row is; the ledger verifies; each mail came, and none came twice under two names.
And right after the death, before anybody repairs anything: no money has moved that no row speaks of.

How to read the tables:

- **settled**: it went on unaided, and everything above is true.
- **asked again**: so it did, but {ASKED_AGAIN}. Nothing was charged under the lost approval.
- **mailed twice**: so it did, but {MAILED_TWICE}.
- A commit is named by the function it belongs to and by what it tells the ledger; “no. 2” is the second of that name.
"""
STOPPED: Final = """\
## Stopped instead of killed

A process that is only slow is worse than a dead one: it wakes up and believes that the request is still its own. Around
every call, the process is stopped (`SIGSTOP`). Another one that comes by at once has to leave the request alone; a
minute later it may take over. *Overtaken*: the first goes on while the second is in a call of its own, and must plan
nothing more. *Late*: the first goes on when the second has brought everything to its end. The same questions are asked.
"""
MUTANTS: Final = """\
## Would it be noticed?

The same cases, with an engine that lacks one precaution. Each of these turned at least one point red:
"""


def ending(result: Result | None) -> str:
    """In a word how a case ended."""
    if result is None:
        return ""
    if not result.came_there:
        return "NOT REACHED"
    if result.verdict.faults:
        return "WRONG"
    words = []
    if result.asked_again:
        words.append("asked again")
    if result.verdict.repeated_mail:
        words.append("mailed twice")
    return ", ".join(words) or "settled"


def summary(database: str, results: Sequence[Result]) -> str:
    killed = [result for result in results if result.case.way == Way.KILLED]
    stopped = [result for result in results if result.case.way != Way.KILLED]
    points = {result.case.point for result in killed}
    ends = [ending(result) for result in results]
    wrong = sum(not result.is_good for result in results)
    return (
        f"Crash points on {database}: {len(points)} points, {len(killed)} deaths and {len(stopped)} stops: "
        f"{ends.count('settled') + ends.count('mailed twice')} settled unaided, "
        f"{sum(result.asked_again for result in results)} after asking the payer again ({ASKED_AGAIN}), "
        f"{sum('mailed twice' in end for end in ends)} with a mail twice, {wrong} wrong."
    )


def page(results: Mapping[str, Sequence[Result]], mutants: Iterable[tuple[str, str]]) -> str:
    """The page of the docs. `results` by database; `mutants` with what each does, all of them noticed."""
    parts = [INTRODUCTION, *(f"- {summary(name, found)}" for name, found in results.items()), "", "## Killed", ""]
    parts += _table(results, [Way.KILLED])
    parts += ["", STOPPED, *_table(results, [Way.OVERTAKEN, Way.LATE])]
    parts += ["", MUTANTS, *(f"- **{name}**: {what}." for name, what in mutants), ""]
    return "\n".join(parts)


def _table(results: Mapping[str, Sequence[Result]], ways: Sequence[Way]) -> list[str]:
    columns = [(name, way, side) for name in results for way in ways for side in Side]
    found = {
        (name, result.case.way, result.case.side, result.case.point): result
        for name, of_database in results.items()
        for result in of_database
    }
    head = [_title(column, ways) for column in columns]
    lines = ["| | point | " + " | ".join(head) + " |", "|---" * (len(head) + 2) + "|"]
    for number, point in enumerate(_points(results, ways), start=1):
        ends = [ending(found.get((*column, point))) for column in columns]
        lines.append(f"| {number} | {_describe(point)} | " + " | ".join(ends) + " |")
    return lines


def _title(column: tuple[str, Way, Side], ways: Sequence[Way]) -> str:
    name, way, side = column
    return f"{name}: {side}" if len(ways) == 1 else f"{name}: {way} {side}"


def _points(results: Mapping[str, Sequence[Result]], ways: Sequence[Way]) -> list[Point]:
    """Of all databases, in the order of the first that has them."""
    points: dict[Point, None] = {}
    for of_database in results.values():
        points.update((result.case.point, None) for result in of_database if result.case.way in ways)
    return list(points)


def _describe(point: Point) -> str:
    place, _, told = point.label.partition(": ")
    number = f" (no. {point.occurrence})" if point.occurrence > 1 else ""
    match point.kind:
        case Kind.CALL:
            return f"**call** `{point.label}`{number}"
        case Kind.MAIL:
            return f"**mail**: {point.label}{number}"
        case _:
            return f"{point.kind} `{place.removeprefix('payments.')}`{': ' if told else ''}{told}{number}"
