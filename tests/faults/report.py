"""What the matrix says: lines for the end of a test run, and a page for the docs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.faults.naming import Kind, Point, Result, Side, Way
from tests.faults.selection import new_points

ASKED_AGAIN: Final = (
    "the answer was lost that carries the approval, or its new token, and either is given only once: "
    "the payer is asked again"
)
MAILED_TWICE: Final = "the mail server had the message and nobody knew, so it came twice, under one Message-ID"

INTRODUCTION: Final = f"""\
# Crash points

*Written by `python -m tests.faults.matrix --write docs/crash-points.md`.*

People pay in several ways, and each way is a story, from nothing to settled. In the first, staff ask and send, the
payer approves in their wallet and comes back, the engine pays and cleans up, mails go out, the ledger is sealed. Each
story is told over and over, and each time the process that does it is killed (`SIGKILL`) at one point. A minute later
another process takes over, knowing only what was written down; the queue's tasks went with the dead. People go on as
people do: staff press again if their request is not there, payers read their mail, open the link, load a page again
that did not come.

The points are not listed anywhere. A first run is watched: every commit of a transaction, every statement that writes
outside one, every call to a wallet, every message handed to the mail server. So a new step is covered the day it is
written. Wallets are real processes spoken to over HTTP.

After each death it is asked of all wallets, the rows and the ledger: each receiver has exactly their amount, once; each
payer was charged once, within what they were shown; one order per payment is done; requests and payments are settled;
nothing is left intended, unknown, or waiting; approvals were given back, but for that of a standing budget, in which
exactly what was drawn is reserved; every row's history in the ledger is a way through the transition tables that ends
where the row is; the ledger verifies; the job is complete; each mail came, and none came twice under two names. And
right after the death, before anybody repairs anything: no money has moved that no row speaks of, and every invariant
of `manage.py check_invariants` holds.

**What `make prove` runs.** Of the first story every point. Of each further one the points that no story before it has
passed (the same call, or the same function telling the ledger the same), when they are passed first; and a death on
either side of every call that a wallet answers only once: collecting an approval, renewing its token, ordering a
payment. This page is written from the cases of `make prove` and from one death at every other point of every story,
before it and after it by turns; with `--every`, from both sides of all of them (more than an hour).

How to read the tables:

- **settled**: it went on unaided, and everything above is true.
- **asked again**: so it did, but {ASKED_AGAIN}. Nothing was charged under the lost approval.
- **mailed twice**: so it did, but {MAILED_TWICE}.
- A commit is named by the function it belongs to and by what it tells the ledger; “no. 2” is the second of that name.
"""
STOPPED: Final = """\
Stopped instead of killed: a process that is only slow is worse than a dead one, for it wakes up and believes that the
request is still its own. Around every call, the process is stopped (`SIGSTOP`). Another one that comes by at once has
to leave the request alone; a minute later it may take over. *Overtaken*: the first goes on while the second is in a
call of its own, and must plan nothing more. *Late*: the first goes on when the second has brought everything to its
end. The same questions are asked.
"""
PAUSED: Final = """\
Paused: somebody presses the switch while a wallet is told to pay. That one goes on; nothing else is ordered until it is
resumed, and then everything is, once.
"""
MUTANTS: Final = """\
## Would it be noticed?

Cases of a few points, with an engine that lacks one precaution. Each of these turned at least one point red:
"""
FULLY: Final = "alone"


@dataclass(frozen=True)
class Found:
    """What was found on one database: the points of each story, and how the cases that were run have ended."""

    points: Mapping[str, Sequence[Point]]
    results: Sequence[Result]

    def of(self, story: str) -> list[Result]:
        return [result for result in self.results if result.case.story == story]


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


def summary(database: str, found: Found) -> str:
    """All stories together, then each with how much of it an earlier one has covered."""
    stories = (f"{story}: {_numbers(found, story)}" for story in found.points)
    lines = [f"Crash points on {database}: {_ends(found.results)}", *stories, f"asked again: {ASKED_AGAIN}."]
    return "\n  ".join(lines)


def _ends(results: Sequence[Result]) -> str:
    ends = [ending(result) for result in results]
    ways = Counter(result.case.way for result in results)
    return (
        f"{ways[Way.KILLED]} deaths, {ways[Way.OVERTAKEN] + ways[Way.LATE]} stops and {ways[Way.PAUSED]} pauses: "
        f"{ends.count('settled') + ends.count('mailed twice')} settled unaided, "
        f"{sum(result.asked_again for result in results)} after asking the payer again, "
        f"{sum('mailed twice' in end for end in ends)} with a mail twice, "
        f"{sum(not result.is_good for result in results)} wrong."
    )


def _numbers(found: Found, story: str) -> str:
    points, new = found.points[story], new_points(found.points)[story]
    tried = {result.case.point for result in found.of(story)}
    return (
        f"{len(points)} points, {len({point.what for point in points})} of them different, {len(new)} of those new; "
        f"cases at {len(tried)} points: {len(found.of(story))}; "
        f"{len(points) - len(tried)} points left to what was passed before."
    )


def page(says: Mapping[str, str], found: Mapping[str, Found], mutants: Iterable[tuple[str, str]]) -> str:
    """The page of the docs. `says` what each story is; `mutants` with what each does, all of them noticed."""
    parts = [INTRODUCTION, *(f"- On {name}, {_ends(each.results)}" for name, each in found.items()), ""]
    for story, what in says.items():
        parts += _chapter(story, what, found)
    parts += [MUTANTS, *(f"- **{name}**: {what}." for name, what in mutants), ""]
    return "\n".join(parts)


def _chapter(story: str, what: str, found: Mapping[str, Found]) -> Iterator[str]:
    """Of the first story everything; of the others what is new, or ended otherwise than by itself."""
    told = {name: Found({story: each.points[story]}, each.of(story)) for name, each in found.items()}
    yield f"## {story.title()}: {what}\n"
    for name, each in told.items():
        points, tried = each.points[story], {result.case.point for result in each.results}
        yield f"- On {name}, {len(points)} points, cases at {len(tried)} of them: {_ends(each.results)}"
    shown = _worth_showing(story, found)
    if story != FULLY:
        yield "\nThe table has what no story before it has passed, and what did not settle unaided."
    for ways, before in (([Way.KILLED], ""), ([Way.OVERTAKEN, Way.LATE], STOPPED), ([Way.PAUSED], PAUSED)):
        lines = _table(told, ways, shown)
        if lines:
            yield f"\n{before}" if story == FULLY and before else ""
            yield from lines
    yield ""


def _worth_showing(story: str, found: Mapping[str, Found]) -> set[Point]:
    shown: set[Point] = set()
    for each in found.values():
        shown |= set(each.points[story] if story == FULLY else new_points(each.points)[story])
        shown |= {result.case.point for result in each.of(story) if ending(result) != "settled"}
    return shown


def _table(found: Mapping[str, Found], ways: Sequence[Way], shown: set[Point]) -> list[str]:
    columns = [(name, way, side) for name in found for way in ways for side in Side]
    ends = {
        (name, result.case.way, result.case.side, result.case.point): result
        for name, each in found.items()
        for result in each.results
    }
    points = [point for point in _points(found, ways) if point in shown]
    if not points:
        return []
    head = [_title(column, ways) for column in columns]
    lines = ["| | point | " + " | ".join(head) + " |", "|---" * (len(head) + 2) + "|"]
    for number, point in enumerate(points, start=1):
        cells = [ending(ends.get((*column, point))) for column in columns]
        lines.append(f"| {number} | {_describe(point)} | " + " | ".join(cells) + " |")
    return lines


def _title(column: tuple[str, Way, Side], ways: Sequence[Way]) -> str:
    name, way, side = column
    return f"{name}: {side}" if len(ways) == 1 else f"{name}: {way} {side}"


def _points(found: Mapping[str, Found], ways: Sequence[Way]) -> list[Point]:
    """Of all databases, in the order of the first that has them."""
    points: dict[Point, None] = {}
    for each in found.values():
        points.update((result.case.point, None) for result in each.results if result.case.way in ways)
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
