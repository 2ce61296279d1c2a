"""A recorder or a sealer as a process of its own: `python -m tests.ledger.process record 40`."""

import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from tests import environment  # noqa: F401 - must run before the settings are read

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

import django

django.setup()

from django.db import transaction  # noqa: E402 - after setup

from ledger import clock  # noqa: E402 - after setup
from ledger.api import Actor, seal  # noqa: E402 - after setup
from ledger.books import closing  # noqa: E402 - after setup
from ledger.models import Link  # noqa: E402 - after setup
from ledger.months import CalendarMonth  # noqa: E402 - after setup
from tests.ledger import samples  # noqa: E402 - after setup

DEADLINE = time.monotonic() + 60


def record(entries: int) -> None:
    """Commit entries, one, two or three in a transaction."""
    done = 0
    while done < entries:
        with transaction.atomic():
            for _ in range(min(1 + done % 3, entries - done)):
                samples.settled(str(os.getpid()), name="Ana")
                done += 1


def seal_until(links: int, limit: int) -> None:
    """Seal until the chain is that long, saying each time how many were sealed."""
    while Link.objects.count() < links:
        assert time.monotonic() < DEADLINE, "The chain did not grow in time."
        if sealed := seal(limit):
            print(sealed, flush=True)  # noqa: T201 - the test reads it


def book(movements: int) -> None:
    """Book something that happened forty days ago, each in a transaction of its own."""
    for number in range(movements):
        with transaction.atomic():
            samples.booked(clock.now() - timedelta(days=40), f"{os.getpid()}", number + 1)


def close(user: int) -> None:
    """Close the month of forty days ago, again while something is booked in it, and say what came of it."""
    month = CalendarMonth.of((clock.now() - timedelta(days=40)).date())
    while True:
        assert time.monotonic() < DEADLINE, "It was never closed."
        try:
            closing.close(closing.reckon(month), by=Actor.staff(user))
        except closing.CannotClose as why:
            if why.obstacle == closing.Obstacle.CHANGED_MEANWHILE:
                continue
            print(why.obstacle, why.by)  # noqa: T201 - the test reads it
        else:
            print("closed", user)  # noqa: T201 - the test reads it
        return


if __name__ == "__main__":
    tools: dict[str, Callable[..., None]] = {"record": record, "seal": seal_until, "book": book, "close": close}
    tools[sys.argv[1]](*(int(argument) for argument in sys.argv[2:]))
