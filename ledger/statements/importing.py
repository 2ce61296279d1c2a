"""Files of statements: looked at first, then imported whole or not at all. A row that is there already counts once."""

import hashlib
import zlib
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from django.db import transaction

from ledger import clock, days
from ledger.models import StatementImport, StatementRow, StatementSource
from ledger.models.statements import ImportState, SourceKind
from ledger.recording import Actor, record
from ledger.statements.amounts import amount_of
from ledger.statements.lines import AT_ONCE, ToldRow, new_lines
from ledger.statements.mapping import Mapping, guess
from ledger.statements.reading import BadRow, ReadRows, UnreadableFileError, read_rows, table_of

SHOWN: Final = 20
#: Bad rows that are told one by one; the others are counted.
TOLD_BAD: Final = 200


class ImportRefusedError(Exception):
    """A file that can't be imported as it is. `code`: over, bad_rows, nothing_new, not_mapped."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code: Final = code


def look(source: StatementSource, name: str, content: bytes, *, by: int) -> StatementImport:
    """Keep the file, and what is in it, to be looked at. Raises UnreadableFileError."""
    assert source.kind == SourceKind.FILE, "what a wallet lists is read from the wallet"
    table = table_of(content)
    mapping = Mapping.from_json(source.mapping)
    if mapping is None or mapping.missing_in(table.header):
        mapping = guess(table.header, table.sample)
    statement = StatementImport(
        source=source,
        state=ImportState.PREVIEW,
        by=by,
        file_name=name[:200],
        digest=hashlib.sha256(content).hexdigest(),
        content=zlib.compress(content),
    )
    _summarise(statement, content, mapping)
    statement.save(force_insert=True)
    return statement


def look_again(statement: StatementImport, mapping: Mapping) -> StatementImport:
    """With other columns. Raises ImportRefusedError, UnreadableFileError."""
    content = _content(statement)
    _summarise(statement, content, mapping)
    statement.save(update_fields=["fresh", "known", "bad", "summary"])
    return statement


def import_whole(pk: int, *, by: int) -> StatementImport:
    """Import what was looked at, all of it in one transaction, and save its columns for the next file.

    Raises ImportRefusedError when a row can't be read: then nothing is imported.
    """
    statement = StatementImport.objects.select_related("source").get(pk=pk)
    content = _content(statement)
    mapping = Mapping.from_json(statement.summary["mapping"])
    assert mapping, "what was looked at has its columns"
    found = _read(content, mapping, statement.source)
    if found.bad:
        raise ImportRefusedError("bad_rows")
    with transaction.atomic():
        source = StatementSource.objects.select_for_update().get(pk=statement.source_id)
        statement = StatementImport.objects.select_for_update().get(pk=pk)
        if statement.state != ImportState.PREVIEW or statement.summary["mapping"] != mapping.to_json():
            raise ImportRefusedError("over")
        fresh, others = _fresh(statement, found.rows)
        if others:
            raise ImportRefusedError("bad_rows")
        if not fresh:
            raise ImportRefusedError("nothing_new")
        StatementRow.objects.bulk_create(fresh, batch_size=AT_ONCE)
        statement.fresh, statement.known = len(fresh), len(found.rows) - len(fresh) + found.again
        _end(statement, ImportState.COMPLETE)
        if source.mapping != mapping.to_json():
            source.mapping = mapping.to_json()
            source.save(update_fields=["mapping"])
        _tell("statement.imported", statement, by, {"rows": len(fresh), "known": statement.known})
    return statement


def discard(pk: int, *, by: int) -> StatementImport:
    """What was looked at is not imported. Raises ImportRefusedError."""
    with transaction.atomic():
        statement = StatementImport.objects.select_for_update().get(pk=pk)
        if statement.state != ImportState.PREVIEW:
            raise ImportRefusedError("over")
        _end(statement, ImportState.DISCARDED)
        _tell("statement.discarded", statement, by, {})
    return statement


def _end(statement: StatementImport, state: ImportState) -> None:
    """Nothing of the file is kept but its rows: what was shown of it may name people."""
    statement.state, statement.ended_at, statement.content, statement.summary = state, clock.now(), None, {}
    statement.save(update_fields=["fresh", "known", "state", "ended_at", "content", "summary"])


def _content(statement: StatementImport) -> bytes:
    if statement.state != ImportState.PREVIEW or statement.content is None:
        raise ImportRefusedError("over")
    return zlib.decompress(bytes(statement.content))


def _read(content: bytes, mapping: Mapping, source: StatementSource) -> ReadRows:
    if not mapping.is_enough:
        raise ImportRefusedError("not_mapped")
    # Somebody's day may be ours of tomorrow; of one later than that nothing can have happened yet.
    return read_rows(table_of(content), mapping, source.asset_code, until=days.today() + timedelta(days=1))


def _summarise(statement: StatementImport, content: bytes, mapping: Mapping) -> None:
    table = table_of(content)
    found, problem = ReadRows(), {}
    try:
        found = _read(content, mapping, statement.source)
    except ImportRefusedError as refused:
        problem = {"code": refused.code, "params": {}}
    except UnreadableFileError as error:
        problem = {"code": error.code, "params": error.params}
    fresh, others = _fresh(statement, found.rows)
    bad = sorted((*found.bad, *others), key=lambda row: row.number)
    statement.fresh, statement.known = len(fresh), len(found.rows) - len(fresh) - len(others) + found.again
    statement.bad = len(bad)
    statement.summary = {
        "mapping": mapping.to_json(),
        "header": table.header,
        "problem": problem,
        "sample": [_shown(line) for line in fresh[:SHOWN]],
        "bad": [asdict(row) for row in bad[:TOLD_BAD]],
        "same_file": _same_file(statement),
    }


def _shown(line: StatementRow) -> dict[str, Any]:
    return {
        "number": line.number,
        "at": line.at.isoformat(),
        "code": line.asset_code,
        "scale": line.asset_scale,
        "value": line.value,
        "id": line.external_id,
        "text": line.text,
    }


def _same_file(statement: StatementImport) -> str:
    """When the very same file was imported; empty when it was not."""
    before = StatementImport.objects.filter(
        source=statement.source_id, digest=statement.digest, state=ImportState.COMPLETE
    ).first()
    return before.began_at.isoformat() if before else ""


def _fresh(statement: StatementImport, rows: list[ToldRow]) -> tuple[list[StatementRow], list[BadRow]]:
    """Those that are not there: of rows that say the same, as many as the file has more than there are.

    And those whose id is there, and that say something else: they are neither new, nor there before.
    """
    lines = new_lines(statement, rows)
    contents = sorted({line.content for line in lines})
    there: dict[tuple[str, int], StatementRow] = {}
    for start in range(0, len(contents), AT_ONCE):
        known = StatementRow.objects.filter(source=statement.source_id, content__in=contents[start : start + AT_ONCE])
        there |= {(line.content, line.occurrence): line for line in known.defer("references", "external_id")}
    fresh, others = [], []
    for line in lines:
        before = there.get((line.content, line.occurrence))
        if before is None:
            fresh.append(line)
        elif line.external_id and not _says_the_same(before, line):
            others.append(BadRow(line.number, "other_row_of_this_id", line.external_id[:100]))
    return fresh, others


def _says_the_same(before: StatementRow, line: StatementRow) -> bool:
    """Of one id. What was erased of the earlier one is not held against the later."""
    amounts = amount_of(before), amount_of(line)
    same_amount = amounts[0].code == amounts[1].code and amounts[0].major == amounts[1].major
    same_day = before.at.astimezone(days.zone()).date() == line.at.astimezone(days.zone()).date()
    return same_amount and same_day and before.text in {"", line.text}


def _tell(kind: str, statement: StatementImport, by: int, data: dict[str, int]) -> None:
    record(
        kind,
        actor=Actor.staff(by),
        subjects={"statement": str(statement.pk), "source": str(statement.source_id)},
        data={**data, "digest": statement.digest},
        private={"file": statement.file_name},
    )
