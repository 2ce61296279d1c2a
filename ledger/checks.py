"""The system checks of the ledger: that it cannot be changed behind its back, and that somebody could prove it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's names
from django.db import connections

from ledger.checkpoints import keys
from ledger.triggers import check_triggers


def check_append_only(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """A warning and not an error: an error would stop `migrate`, which is what makes the triggers again."""
    return [
        Warning(
            f"The trigger {name} is missing or changed, so the ledger could be altered.",
            hint="Run `manage.py migrate`, then `manage.py verify_ledger`.",
            id="ledger.W001",
        )
        for alias in databases or []
        for name in check_triggers(connections[alias])
    ]


def check_checkpoints(**_kwargs: Any) -> list[CheckMessage]:
    """For `check --deploy`: whether checkpoints are signed, and written where a restored database does not reach."""
    try:
        signer = keys.signer()
        keys.known()
    except keys.UnusableKey as unusable:
        return [Error(str(unusable), hint="docs/ledger.md says how the key is made.", id="ledger.E001")]
    found: list[CheckMessage] = []
    if signer is None:
        found.append(
            Warning(
                "No key signs the ledger's checkpoints, so nothing of it can be proven to others.",
                hint="Run `manage.py make_checkpoint_key FILE` and set LEDGER_CHECKPOINT_KEY_FILE.",
                id="ledger.W002",
            )
        )
    if not settings.LEDGER_CHECKPOINT_DIR:
        found.append(
            Warning(
                "No checkpoint of the ledger is written outside the database, so an older one put back is not noticed.",
                hint="Set LEDGER_CHECKPOINT_DIR to a folder that is not restored together with the database.",
                id="ledger.W003",
            )
        )
    return found
