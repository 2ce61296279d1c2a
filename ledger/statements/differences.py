"""What is wrong between their rows and ours, once they are matched: pure, typed, each thing told once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from ledger.books.sums import Total
from ledger.statements.kinds import DifferenceType, MatchRule
from ledger.statements.matching import Match, Matched, OurRow, Terms, TheirRow, added, match


@dataclass(frozen=True)
class Difference:
    """`expected` is what we say, `found` what they say; None where a side says nothing.

    Of what was paid twice: what is due in all, and what they say was paid for it in all.
    """

    type: DifferenceType
    ours: OurRow | None = None
    theirs: TheirRow | None = None
    expected: Total | None = None
    found: Total | None = None
    subject: str = ""


@dataclass(frozen=True)
class Compared:
    matches: list[Match] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


def compare(ours: Iterable[OurRow], theirs: Iterable[TheirRow], terms: Terms, *, whole: bool = True) -> Compared:
    """Match, and tell what is wrong. `whole`: all of their rows of that time are here, so what is not, is missing."""
    matched = match(ours, theirs, terms)
    found = _Findings(matched, terms)
    differences = [*found.of_matches(), *found.of_their_rest()]
    if whole:
        differences += found.of_our_rest()
    return Compared(matched.matches, differences)


class _Findings:
    def __init__(self, matched: Matched, terms: Terms) -> None:
        self.matched = matched
        self.terms = terms
        self.twice = _Twice(matched)

    def of_matches(self) -> Iterator[Difference]:
        for each in self.matched.matches:
            theirs = each.theirs[-1]
            if theirs.key in self.twice.keys:
                yield from self._paid_twice(each)
                continue
            kind = self._kind(each)
            if kind:
                mine = each.ours[0]
                expected, found = added(each.ours), added(each.theirs)
                yield Difference(kind, mine, theirs, expected or mine.amount, found or theirs.amount, mine.subject)

    def _paid_twice(self, each: Match) -> Iterator[Difference]:
        mine = each.ours[0]
        for theirs in each.theirs:
            if theirs.key in self.twice.keys:
                yield Difference(
                    DifferenceType.PAID_TWICE, mine, theirs, mine.due, self.twice.paid[mine.subject], mine.subject
                )

    def _kind(self, each: Match) -> DifferenceType | None:
        expected, found = added(each.ours), added(each.theirs)
        if expected is None or found is None or expected.code != found.code:
            return DifferenceType.CURRENCY
        more = abs(found.major) - abs(expected.major)
        if abs(more) > self.terms.tolerance or found.value * expected.value < 0:
            return self._of_amounts(each, abs(found.major), more)
        came_late = min(row.at for row in each.theirs) - max(row.at for row in each.ours) > self.terms.window
        return DifferenceType.LATE if came_late and each.rule in {MatchRule.ID, MatchRule.REFERENCE} else None

    def _of_amounts(self, each: Match, found: Decimal, more: Decimal) -> DifferenceType | None:
        """What is still under way, and asks for no more than is due, will be known here in a moment."""
        is_over = all(row.is_over for row in each.ours)
        within_due = found <= sum((abs(row.due.major) for row in each.ours), Decimal(0))
        if not is_over and within_due:
            return None
        if more < 0:
            return DifferenceType.UNDER
        return DifferenceType.LATE if within_due else DifferenceType.OVER

    def of_their_rest(self) -> Iterator[Difference]:
        said = {row.content for each in self.matched.matches for row in each.theirs if row.content}
        for theirs in self.matched.theirs:
            subject = self.twice.named_by(theirs)
            if theirs.content and theirs.content in said:
                yield Difference(DifferenceType.DUPLICATE, theirs=theirs, found=theirs.amount, subject=subject)
                continue
            said.add(theirs.content)
            if theirs.amount.value == 0:
                continue
            if theirs.key in self.twice.keys:
                due, paid = self.twice.due[subject], self.twice.paid[subject]
                yield Difference(DifferenceType.PAID_TWICE, None, theirs, due, paid, subject)
            else:
                yield Difference(DifferenceType.MISSING_HERE, None, theirs, None, theirs.amount, subject)

    def of_our_rest(self) -> Iterator[Difference]:
        for mine in self.matched.ours:
            if mine.amount.value:
                yield Difference(DifferenceType.MISSING_THERE, mine, None, mine.amount, None, mine.subject)


class _Twice:
    """Of each subject: whether more was paid for it than is due, and than we know of; then which rows are too many.

    ToldRow of the rows that we know least of: those that nothing of ours was matched with, then the latest.
    """

    def __init__(self, matched: Matched) -> None:
        self.due: dict[str, Total] = {}
        self.keys: set[str] = set()
        #: What their rows come to, of each subject that was paid twice.
        self.paid: dict[str, Total] = {}
        self._subjects: dict[str, set[str]] = defaultdict(set)
        self._known: dict[str, Decimal] = defaultdict(Decimal)
        self._paid: dict[str, list[tuple[bool, TheirRow]]] = defaultdict(list)
        for mine in (*matched.ours, *(row for each in matched.matches for row in each.ours)):
            self.due[mine.subject] = mine.due
            for name in (*mine.names, *mine.ids, *mine.references):
                self._subjects[name].add(mine.subject)
        for each in matched.matches:
            self._count(each)
        said = {row.content for each in matched.matches for row in each.theirs if row.content}
        for row in matched.theirs:
            if row.content not in said and (subject := self.named_by(row)):
                self._paid[subject].append((False, row))
        for subject in self._paid:
            self._find(subject)

    def named_by(self, theirs: TheirRow) -> str:
        """The one subject that its references name; empty when they name none, or several."""
        named = {subject for word in theirs.references for subject in self._subjects.get(word, ())}
        return named.pop() if len(named) == 1 else ""

    def _count(self, each: Match) -> None:
        subjects = {mine.subject for mine in each.ours}
        for mine in each.ours:
            self._known[mine.subject] += abs(mine.amount.major)
        if len(subjects) == 1:
            expected, found = added(each.ours), added(each.theirs)
            as_known = expected is not None and found is not None and abs(found.major) <= abs(expected.major)
            self._paid[subjects.pop()] += [(as_known, row) for row in each.theirs]

    def _find(self, subject: str) -> None:
        due = self.due[subject]
        # What goes the other way comes back, and pays nothing a second time.
        money = [
            (sure, row)
            for sure, row in self._paid[subject]
            if row.amount.value and row.amount.code == due.code and row.amount.value * due.value >= 0
        ]
        if len(money) < 2:  # noqa: PLR2004 - what is paid once is not paid twice
            return
        paid = [row.amount for _sure, row in money]
        self.paid[subject] = sum(paid[1:], paid[0])
        total = sum((abs(amount.major) for amount in paid), Decimal(0))
        most = max(abs(due.major), self._known[subject])
        for _sure, row in sorted(money, key=lambda each: (each[0], -each[1].at.timestamp(), each[1].key)):
            if total <= most:
                return
            self.keys.add(row.key)
            total -= abs(row.amount.major)
