"""Places for people who wait for wallets: so few in each process that a wallet that hangs never stops the site.

Whoever finds none is not kept waiting: a worker does it, or they press again.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from payments.presentation.reasons import Refusal

#: Of the threads of a process of the site (`backoffice.web_server`), so that there are others for everything else.
PLACES = 4

_free = threading.BoundedSemaphore(PLACES)


def take() -> bool:
    """Whether there was a place; it is taken until `give_back`."""
    return _free.acquire(blocking=False)


def give_back() -> None:
    _free.release()


@contextmanager
def place() -> Iterator[None]:
    """A place while a wallet is asked. Raises Refusal when there is none."""
    if not take():
        raise Refusal("wallets_busy")
    try:
        yield
    finally:
        give_back()
