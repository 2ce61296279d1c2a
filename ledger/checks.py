"""The system check that the ledger cannot be changed behind its back."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning  # noqa: A004 - Django's name
from django.db import connections

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
