"""What must have happened in a process before it may move money."""

import logging
import threading

from django.db import connection

from ledger.api import check_triggers
from payments.actions.pausing import pause_by_itself
from payments.actions.sellers import register_from_settings
from payments.models.pauses import PauseCause
from payments.worker.database_identity import check_installation

logger = logging.getLogger(__name__)
_started = threading.Event()
_one_at_a_time = threading.Lock()


def start() -> None:
    """At each turn, before money moves; outside a transaction. The first call in a process sees to everything.

    Later calls look whether the database is still the one that it was. What makes moving money unsafe (a restored
    database, a ledger without its triggers) starts a pause instead of an error: looking goes on. Raises
    ImproperlyConfigured, with a sentence, for settings that can't be right.
    """
    if _started.is_set():
        check_installation()
        return
    with _one_at_a_time:
        if not _started.is_set():
            check_installation()
            check_ledger()
            register_from_settings()
            _started.set()


def check_ledger() -> None:
    """Pause everything while the ledger's tables could be changed unnoticed."""
    if missing := check_triggers(connection):
        logger.error("The ledger's triggers are missing: %s. Payments are paused.", ", ".join(missing))
        pause_by_itself(PauseCause.LEDGER_UNPROTECTED)
