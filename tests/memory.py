"""Where files of a test are kept that need not outlive it."""

import os
from pathlib import Path


def folder() -> str | None:
    """In memory, where there is such a place; None for the usual one.

    A process that is killed loses nothing that it gave to the system: no disk is needed to try that.
    """
    place = Path("/dev/shm")
    return str(place) if os.access(place, os.W_OK) else None
