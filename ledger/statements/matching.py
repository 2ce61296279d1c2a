"""Which of their rows are which of ours: pure, over rows handed down, the same for the same rows.

The rules are tried one after the other, each on what those before left: the same id; a reference, of one row or of
several that add up; the same amount within a window of days; nearly the same amount. Nothing is matched across
currencies or directions, but for what an id or a reference names beyond doubt: that is told as a difference.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import TypeVar

from ledger.books.sums import Total
from ledger.statements.kinds import MatchRule

#: In the order in which they are tried.
ALL_RULES = (MatchRule.ID, MatchRule.REFERENCE, MatchRule.AMOUNT, MatchRule.TOLERANCE)
#: Where every row has an id that both sides know, the same amount is no sign that two are one.
EXACT_RULES = (MatchRule.ID, MatchRule.REFERENCE)


@dataclass(frozen=True)
class OurRow:
    """One movement as we know it: of its `subject`, which is to get, or give, `due` in all.

    `ids` and `references` name this row; `names` the subject. What leaves the account is below zero. `is_over`: nothing
    more was to come of it.
    """

    key: str
    subject: str
    amount: Total
    due: Total
    at: datetime
    ids: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    is_over: bool = False


@dataclass(frozen=True)
class TheirRow:
    """One movement as a wallet or bank tells it. `content` is the same for two rows that say the same."""

    key: str
    amount: Total
    at: datetime
    id: str = ""
    references: frozenset[str] = frozenset()
    content: str = ""


Row = TypeVar("Row", OurRow, TheirRow)


@dataclass(frozen=True)
class Terms:
    """By which rules rows are matched. `tolerance` is in major units, of whichever currency a row has."""

    rules: tuple[MatchRule, ...] = ALL_RULES
    window: timedelta = timedelta(days=3)
    tolerance: Decimal = Decimal(0)


@dataclass(frozen=True)
class Match:
    """Rows that are the same movement: one to one, or one to those that add up to it."""

    rule: MatchRule
    ours: tuple[OurRow, ...]
    theirs: tuple[TheirRow, ...]


@dataclass
class Matched:
    """What was matched, and what is left on either side, in the order in which it was handed down."""

    matches: list[Match] = field(default_factory=list)
    ours: list[OurRow] = field(default_factory=list)
    theirs: list[TheirRow] = field(default_factory=list)


def match(ours: Iterable[OurRow], theirs: Iterable[TheirRow], terms: Terms) -> Matched:
    """Every row is in one match, or left. Keys are unique on either side."""
    matching = _Matching(ours, theirs, terms)
    tried = {
        MatchRule.ID: matching.by_id,
        MatchRule.REFERENCE: matching.by_reference,
        MatchRule.AMOUNT: matching.by_amount,
        MatchRule.TOLERANCE: matching.by_tolerance,
    }
    for rule in terms.rules:
        tried[rule]()
    return Matched(matching.matches, list(matching.ours.values()), list(matching.theirs.values()))


def added(rows: Sequence[OurRow] | Sequence[TheirRow]) -> Total | None:
    """The sum; None across currencies."""
    amounts = [row.amount for row in rows]
    if len({amount.code for amount in amounts}) > 1:
        return None
    total = amounts[0]
    for amount in amounts[1:]:
        total += amount
    return total


class _Matching:
    def __init__(self, ours: Iterable[OurRow], theirs: Iterable[TheirRow], terms: Terms) -> None:
        self.ours = {row.key: row for row in ours}
        self.theirs = {row.key: row for row in theirs}
        self.terms = terms
        self.matches: list[Match] = []

    def _keep(self, rule: MatchRule, ours: Sequence[OurRow], theirs: Sequence[TheirRow]) -> None:
        self.matches.append(Match(rule, tuple(ours), tuple(theirs)))
        for row in ours:
            del self.ours[row.key]
        for other in theirs:
            del self.theirs[other.key]

    # The same id

    def by_id(self) -> None:
        named = {name: row for row in self.ours.values() for name in row.ids}
        for theirs in list(self.theirs.values()):
            ours = named.get(theirs.id) if theirs.id else None
            if ours and ours.key in self.ours:
                self._keep(MatchRule.ID, [ours], [theirs])

    # A reference

    def by_reference(self) -> None:
        """Those that name fewest rows come first: what is common to many decides least."""
        ours, theirs = _by_word(self.ours.values()), _by_word(self.theirs.values())
        common = [word for word in theirs if word in ours]
        for word in sorted(common, key=lambda word: (len(ours[word]) * len(theirs[word]), word)):
            self._within_reference([self.ours[row.key] for row in ours[word] if row.key in self.ours], theirs[word])

    def _within_reference(self, ours: list[OurRow], listed: list[TheirRow]) -> None:
        theirs = [row for row in listed if row.key in self.theirs]
        # What is paid under one reference month after month is of its own month first.
        for window in (self.terms.window, timedelta.max):
            for mine, other in _pairs(ours, theirs, window):
                self._keep(MatchRule.REFERENCE, [mine], [other])
            ours = [row for row in ours if row.key in self.ours]
            theirs = [row for row in theirs if row.key in self.theirs]
        if not ours or not theirs:
            return
        add_up = added(ours), added(theirs)
        # All of one side are all of the other; or what is named beyond doubt, whatever it comes to.
        equal = add_up[0] is not None and add_up[1] is not None and add_up[0].major == add_up[1].major
        if (equal and 1 in {len(ours), len(theirs)}) or len({row.subject for row in ours}) == 1 == len(ours):
            self._keep(MatchRule.REFERENCE, ours, theirs)

    # The same amount

    def by_amount(self) -> None:
        for mine, other in _pairs(self._with_money(), list(self.theirs.values()), self.terms.window):
            self._keep(MatchRule.AMOUNT, [mine], [other])

    def by_tolerance(self) -> None:
        """The closest amount, then the closest day."""
        if not self.terms.tolerance:
            return
        shelves = _Shelves(self._with_money())
        for theirs in list(self.theirs.values()):
            near = [
                row
                for row in shelves.near(theirs, self.terms.tolerance)
                if row.key in self.ours and abs(theirs.at - row.at) <= self.terms.window
            ]
            if near:
                wanted = theirs.amount.major
                best = min(near, key=lambda row: (abs(row.amount.major - wanted), abs(theirs.at - row.at), row.key))
                self._keep(MatchRule.TOLERANCE, [best], [theirs])

    def _with_money(self) -> list[OurRow]:
        """What took nothing has no amount by which it could be told from others."""
        return [row for row in self.ours.values() if row.amount.value]


class _Shelves:
    """Our rows by currency, in the order of their amounts."""

    def __init__(self, rows: Iterable[OurRow]) -> None:
        shelves: dict[str, list[OurRow]] = defaultdict(list)
        for row in rows:
            shelves[row.amount.code].append(row)
        self._rows = {code: sorted(found, key=lambda row: row.amount.major) for code, found in shelves.items()}
        self._majors = {code: [row.amount.major for row in found] for code, found in self._rows.items()}

    def near(self, theirs: TheirRow, tolerance: Decimal) -> list[OurRow]:
        majors, wanted = self._majors.get(theirs.amount.code, []), theirs.amount.major
        start = bisect_left(majors, wanted - tolerance)
        end = start
        while end < len(majors) and majors[end] <= wanted + tolerance:
            end += 1
        same_way = (row for row in self._rows.get(theirs.amount.code, [])[start:end])
        return [row for row in same_way if (row.amount.value < 0) == (theirs.amount.value < 0)]


def _by_word(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for word in row.references:
            found[word].append(row)
    return found


def _pairs(ours: list[OurRow], theirs: list[TheirRow], window: timedelta) -> list[tuple[OurRow, TheirRow]]:
    """Rows of the same amount, in the order of their days: as many as there can be within the window."""
    shelves: dict[tuple[str, Decimal], tuple[list[OurRow], list[TheirRow]]] = defaultdict(lambda: ([], []))
    for mine in ours:
        shelves[mine.amount.code, mine.amount.major][0].append(mine)
    for other in theirs:
        shelves[other.amount.code, other.amount.major][1].append(other)
    return list(chain.from_iterable(_in_order(*shelf, window) for shelf in shelves.values()))


def _in_order(ours: list[OurRow], theirs: list[TheirRow], window: timedelta) -> list[tuple[OurRow, TheirRow]]:
    mine = sorted(ours, key=lambda row: (row.at, row.key))
    others = sorted(theirs, key=lambda row: (row.at, row.key))
    found, at = [], 0
    for other in others:
        while at < len(mine) and other.at - mine[at].at > window:
            at += 1
        if at == len(mine):
            break
        if mine[at].at - other.at <= window:
            found.append((mine[at], other))
            at += 1
    return found
