"""Where one reading of a wallet's list is: begun, interrupted, gone on with, ended. Whoever reads holds its source.

Each move is made only if the reading is still where it was seen: a run that was thought dead changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime

from ledger import clock
from ledger.models import StatementImport, StatementSource
from ledger.models.statements import ImportState


def begin(source: StatementSource, back_to: datetime | None) -> StatementImport:
    """From the newest row on, back to `back_to`; None for all of them."""
    return StatementImport.objects.create(source=source, reaches_back_to=back_to)


def go_on(source: StatementSource) -> StatementImport | None:
    """What was interrupted, and is read on now; None where the newest reading came to its end."""
    latest = source.imports.order_by("-began_at", "-id").first()
    if latest is None or latest.state not in {ImportState.INTERRUPTED, ImportState.READING}:
        return None
    return _moved(latest, ImportState.READING, problem="", problem_params={}, ended_at=None)


def stop(
    reading: StatementImport, state: ImportState, problem: str = "", params: Mapping[str, str] | None = None
) -> StatementImport:
    """It came to its end, or as far as it gets now; `problem` is a code, and `params` what its sentence needs."""
    told = {"problem": problem, "problem_params": dict(params or {}), "ended_at": clock.now()}
    return _moved(reading, state, **told)


def _moved(reading: StatementImport, to: ImportState, **columns: object) -> StatementImport:
    as_seen = StatementImport.objects.filter(pk=reading.pk, state=reading.state)
    if as_seen.update(state=to, **columns):
        reading.state = to
        for name, value in columns.items():
            setattr(reading, name, value)
    else:
        reading.refresh_from_db()
    return reading
