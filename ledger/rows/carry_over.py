"""Rows that were there before the ledger vouched for their tables: each is carried by an entry, once."""

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db.migrations import Migration

from ledger.recording import Actor, insert
from ledger.rows.verification import untold
from ledger.rows.vouching import CARRIED_OVER, Vouched, vouched

_ACTOR = Actor.system("upgrade")
_PER_ENTRY = 20  # rows carried by one entry, to keep its body small


def comes_from_before(plan: Iterable[tuple[Migration, bool]], app_label: str, migration: str) -> bool:
    """Whether `plan` brought a database of an earlier version to the migration after which the ledger vouches for rows.

    Not a new database, nor one that was there before: rows that somebody inserted later are not vouched for.
    """
    done = {(each.app_label, each.name) for each, backwards in plan if not backwards}
    return (app_label, migration) in done and (app_label, "0001_initial") not in done


def carry_over(app_label: str) -> int:
    """Record the rows of a room's tables that no entry carries yet, in the caller's transaction. How many they were.

    For upgrades only: what somebody has inserted beside the program would be vouched for, too.
    """
    count = 0
    for table in vouched():
        if table.model._meta.app_label == app_label:  # noqa: SLF001 - Django's public name
            for keys in _batches(table):
                insert(CARRIED_OVER, actor=_ACTOR, subjects={table.name: keys}, data={"table": table.table})
                count += len(keys)
    return count


def _batches(table: Vouched) -> Iterator[list[str]]:
    remaining = untold(table)
    while batch := list(islice(remaining, _PER_ENTRY)):
        yield batch
