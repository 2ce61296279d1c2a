"""A hostile world: two thousand payments while a third of all calls to wallets go wrong, one way or another.

`CHAOS_FLOWS=10000` runs more (about seven a second on two processors), `CHAOS_SEED` others.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.chaos.__main__ import headline, told
from tests.chaos.shards import Report, run
from tests.chaos.ways import ALL
from tests.summaries import SUMMARY

if TYPE_CHECKING:
    from collections.abc import Callable

FLOWS = int(os.environ.get("CHAOS_FLOWS", "2000"))
SEED = int(os.environ.get("CHAOS_SEED", "7"))
FAULTY_PERCENT = 30
#: In fewer flows a rare way may by chance never come to its end.
ENOUGH_FOR_ALL_WAYS = 1000


def test_every_promise_about_money_holds_while_a_third_of_all_calls_go_wrong(
    record_property: Callable[[str, object], None],
) -> None:
    report = run(flows=FLOWS, seed=SEED, faults=FAULTY_PERCENT)
    came_of_it = "broken" if report.problems else f"0 broken promises, trace {report.trace[:12]}"
    record_property(SUMMARY, f"chaos: {headline(report)}, {came_of_it}")
    summary = told(report)
    assert not report.problems, summary
    assert report.faulty_percent >= FAULTY_PERCENT, summary
    # A run in which hardly anything reaches money would prove nothing.
    assert report.payments["settled"] >= FLOWS / 4, summary
    assert FLOWS < ENOUGH_FOR_ALL_WAYS or all(report.settled[way] for way in ALL), summary


def test_the_same_seed_is_the_same_run() -> None:
    assert _small(SEED).traces == _small(SEED).traces


def _small(seed: int) -> Report:
    return run(flows=14, seed=seed, faults=FAULTY_PERCENT, shards=1)
