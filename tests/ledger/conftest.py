"""What the tests of the ledger share."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.ledger.fixtures import ledger_that_can_be_emptied  # noqa: F401 - used by pytest

MoveClock = Callable[[timedelta], None]


@pytest.fixture
def move_clock(settings: Settings, tmp_path: Path) -> MoveClock:
    """Sets how far the program's clock is from the real one."""
    file = tmp_path / "clock"
    settings.CLOCK_OFFSET_FILE = str(file)

    def move(offset: timedelta) -> None:
        file.write_text(str(offset.total_seconds()), encoding="ascii")

    return move
