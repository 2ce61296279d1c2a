"""Reading tables that somebody may have damaged: what is no text or no number is named, and stops nobody."""

import logging
from collections.abc import Iterator

from django.db import connection
from django.db.models import CharField, DateField, ForeignKey, JSONField, Model, TextField

from ledger.faults import Fault, FaultCode
from ledger.models import Checkpoint, Closing, Entry, EntrySubject, Link, PrivatePart, Reopening, Tile, Unsealed

logger = logging.getLogger(__name__)

TABLES: tuple[type[Model], ...] = (
    *(Entry, EntrySubject, Link, PrivatePart, Unsealed, Tile, Checkpoint),
    *(Closing, Reopening),
)


def going_on(part: str, faults: Iterator[Fault]) -> Iterator[Fault]:
    """`faults`, and one more instead of an error: what can't be read at all is a fault, and the other parts follow."""
    try:
        yield from faults
    except Exception:
        logger.exception("The ledger's %s could not be checked to the end.", part)
        yield Fault.of(FaultCode.UNREADABLE, part=part)


def wrong_types() -> Iterator[Fault]:
    """Values that are not of their column's type. SQLite keeps whatever it is given; PostgreSQL does not."""
    if connection.vendor != "sqlite":
        return
    for model in TABLES:
        yield from going_on(model._meta.db_table, _wrong_types(model))  # noqa: SLF001 - Django's public name


def _wrong_types(model: type[Model]) -> Iterator[Fault]:
    meta = model._meta  # noqa: SLF001 - Django's public name
    quote = connection.ops.quote_name
    wanted = {field.column: _storage(field) for field in meta.concrete_fields}
    row = " || ' ' || ".join(f"CAST({quote(field.column)} AS TEXT)" for field in meta.pk_fields)
    wrong = " OR ".join(f"typeof({quote(column)}) <> '{kind}'" for column, kind in wanted.items())
    kinds = ", ".join(f"typeof({quote(column)})" for column in wanted)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {row}, {kinds} FROM {quote(meta.db_table)} WHERE {wrong}")  # noqa: S608 - our own names
        for name, *found in cursor.fetchall():
            for (column, kind), stored in zip(wanted.items(), found, strict=True):
                if stored != kind:
                    yield Fault.of(FaultCode.DAMAGED, table=meta.db_table, row=str(name), column=column)


def _storage(field: object) -> str:
    # Moments are dates, too; all keys of the ledger that others point to are texts.
    texts = (CharField, TextField, DateField, ForeignKey, JSONField)
    return "text" if isinstance(field, texts) else "integer"
