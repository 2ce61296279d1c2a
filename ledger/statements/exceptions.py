"""Exceptions: what differs is opened once, gone by itself when both agree again, and otherwise ended by a person.

Nothing here moves money. What a person does is an entry of the ledger, with who and why.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from ledger import clock
from ledger.books.sums import Total
from ledger.content import Json
from ledger.models import ExceptionNote, StatementException, StatementMatch, StatementSource
from ledger.models.statements import LONGEST_WORDS
from ledger.recording import Actor, record
from ledger.statements.amounts import LARGEST_VALUE, expected_by, found_by
from ledger.statements.differences import Compared, Difference
from ledger.statements.kinds import RESOLUTIONS, DifferenceType, Resolution

AT_ONCE: Final = 500


class ExceptionRefused(Exception):
    """What a person wanted to do with an exception is not possible. `code`: over, not_offered, no_words, nobody."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code: Final = code


@dataclass(frozen=True)
class Judged:
    """Which lines (by id) and which rows of ours a comparison has looked at: of no others it says anything."""

    lines: Collection[str] = field(default_factory=frozenset)
    rows: Collection[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Outcome:
    """How many matches stand, and how many exceptions were opened and are gone."""

    matched: int
    opened: int
    cleared: int


def open_exceptions() -> QuerySet[StatementException]:
    return StatementException.objects.filter(resolved_at=None)


def keep(source: StatementSource, compared: Compared, judged: Judged) -> Outcome:
    """Write down what a comparison of `source` found, in one transaction. The same again changes nothing."""
    with transaction.atomic():
        StatementSource.objects.select_for_update().get(pk=source.pk)
        matched = _keep_matches(compared, judged)
        opened, cleared = _keep_differences(source, compared.differences, judged)
    return Outcome(matched, opened, cleared)


def _keep_matches(compared: Compared, judged: Judged) -> int:
    wanted = {
        (theirs.key, mine.key): (mine.subject, each.rule)
        for each in compared.matches
        for theirs in each.theirs
        for mine in each.ours
    }
    there: dict[tuple[str, str], int] = {}
    for chunk in _chunks(sorted(judged.lines)):
        rows = StatementMatch.objects.filter(line__in=chunk).only("line_id", "row")
        there |= {(str(row.line_id), row.row): row.pk for row in rows}
    gone = [pk for pair, pk in there.items() if pair not in wanted]
    for some in _chunks(gone):
        StatementMatch.objects.filter(pk__in=some).delete()
    StatementMatch.objects.bulk_create(
        (
            StatementMatch(line_id=int(line), row=row, subject=subject, rule=rule)
            for (line, row), (subject, rule) in wanted.items()
            if (line, row) not in there
        ),
        batch_size=AT_ONCE,
    )
    return len(wanted)


#: What an exception is about: its type, their line, our row.
_About = tuple[str, str, str]


def _keep_differences(source: StatementSource, found: Sequence[Difference], judged: Judged) -> tuple[int, int]:
    now = clock.now()
    still_open = {_about(row): row for row in open_exceptions().filter(source=source)}
    rows = [_row(source, difference) for difference in found]
    ended = _ended([row.identity for row in rows])
    opened, gone, reopened = [], list[int](), 0
    for row in rows:
        before, known = still_open.pop(_about(row), None), ended.get(row.identity)
        if known is not None:
            reopened += _come_back(known, before, now)
            gone += [before.pk] if before else []
        elif before is not None:
            _see_again(before, row)
        else:
            opened.append(row)
    StatementException.objects.bulk_create(opened, batch_size=AT_ONCE)
    gone += [row.pk for row in still_open.values() if _was_judged(row, judged)]
    for chunk in _chunks(gone):
        cleared = {"resolved_at": now, "resolution": Resolution.CLEARED}
        StatementException.objects.filter(pk__in=chunk, resolved_at=None).update(**cleared)
    return len(opened) + reopened, len(gone)


def _come_back(known: StatementException, before: StatementException | None, now: datetime) -> bool:
    """The same as one that is over is found again: what a person ended stays so, what was only gone waits once more.

    Whether it was opened; `before` is an open one about the same rows, with other amounts, whose place it takes.
    """
    known.last_seen = now
    columns = ["last_seen"]
    is_back = known.resolution == Resolution.CLEARED
    if is_back:
        known.resolved_at, known.resolution = None, ""
        known.first_seen = before.first_seen if before else now
        known.assigned_to = before.assigned_to if before else known.assigned_to
        columns += ["resolved_at", "resolution", "first_seen", "assigned_to"]
    known.save(update_fields=columns)
    return is_back


def _see_again(before: StatementException, row: StatementException) -> None:
    """The same, with the newest amounts: how long it has waited, and who takes care of it, stays."""
    columns = ["identity", "last_seen"]
    for side in ("expected", "found"):
        columns += [f"{side}_value", f"{side}_code", f"{side}_scale"]
    for column in columns:
        setattr(before, column, getattr(row, column))
    before.save(update_fields=columns)


def _was_judged(row: StatementException, judged: Judged) -> bool:
    line_judged = row.line_id is None or str(row.line_id) in judged.lines
    row_judged = not row.row or row.row in judged.rows
    return line_judged and row_judged


def _ended(identities: Sequence[str]) -> dict[str, StatementException]:
    """Those that are over, by their identities."""
    ended: dict[str, StatementException] = {}
    for chunk in _chunks(identities):
        rows = StatementException.objects.filter(identity__in=chunk, resolved_at__isnull=False)
        ended |= {row.identity: row for row in rows}
    return ended


def _about(row: StatementException) -> _About:
    return row.type, str(row.line_id or ""), row.row


def _row(source: StatementSource, difference: Difference) -> StatementException:
    mine, theirs = difference.ours, difference.theirs
    side = mine or theirs
    assert side, "a difference is about a row"
    row = StatementException(
        source=source,
        type=difference.type,
        line_id=int(theirs.key) if theirs else None,
        row=mine.key if mine else "",
        subject=difference.subject,
        at=theirs.at if theirs else side.at,
        asset_code=(difference.found or difference.expected or side.amount).code,
        **_columns("expected", difference.expected),
        **_columns("found", difference.found),
    )
    said = (source.pk, *_about(row), expected_by(row), found_by(row))
    row.identity = hashlib.sha256(repr(said).encode()).hexdigest()
    return row


def _columns(side: str, amount: Total | None) -> dict[str, object]:
    # A sum that fits no column is not told: each of its rows is.
    if amount is None or abs(amount.value) > LARGEST_VALUE:
        return {}
    return {f"{side}_value": amount.value, f"{side}_code": amount.code, f"{side}_scale": amount.scale}


def _chunks(values: Sequence[object]) -> Iterable[Sequence[object]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


# What people do


def assign(pk: int, to: int | None, *, by: int) -> StatementException:
    """`to` (a person's id, or nobody) takes care of it. Raises ExceptionRefused, StatementException.DoesNotExist."""
    with transaction.atomic():
        row = _lock(pk)
        if row.assigned_to != to:
            row.assigned_to = to
            row.save(update_fields=["assigned_to"])
            _tell("exception.assigned", row, by, {"to": None if to is None else str(to)})
    return row


def note(pk: int, text: str, *, by: int) -> StatementException:
    """Write something beside it, also when it is over. Raises ExceptionRefused, StatementException.DoesNotExist."""
    words = _words(text)
    with transaction.atomic():
        row = _lock(pk, also_over=True)
        ExceptionNote.objects.create(exception=row, by=by, text=words)
        _tell("exception.noted", row, by, {}, words)
    return row


def resolve(pk: int, resolution: str, why: str, *, by: int) -> StatementException:
    """`by` says how it ends, and why. Raises ExceptionRefused, StatementException.DoesNotExist."""
    words = _words(why)
    with transaction.atomic():
        row = _lock(pk)
        if resolution not in RESOLUTIONS[DifferenceType(row.type)]:
            raise ExceptionRefused("not_offered")
        row.resolved_at, row.resolved_by, row.resolution, row.why = clock.now(), by, resolution, words
        row.save(update_fields=["resolved_at", "resolved_by", "resolution", "why"])
        _tell("exception.resolved", row, by, {"resolution": str(resolution)}, words)
    return row


def _words(text: str) -> str:
    words = " ".join(text.split())[:LONGEST_WORDS]
    if not words:
        raise ExceptionRefused("no_words")
    return words


def _lock(pk: int, *, also_over: bool = False) -> StatementException:
    row = StatementException.objects.select_for_update().get(pk=pk)
    if row.resolved_at is not None and not also_over:
        raise ExceptionRefused("over")
    return row


def _tell(kind: str, row: StatementException, by: int, data: dict[str, Json], words: str = "") -> None:
    told: dict[str, Json] = {"type": row.type, **data}
    for name, amount in (("expected", expected_by(row)), ("found", found_by(row))):
        if amount is not None:
            told[name] = f"{amount.major} {amount.code}"
    subjects = {"exception": str(row.pk), "source": str(row.source_id)}
    if row.subject:
        subjects["payment"] = row.subject
    record(kind, actor=Actor.staff(by), subjects=subjects, data=told, private={"words": words} if words else None)
