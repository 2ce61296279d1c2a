"""What is being worked on, for log lines: on whose behalf, and on which payment request.

The id of a request over HTTP goes with the tasks that it queues, and with the calls to wallets that follow from them.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Final, TypeVar

Given = TypeVar("Given")
Returned = TypeVar("Returned")

NOBODY: Final = "-"
#: What may stand in a log as the id of a request.
ACCEPTABLE: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
current: Final[ContextVar[str]] = ContextVar("request_id", default=NOBODY)
payment_request: Final[ContextVar[str]] = ContextVar("payment_request", default=NOBODY)


@contextmanager
def about(payment_request_id: str) -> Iterator[None]:
    token = payment_request.set(payment_request_id)
    try:
        yield
    finally:
        payment_request.reset(token)


def carried(do: Callable[[Given], Returned]) -> Callable[[Given], Returned]:
    """`do`, for other threads: what it logs is logged as if it were done here."""
    here = copy_context()
    # A context can be entered once at a time; each call gets its own.
    return lambda given: here.copy().run(do, given)
