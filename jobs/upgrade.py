"""After an upgrade: rows get the entries that the versions before did not write, once."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.migrations import Migration

from ledger.api import carry_over, comes_from_before


def carry_rows_over(using: str, plan: Sequence[tuple[Migration, bool]] = (), **_kwargs: Any) -> None:
    """Receiver of `post_migrate`: what an earlier version has written is in the ledger from now on, as it is."""
    if comes_from_before(plan, "jobs", "0003_vouched"):
        with transaction.atomic(using):
            carry_over("jobs")
