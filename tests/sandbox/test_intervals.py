"""Periods of repeating intervals."""

from datetime import UTC, datetime

import pytest

from payments.sandbox.resources.intervals import Interval


def period(text: str, moment: str) -> tuple[str, str] | None:
    found = Interval.parse(text).period_at(datetime.fromisoformat(moment).timestamp())
    if found is None:
        return None
    begin, end = (datetime.fromtimestamp(edge, UTC).isoformat()[:16] for edge in found)
    return begin, end


def test_there_are_as_many_periods_as_it_says() -> None:
    three = "R3/2026-01-01T00:00:00Z/P1M"
    assert period(three, "2025-12-31T23:59:59Z") is None
    assert period(three, "2026-01-01T00:00:00Z") == ("2026-01-01T00:00", "2026-02-01T00:00")
    assert period(three, "2026-03-31T23:59:59Z") == ("2026-03-01T00:00", "2026-04-01T00:00")
    assert period(three, "2026-04-01T00:00:00Z") is None


def test_the_end_of_january_stays_at_the_twenty_eighth() -> None:
    assert period("R/2026-01-31T12:00:00Z/P1M", "2026-03-28T12:00:00Z") == ("2026-03-28T12:00", "2026-04-28T12:00")


@pytest.mark.parametrize(
    ("text", "moment", "begin"),
    [
        ("R/2024-02-29T00:00:00Z/P1Y", "2025-03-01T00:00:00Z", "2025-02-28T00:00"),
        ("R-1/2026-01-01T00:00:00-06:00/P1W", "2026-01-09T00:00:00Z", "2026-01-08T06:00"),
        ("R/2026-01-01T00:00:00Z/P1DT12H", "2026-01-02T13:00:00Z", "2026-01-02T12:00"),
    ],
)
def test_years_weeks_days_and_hours(text: str, moment: str, begin: str) -> None:
    found = period(text, moment)
    assert found is not None
    assert found[0] == begin


@pytest.mark.parametrize(
    "text",
    ["", "R3", "R3//P1M", "R3/2026-01-01T00:00:00Z/", "R3/2026-01-01T00:00:00Z/1M", "R3/2026-01-01T00:00:00Z/PT",
     "R3/2026-01-01T00:00:00Z/P0D", "R-2/2026-01-01T00:00:00Z/P1M", "3/2026-01-01T00:00:00Z/P1M",
     "R3/2026-13-01T00:00:00Z/P1M", "R3/2026-01-01T00:00:00Z/P1M/x", "R3/2026-01-01T00:00:00Z/P1M1Y"],
)  # fmt: skip
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Interval.parse(text)
