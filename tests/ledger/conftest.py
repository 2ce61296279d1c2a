"""What the tests of the ledger share."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from ledger.checkpoints.make_key import make_key
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


@pytest.fixture
def key(settings: Settings, tmp_path: Path) -> Path:
    """A key that signs this ledger's checkpoints."""
    file = tmp_path / "key.pem"
    make_key(file)
    settings.LEDGER_CHECKPOINT_KEY_FILE = str(file)
    return file


@pytest.fixture
def folder(key: Path, settings: Settings, tmp_path: Path) -> Path:
    """Where checkpoints are written outside the database."""
    path = tmp_path / "outside" / "checkpoints"
    settings.LEDGER_CHECKPOINT_DIR = str(path)
    return path
