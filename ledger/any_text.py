"""Reading what may be damaged."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def any_text() -> Iterator[None]:
    """SQLite may hold bytes that are no UTF-8: read them as surrogates, to report and not to stumble over them."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    raw = connection.connection
    before = raw.text_factory
    raw.text_factory = lambda stored: stored.decode(errors="surrogateescape")
    try:
        yield
    finally:
        raw.text_factory = before
