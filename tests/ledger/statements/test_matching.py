"""Statements: all that differs is found, and nothing else; each rule does what it says, and no more."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ledger.books.sums import Total
from ledger.statements.differences import Compared, compare
from ledger.statements.kinds import DifferenceType, MatchRule
from ledger.statements.matching import EXACT_RULES, OurRow, Terms, TheirRow, match
from tests.ledger.statements.month import month

PAYMENTS = 5000
EACH = 25
NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def differing(compared: Compared) -> Counter[tuple[DifferenceType, str]]:
    return Counter((each.type, each.subject) for each in compared.differences)


def test_of_a_month_of_5000_payments_in_four_currencies_all_that_is_wrong_is_found_and_nothing_invented() -> None:
    made = month(PAYMENTS, seed=11, each=EACH)
    assert len(made.ours) == PAYMENTS
    assert {row.amount.code for row in made.ours} == {"USD", "MXN", "JPY", "XRP"}
    assert {kind for kind, _subject in made.planted} == set(DifferenceType)
    assert made.planted.total() == EACH * len(DifferenceType)
    compared = compare(made.ours, made.theirs, Terms())
    assert differing(compared) == made.planted
    used = {rule for rule in MatchRule for each in compared.matches if each.rule == rule}
    assert used == {MatchRule.ID, MatchRule.REFERENCE, MatchRule.AMOUNT}


@given(seed=st.integers(0, 10**6), payments=st.integers(20, 120))
def test_whatever_the_month_nothing_is_invented(seed: int, payments: int) -> None:
    made = month(payments, seed, each=payments // 20)
    compared = compare(made.ours, made.theirs, Terms())
    assert differing(compared) == made.planted
    # Every row is in one match, or is told of: nothing falls through.
    ours = [row.key for each in compared.matches for row in each.ours]
    theirs = [row.key for each in compared.matches for row in each.theirs]
    assert len(ours) == len(set(ours))
    assert len(theirs) == len(set(theirs))
    told = {each.ours.key for each in compared.differences if each.ours}
    told |= {each.theirs.key for each in compared.differences if each.theirs}
    keys = [row.key for row in made.ours] + [row.key for row in made.theirs]
    assert set(keys) <= {*ours, *theirs, *told}


def ours(key: str = "a", value: int = 10_000, **more: object) -> OurRow:
    amount = Total("USD", 2, value)
    row = OurRow(key=key, subject=key, amount=amount, due=amount, at=NOON, is_over=True)
    return replace(row, **more)  # type: ignore[arg-type]


def theirs(key: str = "1", value: int = 10_000, **more: object) -> TheirRow:
    return replace(TheirRow(key=key, amount=Total("USD", 2, value), at=NOON, content=key), **more)  # type: ignore[arg-type]


def kinds(mine: list[OurRow], others: list[TheirRow], terms: Terms | None = None) -> list[DifferenceType]:
    return [each.type for each in compare(mine, others, terms or Terms()).differences]


def test_the_same_amount_counts_within_its_window_of_days_and_its_tolerance() -> None:
    assert kinds([ours()], [theirs(at=NOON + 3 * DAY)]) == []
    late = [theirs(at=NOON + 3 * DAY + timedelta(seconds=1))]
    assert kinds([ours()], late) == [DifferenceType.MISSING_HERE, DifferenceType.MISSING_THERE]
    near = Terms(tolerance=Decimal("0.05"))
    assert kinds([ours()], [theirs(value=10_005)], near) == []
    assert kinds([ours()], [theirs(value=10_006)], near) == [DifferenceType.MISSING_HERE, DifferenceType.MISSING_THERE]
    assert kinds([ours()], [theirs(value=-10_000)], near) == [DifferenceType.MISSING_HERE, DifferenceType.MISSING_THERE]
    # The closest one, and of two as close the earlier.
    found = match([ours("a", 10_004), ours("b", 10_001)], [theirs()], near).matches
    assert [each.ours[0].key for each in found] == ["b"]


def test_equal_amounts_are_matched_in_the_order_of_their_days_as_many_as_there_can_be() -> None:
    mine = [ours("a", at=NOON), ours("b", at=NOON + 3 * DAY)]
    others = [theirs("1", at=NOON + 3 * DAY), theirs("2", at=NOON + 6 * DAY)]
    assert kinds(mine, others) == []


def test_one_row_may_be_several_of_the_other_side_that_add_up() -> None:
    named = frozenset({"PO-7"})
    several = [ours("a", 6000, references=named), ours("b", 4000, references=named)]
    assert kinds(several, [theirs(references=named)]) == []
    assert (
        kinds([ours(references=named)], [theirs("1", 7000, references=named), theirs("2", 3000, references=named)])
        == []
    )
    wrong = [theirs("1", 7000, references=named), theirs("2", 2000, references=named)]
    assert kinds([ours(references=named)], wrong) == [DifferenceType.UNDER]


def test_what_comes_late_by_its_day_is_told_although_it_is_all_there() -> None:
    named = frozenset({"PO-7"})
    assert kinds([ours(references=named)], [theirs(references=named, at=NOON + 9 * DAY)]) == [DifferenceType.LATE]


def test_what_is_still_under_way_will_be_known_in_a_moment() -> None:
    waiting = ours(amount=Total("USD", 2, 0), ids=frozenset({"x"}), is_over=False)
    assert kinds([waiting], [theirs(id="x")]) == []
    assert kinds([waiting], [theirs(id="x", value=10_001)]) == [DifferenceType.OVER]


def test_what_is_paid_under_one_reference_month_after_month_is_matched_with_its_own_month() -> None:
    named = frozenset({"PO-7"})
    mine = [ours("a", references=named), ours("b", references=named, at=NOON + 31 * DAY)]
    compared = compare(mine, [theirs(references=named, at=NOON + 32 * DAY)], Terms())
    assert differing(compared) == {(DifferenceType.MISSING_THERE, "a"): 1}
    # A wallet lists when it was made: whatever the days, it is the first one then.
    exact = Terms(rules=EXACT_RULES, window=timedelta.max)
    found = compare(mine, [theirs(references=named, at=NOON + 32 * DAY)], exact)
    assert differing(found) == {(DifferenceType.MISSING_THERE, "b"): 1}


def test_what_took_nothing_is_matched_only_by_what_names_it() -> None:
    nothing = ours(amount=Total("USD", 2, 0), references=frozenset({"P"}))
    near = Terms(tolerance=Decimal("0.05"))
    assert kinds([nothing], [theirs(value=3)], near) == [DifferenceType.MISSING_HERE]
    assert match([nothing], [theirs(value=0)], near).matches == []
    assert kinds([nothing], [theirs(references=frozenset({"P"}))], near) == [DifferenceType.LATE]


def test_by_id_alone_the_same_amount_is_no_sign() -> None:
    exact = Terms(rules=EXACT_RULES)
    assert kinds([ours(ids=frozenset({"x"}))], [theirs(id="y")], exact) == [
        DifferenceType.MISSING_HERE,
        DifferenceType.MISSING_THERE,
    ]


def test_two_orders_of_one_payment_that_we_know_of_are_not_told_once_more() -> None:
    """Both are ours, and a person has seen to it: what they say is what we say."""
    due = Total("USD", 2, 10_000)
    both = [
        ours("a", subject="P", due=due, ids=frozenset({"x"})),
        ours("b", subject="P", due=due, ids=frozenset({"y"})),
    ]
    listed = [theirs("1", id="x"), theirs("2", id="y")]
    assert kinds(both, listed) == []
    unaware = [both[0], replace(both[1], amount=Total("USD", 2, 0))]
    assert kinds(unaware, listed) == [DifferenceType.PAID_TWICE]


def test_an_unfinished_list_says_nothing_of_what_is_missing_there() -> None:
    assert compare([ours()], [], Terms(), whole=False).differences == []


def test_what_was_sent_back_is_not_paid_twice() -> None:
    named = frozenset({"PO-7"})
    sent = ours(value=-10_000, due=Total("USD", 2, -10_000), references=named)
    there_and_back = [theirs("1", -10_000, references=named), theirs("2", 10_000, references=named)]
    (back,) = compare([sent], there_and_back, Terms()).differences
    assert (back.type, back.found, back.subject) == (DifferenceType.MISSING_HERE, Total("USD", 2, 10_000), "a")
    again = [*there_and_back, theirs("3", -10_000, references=named)]
    found = compare([sent], again, Terms()).differences
    assert sorted(each.type for each in found) == [DifferenceType.MISSING_HERE, DifferenceType.PAID_TWICE]
    (twice,) = (each for each in found if each.type == DifferenceType.PAID_TWICE)
    assert twice.found == Total("USD", 2, -20_000)
