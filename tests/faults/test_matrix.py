"""Money moves at most once and is never lost, whatever dies and whenever.

One test, because everything in it shares two warm runners. `docs/crash-points.md` tells how to read what it finds.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from tests.faults import databases, report
from tests.faults.matrix import Matrix, cases_of
from tests.faults.naming import Kind
from tests.faults.precautions import PRECAUTIONS
from tests.summaries import SUMMARY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.naming import Point

COLLECTING = "post-continue"


def test_whatever_dies_and_whenever_a_payment_settles_exactly_once(
    record_property: Callable[[str, object], None],
) -> None:
    url = os.environ.get("DATABASE_URL", "")
    name = "PostgreSQL" if databases.is_server(url) else "SQLite"
    with Matrix(url if databases.is_server(url) else "") as matrix:
        points = matrix.points()
        the_watch_sees_everything(points)
        results = matrix.run(cases_of(points))
        record_property(SUMMARY, report.summary(name, results))
        assert [
            f"{result.case}: {report.ending(result)} {result.verdict}" for result in results if not result.is_good
        ] == []
        near_the_collecting = around(points, COLLECTING)
        assert {result.case.point for result in results if result.asked_again} <= near_the_collecting
        noticed = [precaution.name for precaution in PRECAUTIONS if matrix.notices(precaution)]
        record_property(
            SUMMARY, f"Mutants on {name}: {len(noticed)} of {len(PRECAUTIONS)} noticed: {', '.join(noticed)}."
        )
        assert noticed == [precaution.name for precaution in PRECAUTIONS]


def the_watch_sees_everything(points: list[Point]) -> None:
    """A watch that saw nothing would find nothing: these are there whatever the engine does."""
    kinds = Counter(point.kind for point in points)
    assert kinds[Kind.CALL] >= 8, "there are eight calls in every payment"
    assert kinds[Kind.COMMIT] >= 2 * kinds[Kind.CALL], "each call has its intent and its answer"
    assert kinds[Kind.MAIL] == 3, "the payer is asked, the payer has a receipt, the receiver is told"
    assert kinds[Kind.WRITE], "some writes need no transaction"


def around(points: list[Point], operation: str) -> set[Point]:
    """The call, with the commit of its intent before it and of its answer after it."""
    at = next(number for number, point in enumerate(points) if point.label == operation)
    return set(points[at - 1 : at + 2])
