"""Indexes that find a part of a text, where PostgreSQL has pg_trgm. Elsewhere a search reads the table."""

from typing import Any

from django.db import DatabaseError, migrations, transaction


def trigram_index(name: str, table: str, *columns: str) -> migrations.RunPython:
    """An operation that makes the index `name` on `columns` (SQL), as the lookup `icontains` compares them."""

    def make(_apps: Any, editor: Any) -> None:
        if editor.connection.vendor != "postgresql" or not _has_trigrams(editor.connection):
            return
        compared = ", ".join(f"upper(({column})::text) gin_trgm_ops" for column in columns)
        editor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin ({compared})")

    def drop(_apps: Any, editor: Any) -> None:
        editor.execute(f"DROP INDEX IF EXISTS {name}")

    return migrations.RunPython(make, drop)


def _has_trigrams(connection: Any) -> bool:
    """PostgreSQL trusts a database's owner with this extension; whoever may not make it goes without."""
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return False
    return True
