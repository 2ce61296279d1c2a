"""The clock of a run: it stands still until it is told to go on, for us and for the wallets alike."""

import os
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from ulid import ValueProvider
from ulid.constants import RANDOMNESS_LEN

#: 2027-01-04 15:00 UTC, a Monday.
START = 1_799_074_800.0


class VirtualClock:
    """`now` in seconds since 1970, written to the file that `ledger.clock` and the sandbox read."""

    def __init__(self, file: Path) -> None:
        self._file, self._fresh = file, file.with_suffix(".new")
        self.now = 0.0
        self.move_to(START)

    def move_to(self, moment: float) -> None:
        """Never backwards."""
        if moment <= self.now:
            return
        self.now = moment
        with open(self._fresh, "wb", buffering=0) as fresh:  # noqa: PTH123 - it moves often
            fresh.write(f"={self.now:.3f}".encode())
        os.replace(self._fresh, self._file)  # noqa: PTH105

    def forward(self, seconds: float) -> None:
        self.move_to(self.now + seconds)

    def at(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


class InOrder(ValueProvider):
    """Names of rows in the order in which they were made, also at one moment: where time stands still, they are all
    that tells what came first.
    """

    def __init__(self) -> None:
        super().__init__()
        self._made = count(1)

    def randomness(self, current_timestamp: int | None = None) -> bytes:
        del current_timestamp
        return next(self._made).to_bytes(RANDOMNESS_LEN, "big")
