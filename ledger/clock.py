"""The one clock of the program. Tests and the sandbox move it for all processes at once, through one small file.

The file holds seconds to add to real time (`3600`), or, after an equals sign, one moment at which time stands still, in
seconds since 1970 (`=1790000000.5`).
"""

import time
from datetime import UTC, datetime, timedelta

from django.conf import settings

SHORTEST_SLEEP = 0.01  # seconds


def now() -> datetime:
    """The present moment, aware, in UTC."""
    text = _file()
    if text.startswith("="):
        return datetime.fromtimestamp(float(text[1:]), UTC)
    return datetime.now(UTC) + timedelta(seconds=float(text or 0))


def sleep(seconds: float) -> None:
    """Wait until the clock is `seconds` further, at least a moment."""
    time.sleep(max(seconds, SHORTEST_SLEEP))


def monotonic() -> float:
    """Seconds by which waits are measured: they only grow, and moving the clock changes nothing."""
    return time.monotonic()


def instant(moment: datetime) -> str:
    """A moment as entries have it: UTC, to the microsecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _file() -> str:
    if not settings.CLOCK_OFFSET_FILE:
        return ""
    try:
        # Read at every use, so unbuffered: a run of thousands of payments looks at its clock a million times.
        with open(settings.CLOCK_OFFSET_FILE, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read().decode("ascii").strip()
    except FileNotFoundError:
        return ""
