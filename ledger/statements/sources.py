"""Sources of statements: set up, and changed, with an entry that says what counts from then on."""

from collections.abc import Sequence

from django.db import transaction

from ledger.models import StatementSource
from ledger.models.statements import SourceKind
from ledger.recording import Actor, record


@transaction.atomic
def set_up(source: StatementSource, *, by: int) -> None:
    """Save a new source of files."""
    source.kind = SourceKind.FILE
    source.save(force_insert=True)
    _tell("source.set_up", source, by)


@transaction.atomic
def change(source: StatementSource, columns: Sequence[str], *, by: int) -> None:
    """Save these columns of it."""
    source.save(update_fields=columns)
    _tell("source.changed", source, by)


def _tell(kind: str, source: StatementSource, by: int) -> None:
    record(
        kind,
        actor=Actor.staff(by),
        subjects={"source": str(source.pk)},
        data={
            "way": source.way,
            "days": source.window_days,
            "tolerance": str(source.tolerance),
            "currency": source.asset_code,
        },
        private={"name": source.name, "account": source.account} if source.account else {"name": source.name},
    )
