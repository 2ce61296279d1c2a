"""Money moves at most once and is never lost, whatever dies and whenever, in every way of paying.

`make prove` looks, in one test, because everything in it shares two warm runners. `docs/crash-points.md` tells how to
read what it finds.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from tests import databases
from tests.faults import report, selection
from tests.faults.matrix import Matrix, wrong_in
from tests.faults.naming import Kind, Point
from tests.faults.precautions import PRECAUTIONS, Precaution
from tests.faults.report import FULLY
from tests.summaries import SUMMARY

#: Each is answered once, with what nobody can ask for again.
ANSWERED_ONCE = ("post-continue", "post-token")
URL = os.environ.get("DATABASE_URL", "") if databases.is_postgresql(os.environ.get("DATABASE_URL", "")) else ""
DATABASE = "PostgreSQL" if URL else "SQLite"


@pytest.mark.prove
def test_whatever_dies_and_whenever_each_payment_settles_exactly_once(
    record_property: Callable[[str, object], None],
) -> None:
    with Matrix(URL) as matrix:
        # FAULTS_STORIES names those to tell, the first at least: each point of these in every way.
        chosen = os.environ.get("FAULTS_STORIES", "").split()
        select = selection.all_of if chosen else selection.of_what_is_new
        nothing_is_wrong(matrix.found(chosen or matrix.stories(), select), record_property)
        if not chosen:  # what a mutant lacks is the engine's, whatever the database
            mutants_are_noticed(matrix, PRECAUTIONS, record_property)


def nothing_is_wrong(found: report.Found, record_property: Callable[[str, object], None]) -> None:
    the_watch_sees_everything(found.points[FULLY])
    record_property(SUMMARY, report.summary(DATABASE, found))
    assert wrong_in(found) == []
    for story, passed in found.points.items():
        asked_again = {result.case.point for result in found.of(story) if result.asked_again}
        assert asked_again <= around(passed, ANSWERED_ONCE)


def mutants_are_noticed(
    matrix: Matrix, precautions: Sequence[Precaution], record_property: Callable[[str, object], None]
) -> None:
    noticed = [precaution.name for precaution in precautions if matrix.notices(precaution)]
    record_property(
        SUMMARY, f"Mutants on {DATABASE}: {len(noticed)} of {len(precautions)} noticed: {', '.join(noticed)}."
    )
    assert noticed == [precaution.name for precaution in precautions]


def the_watch_sees_everything(points: Sequence[Point]) -> None:
    """A watch that saw nothing would find nothing: these are there whatever the engine does."""
    kinds = Counter(point.kind for point in points)
    assert kinds[Kind.CALL] >= 8, "there are eight calls in every payment"
    assert kinds[Kind.COMMIT] >= 2 * kinds[Kind.CALL], "each call has its intent and its answer"
    assert kinds[Kind.MAIL] == 3, "the payer is asked, the payer has a receipt, the receiver is told"
    assert kinds[Kind.WRITE], "some writes need no transaction"


def around(points: Sequence[Point], operations: tuple[str, ...]) -> set[Point]:
    """Each such call, with the commit of its intent before it and of its answer after it."""
    at = [number for number, point in enumerate(points) if point.label in operations]
    return {point for number in at for point in points[number - 1 : number + 2]}
