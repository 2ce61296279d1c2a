"""The provider's own movable clock. Every expiry is read from it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass
class Clock:
    """Real time plus an offset in seconds, plus the offset found in a file that other processes share.

    After an equals sign the file holds one moment instead (seconds since 1970), at which time stands still.
    """

    file: Path | None = None
    offset_seconds: float = 0

    def now(self) -> datetime:
        """The provider's time, UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def timestamp(self) -> float:
        """The provider's time in seconds since 1970."""
        return self._shared_time() + self.offset_seconds

    def _shared_time(self) -> float:
        if self.file is None:
            return time.time()
        try:
            with open(self.file, "rb", buffering=0) as file:  # noqa: PTH123 - at every use, so as cheap as may be
                text = file.read().decode("ascii").strip()
            return float(text[1:]) if text.startswith("=") else time.time() + float(text or "0")
        except (FileNotFoundError, ValueError):
            # Not written yet, or seen half written by the process that shares it: no offset is the honest reading.
            return time.time()


def wire_time(timestamp: float) -> str:
    """RFC 3339 with milliseconds and Z, the form that Node wallets send."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> float:
    """Seconds since 1970 of an RFC 3339 date-time with an offset. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a date-time needs an offset")
    return moment.timestamp()
