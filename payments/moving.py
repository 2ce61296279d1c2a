"""The one way a row changes its state: by its table, if it is still as it was read, in the caller's transaction.

Whoever moves a row also writes its ledger entry: `engine.transitions.move` for all that moves money.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from ledger import clock
from payments.models.fields import Dated


class Moved(Exception):
    """The row is no longer as it was read: somebody else was first."""


class NoSuchMove(Exception):
    """The table has no such move: a bug, or an answer that came so late that the row has ended meanwhile."""


def swap(
    row: Dated,
    to: str,
    moves: Mapping[str, Collection[str]],
    *,
    column: str = "state",
    unchanged: Collection[str] = (),
    **columns: Any,
) -> None:
    """Move `row` from the state it was read in to `to`, if `moves` allow it, setting `columns` with it.

    `column` is where the state stands; the columns `unchanged` must be as they were read, too. Raises `NoSuchMove`, and
    `Moved` when the row has changed meanwhile; `row` then stays as it was.
    """
    assert transaction.get_connection().in_atomic_block, "a state changes together with its ledger entry"
    was = getattr(row, column)
    name = f"{type(row).__name__} {row.pk}"
    if to not in moves.get(was, ()):
        raise NoSuchMove(f"{name}: there is no move from {was} to {to}")
    read = {each: getattr(row, each) for each in (column, *unchanged)}
    columns.update({column: to, "changed_at": clock.now()})
    if type(row)._default_manager.filter(pk=row.pk, **read).update(**columns) != 1:  # noqa: SLF001 - Django's public name
        raise Moved(f"{name} is no longer {was}")
    for each, value in columns.items():
        setattr(row, each, value)
