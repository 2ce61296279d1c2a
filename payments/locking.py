"""The one way to lock a row: nobody else gets it until the transaction ends, on PostgreSQL and on SQLite alike."""

from typing import TypeVar

from django.db import transaction
from django.db.models import F, QuerySet

from payments.models.fields import Dated

Row = TypeVar("Row", bound=Dated)


def lock(rows: QuerySet[Row], pk: object) -> Row:
    """The row `pk` of `rows` as it is now, locked until the caller's transaction ends. Raises DoesNotExist.

    The write changes nothing, but takes the row's lock on PostgreSQL. SQLite has one writer at a time, and ignores
    `select_for_update`. A payment request is locked by `actions.requests.lock_request`, which the engine notices.
    """
    assert transaction.get_connection().in_atomic_block, "a lock ends with its transaction"
    rows.model._default_manager.filter(pk=pk).update(changed_at=F("changed_at"))  # noqa: SLF001 - Django's public name
    return rows.get(pk=pk)
