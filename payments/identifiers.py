"""Names for rows, made before any call that uses them. A ULID is a name, never an order."""

from ulid import ULID

from ledger import clock

LENGTH = 26


def new_ulid() -> str:
    return str(ULID.from_datetime(clock.now()))
