"""Keeping what they say: each row once, however often it is told, with the newest of what is said of it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from ledger.models import StatementImport, StatementRow
from ledger.models.statements import LONGEST_TEXT
from ledger.statements.amounts import amount_of
from ledger.statements.matching import TheirRow

AT_ONCE = 500


@dataclass(frozen=True)
class ToldRow:
    """One row of a wallet's list or of a file, read. What leaves the account is below zero."""

    row: TheirRow
    text: str = ""
    number: int = 0


@dataclass(frozen=True)
class Kept:
    """How many rows are new, were there before, and were told already by this very statement."""

    fresh: int = 0
    known: int = 0
    again: int = 0


def content_of(*parts: object) -> str:
    """The same for rows that say the same: a hash of what they say."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def keep_listed(statement: StatementImport, listed: Sequence[ToldRow]) -> Kept:
    """The rows of one page of a wallet's list, each known by its id there, in a transaction of its own."""
    with transaction.atomic():
        by_content = {content_of(told.row.id): told for told in listed}
        rows = StatementRow.objects.filter(source_id=statement.source_id, content__in=by_content)
        there = {line.content: line for line in rows}
        again = sum(line.listed_at == statement.began_at for line in there.values()) + len(listed) - len(by_content)
        for content, line in there.items():
            _tell_again(line, by_content[content], statement)
        fresh = [_line(statement, told, content) for content, told in by_content.items() if content not in there]
        StatementRow.objects.bulk_create(fresh)
    return Kept(len(fresh), len(there), again)


def _tell_again(line: StatementRow, told: ToldRow, statement: StatementImport) -> None:
    amount = told.row.amount
    line.value, line.asset_code, line.asset_scale = amount.value, amount.code, amount.scale
    line.listed_at = statement.began_at
    line.save(update_fields=["value", "asset_code", "asset_scale", "listed_at"])


def new_lines(statement: StatementImport, found: Iterable[ToldRow]) -> list[StatementRow]:
    """Rows of a file, not saved, each with how often the same stood before it in the file."""
    seen: dict[str, int] = {}
    lines = []
    for told in found:
        content = told.row.content
        seen[content] = seen.get(content, 0) + 1
        lines.append(_line(statement, told, content, seen[content]))
    return lines


def _line(statement: StatementImport, told: ToldRow, content: str, occurrence: int = 1) -> StatementRow:
    row = told.row
    return StatementRow(
        source_id=statement.source_id,
        first_import=statement,
        number=told.number,
        content=content,
        occurrence=occurrence,
        external_id=row.id,
        references=sorted(row.references),
        text=told.text[:LONGEST_TEXT],
        at=row.at,
        asset_code=row.amount.code,
        asset_scale=row.amount.scale,
        value=row.amount.value,
        listed_at=statement.began_at,
    )


def their_row(line: StatementRow) -> TheirRow:
    """The line as matching takes it."""
    return TheirRow(
        key=str(line.pk),
        amount=amount_of(line),
        at=line.at,
        id=line.external_id,
        references=frozenset(line.references),
        content=line.content,
    )
