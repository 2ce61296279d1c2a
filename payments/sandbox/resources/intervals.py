"""Repeating intervals of grants: `R3/2026-01-01T00:00:00Z/P1M` means three periods of a month from that moment."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from payments.sandbox.clock import parse_time

DURATION = re.compile(
    r"^P(?!$)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?$"
)
MOST_PERIODS = 100_000


@dataclass(frozen=True, slots=True)
class Duration:
    months: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        found = DURATION.match(text)
        if found is None:
            raise ValueError("the duration is not ISO 8601")
        years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        duration = cls(
            months=years * 12 + months, seconds=((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds
        )
        if not (duration.months or duration.seconds):
            raise ValueError("the duration is zero")
        return duration

    def after(self, moment: datetime) -> datetime:
        """`moment` plus this duration; a day that the month lacks becomes the month's last."""
        index = moment.year * 12 + moment.month - 1 + self.months
        year, month = divmod(index, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return moment.replace(year=year, month=month + 1, day=min(moment.day, last)) + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Interval:
    """`repetitions` is the number of periods; None means without end."""

    repetitions: int | None
    start: datetime
    duration: Duration

    @classmethod
    def parse(cls, text: str) -> Self:
        """Exactly three parts: repetitions, start, duration. Raises ValueError."""
        parts = text.split("/")
        if len(parts) != 3:  # noqa: PLR2004 - the three parts named above
            raise ValueError("three parts expected: repetitions, start, duration")
        repeat, start, duration = parts
        if not re.fullmatch(r"R\d{0,6}|R-1", repeat) or repeat == "R0":
            raise ValueError("the repetitions must be R, R-1 or R followed by a count")
        count = None if repeat in {"R", "R-1"} else int(repeat[1:])
        return cls(count, datetime.fromtimestamp(parse_time(start), UTC), Duration.parse(duration))

    def period_at(self, timestamp: float) -> tuple[float, float] | None:
        """Start and end (exclusive) of the period that `timestamp` falls in; None outside all of them.

        Each period starts where the one before ended, so 31 January plus months stays at the 28th, as in other wallets.
        """
        begin = self.start
        for _ in range(MOST_PERIODS if self.repetitions is None else self.repetitions):
            if begin.timestamp() > timestamp:
                return None
            end = self.duration.after(begin)
            if timestamp < end.timestamp():
                return begin.timestamp(), end.timestamp()
            begin = end
        return None
