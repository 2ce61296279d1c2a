"""The log of requests seen, so that tests can count calls. It never holds a token, a key or a body."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

MOST_REQUESTS = 20_000


@dataclass(slots=True)
class LoggedRequest:
    """One request. `status` is None while it is being answered and when the connection was cut without an answer."""

    operation: str
    method: str
    path: str
    from_wallet: bool
    fault: str | None = None
    status: int | None = None

    def to_wire(self) -> dict[str, Any]:
        fields = asdict(self)
        return {"operationId": fields.pop("operation"), "fromWallet": fields.pop("from_wallet"), **fields}


class RequestLog:
    def __init__(self) -> None:
        self._requests: deque[LoggedRequest] = deque(maxlen=MOST_REQUESTS)

    def add(self, request: LoggedRequest) -> None:
        self._requests.append(request)

    def clear(self) -> None:
        self._requests.clear()

    def requests(self, operation: str | None = None) -> list[LoggedRequest]:
        """Oldest first."""
        return [request for request in self._requests if operation in {None, request.operation}]
