"""How long to wait after things went wrong, and between looks."""

import random
from datetime import datetime, timedelta

from ledger import clock

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 600.0
POLL_SECONDS: tuple[float, ...] = (0.5, 1, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300)
LONGEST_POLL_SECONDS = 1800.0


def after_failure(failures: int, at_least: timedelta = timedelta()) -> datetime:
    """When to try again after so many failures in a row, and not before `at_least` has passed.

    Jittered, so that rows that failed together part ways.
    """
    seconds = min(FIRST_SECONDS * 2 ** min(failures - 1, 10), LONGEST_SECONDS)
    return clock.now() + max(timedelta(seconds=seconds * random.uniform(0.75, 1.25)), at_least)  # noqa: S311 - not a secret


def next_poll(polls: int) -> datetime:
    """When to look again at a payment that was sent, after so many looks."""
    seconds = POLL_SECONDS[polls] if polls < len(POLL_SECONDS) else LONGEST_POLL_SECONDS
    return clock.now() + timedelta(seconds=seconds)
