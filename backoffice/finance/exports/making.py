"""Making a file of an export: claimed by one process, read as of one moment, there only once it is whole.

A process that dies half way leaves nothing but a part that nobody is given: `make_due` has it begun anew. Whoever lost
their claim meanwhile throws away what they made.
"""

import errno
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic
from typing import Any, Final, Protocol

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.utils import translation

from backoffice.finance.exports.columns import ListColumns
from backoffice.finance.exports.export_mail import tell_receivers
from backoffice.finance.exports.files.about import About
from backoffice.finance.exports.files.cells import RowBlock
from backoffice.finance.exports.files.control_totals import ControlTotal, ControlTotals, Head
from backoffice.finance.exports.files.csv_file import CsvFile
from backoffice.finance.exports.files.folder import KeptFile, new_file, remove
from backoffice.finance.exports.files.xlsx_file import XlsxFile
from backoffice.finance.exports.listed_rows import SEARCH, NoSuchList, listed, may_export, name_of_list
from backoffice.finance.exports.lists import LISTS
from backoffice.finance.exports.reasons import CRASHED, DIED, NO_ROOM, NO_SUCH_LIST, NOT_ALLOWED
from backoffice.finance.exports.snapshot import one_snapshot
from backoffice.models.exports import EXPORT_MOVES, Export, ExportState, FileFormat
from ledger import clock
from ledger.api import Actor, record
from payments.mail.colleagues import name_of
from payments.moving import Moved, swap

log = logging.getLogger(__name__)

#: How long a file can be downloaded.
LIFETIME: Final = timedelta(days=7)
#: Whoever is at it says so more often than that.
LEASE: Final = timedelta(minutes=3)
MOST_ATTEMPTS: Final = 3
#: Rows that are fetched at once.
CHUNK: Final = 2000
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
BETWEEN_NEWS_SECONDS: Final = 1.0
MAKER: Final = Actor.system("export")

News = Callable[[int, int], None]


class RowsFile(Protocol):
    def write(self, block: RowBlock) -> None: ...

    def close(self, about: About, totals: ControlTotals) -> None: ...


FILES: Final[dict[str, type[CsvFile] | type[XlsxFile]]] = {FileFormat.CSV: CsvFile, FileFormat.XLSX: XlsxFile}


class Overtaken(Exception):
    """Somebody else is at it by now."""


@dataclass(frozen=True)
class Made:
    kept: KeptFile
    rows: int
    totals: list[ControlTotal]
    as_of: datetime


def make(export_id: str) -> Export:
    """Make its file in this process, if nobody else is at it. Any number of callers at once; outside a transaction."""
    export = claim(export_id)
    if export:
        reason, params = _try(export)
        if reason:
            _fail(export, reason, params)
    return Export.objects.get(pk=export_id)


def claim(export_id: str) -> Export | None:
    """The export, taken, if nobody is at it; after too many who died at it, it failed."""
    free = Q(state=ExportState.QUEUED) | Q(state=ExportState.RUNNING, lease_until__lte=clock.now())
    export = Export.objects.select_related("asked_by", "regular").filter(free, pk=export_id).first()
    if export is None:
        return None
    if export.attempt >= MOST_ATTEMPTS:
        _fail(export, DIED, {"times": export.attempt})
        return None
    taken: dict[str, Any] = {"attempt": export.attempt + 1, "lease_until": clock.now() + LEASE, "rows": 0}
    try:
        with transaction.atomic():
            swap(export, ExportState.RUNNING, EXPORT_MOVES, unchanged=("attempt", "lease_until"), **taken)
    except Moved:
        return None
    return export


def _try(export: Export) -> tuple[str, dict[str, Any]]:
    """Make it and keep it; why not, otherwise."""
    if not may_export(export.asked_by, export.model):
        return NOT_ALLOWED, {"name": name_of(export.asked_by)}
    try:
        with _news(export) as news:
            made = _make(export, news)
        _finish(export, made)
    except NoSuchList:
        return NO_SUCH_LIST, {}
    except (Overtaken, Moved):
        log.warning("export %s: somebody else is at it by now", export.pk)
    except OSError as error:
        log.exception("export %s: its file could not be written", export.pk)
        return (NO_ROOM, {}) if error.errno in FULL else (CRASHED, {"what": type(error).__name__})
    except Exception as error:
        log.exception("export %s could not be made", export.pk)
        return CRASHED, {"what": type(error).__name__}
    return "", {}


def _make(export: Export, news: News) -> Made:
    with new_file(f"{export.pk}-{export.attempt}.{export.format}") as new, translation.override(export.language):
        columns = LISTS[export.model].columns()
        heads = list(map(Head, columns.get_export_order(), columns.get_export_headers()))
        totals = ControlTotals()
        file: RowsFile = FILES[export.format](new.file, heads)
        with one_snapshot():
            as_of = clock.now()
            found = listed(export.model, export.query, export.asked_by)
            news(0, found.rows.order_by().count())
            for block in _blocks(export.model, found.rows, columns):
                file.write(block)
                totals.add(block)
                news(totals.rows, 0)
        about = About(export.pk, name_of_list(export.model), name_of(export.asked_by), as_of, found.filters)
        file.close(about, totals)
        return Made(new.keep(), totals.rows, totals.told(heads), as_of)


def _blocks(label: str, rows: QuerySet[Any], columns: ListColumns) -> Iterator[RowBlock]:
    """All rows, read as tuples of what the columns need, and each needed value once."""
    fields = columns.get_export_fields()
    needed = list(dict.fromkeys(each for field in fields for each in field.reads))
    places = [[needed.index(each) for each in field.reads] for field in fields]
    found = LISTS[label].prepare(rows).prefetch_related(None).values_list(*needed).iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        read = list(zip(*chunk, strict=True))
        cells = [field.cells(*(read[place] for place in its)) for field, its in zip(fields, places, strict=True)]
        yield RowBlock(len(chunk), cells)


@contextmanager
def _news(export: Export) -> Iterator[News]:
    """Tells the row how far it is, and keeps the claim, from a thread: nothing is written where the rows are read.

    Telling raises Overtaken when the claim was lost. Within a test's transaction nobody else could see it.
    """
    if connection.in_atomic_block:
        yield lambda _rows, _expected: None
        return
    with ThreadPoolExecutor(1, thread_name_prefix="export") as thread:
        last: list[Future[bool]] = []
        told = [0.0]

        def news(rows: int, expected: int) -> None:
            if last and last[0].done() and not last.pop().result():
                raise Overtaken
            if not last and monotonic() - told[0] >= BETWEEN_NEWS_SECONDS:
                told[0] = monotonic()
                last.append(thread.submit(_tell, export.pk, export.attempt, rows, expected))

        yield news


def _tell(pk: str, attempt: int, rows: int, expected: int) -> bool:
    """Whether the claim still holds."""
    try:
        mine = Export.objects.filter(pk=pk, attempt=attempt, state=ExportState.RUNNING)
        known = {"rows_expected": expected} if expected else {}
        return bool(mine.update(rows=rows, lease_until=clock.now() + LEASE, **known))
    finally:
        connection.close()


def _finish(export: Export, made: Made) -> None:
    try:
        with transaction.atomic():
            _swap(
                export,
                ExportState.DONE,
                rows=made.rows,
                rows_expected=made.rows,
                totals=[one.to_json() for one in made.totals],
                as_of=made.as_of,
                file=made.kept.name,
                size=made.kept.size,
                digest=made.kept.digest,
                finished_at=clock.now(),
                expires_at=clock.now() + LIFETIME,
            )
            _record(export, made)
            _count_for_regular(export, failed=False)
            if export.regular:
                tell_receivers(export, export.regular)
    except BaseException:
        remove(made.kept.name)
        raise


def _record(export: Export, made: Made) -> None:
    asked = QueryDict(export.query)
    searched = asked.get(SEARCH, "")
    record(
        "export.made",
        actor=Actor.staff(export.asked_by_id) if export.regular_id is None else MAKER,
        subjects={"export": export.pk, **({"regular_export": export.regular_id} if export.regular_id else {})},
        data={
            "list": export.model,
            "format": export.format,
            "filters": {name: values for name, values in asked.lists() if name != SEARCH},
            "rows": made.rows,
            "totals": [one.to_ledger() for one in made.totals],
            "as_of": clock.instant(made.as_of),
            "bytes": made.kept.size,
            "sha256": made.kept.digest,
        },
        private={"search": searched} if searched else None,
    )


def _fail(export: Export, reason: str, params: dict[str, Any]) -> None:
    try:
        with transaction.atomic():
            _swap(export, ExportState.FAILED, reason=reason, reason_params=params, finished_at=clock.now())
            _count_for_regular(export, failed=True)
    except Moved:
        log.warning("export %s failed for somebody who is no longer at it", export.pk)


def _swap(export: Export, to: str, **columns: Any) -> None:
    swap(export, to, EXPORT_MOVES, unchanged=("attempt",), lease_until=None, **columns)


def _count_for_regular(export: Export, *, failed: bool) -> None:
    if export.regular is None:
        return
    counted: Any = F("errors") + 1 if failed else 0
    rows = type(export.regular).objects.filter(pk=export.regular_id)
    rows.update(errors=counted, reason=export.reason, reason_params=export.reason_params)
