"""A recorder or a sealer as a process of its own: `python -m tests.ledger.process record 40`."""

import os
import sys
import time

from tests import environment  # noqa: F401 - must run before the settings are read

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

import django

django.setup()

from django.db import transaction  # noqa: E402 - after setup

from ledger.api import seal  # noqa: E402 - after setup
from ledger.models import Link  # noqa: E402 - after setup
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


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[2:]]
    if sys.argv[1] == "record":
        record(*numbers)
    else:
        seal_until(*numbers)
