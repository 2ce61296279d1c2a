"""The log of requests seen, so that tests can count calls. It never holds a token, a key or a body."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

MOST_ENTRIES = 20_000


@dataclass(slots=True)
class Entry:
    """One request. `status` is None while it is being answered and when the connection was cut without an answer."""

    operation: str
    method: str
    path: str
    from_wallet: bool
    fault: str | None = None
    status: int | None = None

    def to_wire(self) -> dict[str, Any]:
        fields = asdict(self)
        return {
            "operationId": fields.pop("operation"),
            "fromWallet": fields.pop("from_wallet"),
            **fields,
        }


class Journal:
    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MOST_ENTRIES)

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)

    def clear(self) -> None:
        self._entries.clear()

    def entries(self, operation: str | None = None) -> list[Entry]:
        """Oldest first."""
        return [entry for entry in self._entries if operation in {None, entry.operation}]
