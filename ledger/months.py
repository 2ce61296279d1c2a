"""Months of the business's calendar: what the books are closed by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ledger import days

DECEMBER: Final = 12
_WRITTEN: Final = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, order=True)
class CalendarMonth:
    """One month, named by its first day."""

    first: date

    @classmethod
    def of(cls, day: date) -> CalendarMonth:
        return cls(day.replace(day=1))

    @classmethod
    def read(cls, text: str) -> CalendarMonth | None:
        """`2026-11`; None for anything else."""
        match = _WRITTEN.fullmatch(text)
        if match is None or not 1 <= int(match[2]) <= DECEMBER or not int(match[1]):
            return None
        return cls(date(int(match[1]), int(match[2]), 1))

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def following(self) -> CalendarMonth:
        if self.first.month == DECEMBER:
            return CalendarMonth(date(self.first.year + 1, 1, 1))
        return CalendarMonth(self.first.replace(month=self.first.month + 1))

    @property
    def last(self) -> date:
        return self.following.first - timedelta(days=1)

    @property
    def begins_at(self) -> datetime:
        """Its first moment."""
        return days.begins(self.first)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return days.begins(self.following.first)
