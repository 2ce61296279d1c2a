"""All that is read for one file is read as the database was at one moment, however long it takes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Everything that is read inside is of the same moment, and nothing may be written.

    Nobody waits for it: PostgreSQL locks no row for it; SQLite takes no lock, but its WAL file grows meanwhile.
    """
    own = not connection.in_atomic_block  # else: a test, which is a transaction as a whole
    with _begun_for_reading(), transaction.atomic(durable=True):
        if own and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


@contextmanager
def _begun_for_reading() -> Iterator[None]:
    """SQLite's transactions are begun for writing here (see `settings`), which would keep all other writers out."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    usual = connection.transaction_mode  # type: ignore[attr-defined]  # of Django's SQLite backend
    connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]  # as above
    try:
        yield
    finally:
        connection.transaction_mode = usual  # type: ignore[attr-defined]  # as above
