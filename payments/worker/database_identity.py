"""Is this still the database we left? A restored or copied one starts paused, for it may have forgotten payments.

Three witnesses: a fingerprint of where the database lives, kept inside it, which notices a copy; the ledger's latest
checkpoint, kept outside it, and the last link that this process has seen: they notice an older, or another, database
that was put into the same place, also while the program runs.
"""

import logging
from pathlib import Path

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from ledger import clock
from ledger.api import OLDER_OR_OTHER, Actor, Comparison, compare_checkpoint, continues, record
from payments.actions.pausing import pause_by_itself
from payments.models import Installation, Pause
from payments.models.pauses import PauseCause
from payments.pauses import blocking

logger = logging.getLogger(__name__)


def check_installation() -> Pause | None:
    """Pause everything when this database was restored or copied; None when it is the one we know.

    To be called at each turn of a process that moves money, outside a transaction. The first start of a database stores
    its fingerprint. What was noticed is told once: after an administrator resumed, the new place is the known one.
    """
    found = fingerprint(connection)
    known = Installation.objects.first()
    if known is None:
        Installation.objects.get_or_create(pk=1, defaults={"fingerprint": found})
    history = compare_checkpoint()
    moved = known is not None and known.fingerprint != found
    forgot = not continues()
    if not moved and not forgot and history not in OLDER_OR_OTHER:
        return None
    with transaction.atomic():
        # Told once: this is asked at each turn.
        if not blocking("", ()):
            words = "This is not the database that was here before (%s). Payments are paused."
            logger.warning(words, {"moved": moved, "links gone": forgot, "checkpoint": str(history)})
        started = pause_by_itself(PauseCause.DATABASE_RESTORED)
        if known is not None and moved and _remember(known.fingerprint, found):
            _tell(known.fingerprint, found, history, started)
    return started


def fingerprint(database: BaseDatabaseWrapper) -> str:
    """Which database this is, and where: changes when it is copied, restored elsewhere, or promoted from a standby."""
    if database.vendor == "sqlite":
        return _sqlite(str(database.settings_dict["NAME"]))
    return _postgresql(database)


def _sqlite(name: str) -> str:
    path = Path(name)
    if not path.exists():
        return "sqlite:memory"
    resolved = path.resolve()
    return f"sqlite:{resolved}:{resolved.stat().st_ino}"


def _postgresql(database: BaseDatabaseWrapper) -> str:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege('pg_control_system()', 'execute'),"
            " (SELECT oid FROM pg_database WHERE datname = current_database()),"
            " CASE WHEN pg_is_in_recovery() THEN '' ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END"
        )
        allowed, oid, timeline = cursor.fetchone()
        if allowed:
            cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
        else:
            cursor.execute("SELECT coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'socket')")
        (cluster,) = cursor.fetchone()
    return f"postgresql:{cluster}:{oid}:{timeline}"


def _remember(old: str, new: str) -> bool:
    """Whether it was us: several processes start at once."""
    rows = Installation.objects.filter(fingerprint=old)
    return rows.update(fingerprint=new, checked_at=clock.now()) == 1


def _tell(old: str, new: str, history: Comparison, started: Pause) -> None:
    record(
        "installation.moved",
        actor=Actor.system("installation"),
        subjects={"pause": str(started.pk)},
        data={"before": old, "now": new, "ledger": str(history)},
    )
