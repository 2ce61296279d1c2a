"""The one clock: real time, moved by an offset, or standing still at one moment."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from ledger import clock


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> Path:
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    return tmp_path / "clock"


@pytest.mark.parametrize(("text", "hours"), [("", 0), ("0", 0), ("3600", 1), ("-7200.0\n", -2)])
def test_seconds_in_the_file_are_added_to_real_time(file: Path, text: str, hours: int) -> None:
    file.write_text(text)
    assert abs(clock.now() - datetime.now(UTC) - timedelta(hours=hours)) < timedelta(seconds=5)


def test_without_the_file_it_is_real_time(file: Path) -> None:
    assert not file.exists()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_after_an_equals_sign_time_stands_still(file: Path) -> None:
    file.write_text("=1790000000.25\n")
    assert clock.now() == clock.now() == datetime(2026, 9, 21, 14, 13, 20, 250_000, UTC)
