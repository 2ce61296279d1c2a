"""The ledger's checks on a schedule: what they find pauses new payments, once for each finding."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from ledger import clock
from ledger.api import Counts, Fault, RowCounts, going_on, verify, verify_rows, verify_rows_since
from payments.actions.pausing import pause_by_itself
from payments.models import LedgerCheck
from payments.models.ledger_checks import Finding
from payments.models.pauses import PauseCause

logger = logging.getLogger(__name__)

#: A check that began so long ago, and has not ended, died.
ABANDONED: Final = timedelta(hours=2)
#: Entries are looked at once more: a transaction may have taken so long to commit.
OVERLAP: Final = timedelta(minutes=5)
#: What the first quick check looks back on; before that, it is the whole one's.
FIRST: Final = timedelta(days=1)
#: Of what is found, so much is kept to be shown, and told once.
MOST_KEPT: Final = 100


def check_quickly() -> LedgerCheck | None:
    """Rows by which money may still move, and rows that entries were recorded about since the last time."""
    return _check(LedgerCheck.Extent.QUICK)


def check_everything() -> LedgerCheck | None:
    """Every entry, and every row that the ledger vouches for."""
    return _check(LedgerCheck.Extent.WHOLE)


@dataclass
class _Found:
    count: int = 0
    kept: tuple[Finding, ...] = ()

    def add(self, fault: Fault) -> None:
        self.count += 1
        if len(self.kept) < MOST_KEPT:
            self.kept = (*self.kept, Finding.of(fault))


def _check(kind: LedgerCheck.Extent) -> LedgerCheck | None:
    """None when another worker is at it."""
    began = clock.now()
    before = _claim(kind, began)
    if before is None:
        return None
    found, entries, rows = _Found(), Counts(), RowCounts()
    for fault in _faults(kind, before, entries, rows):
        found.add(fault)
    with transaction.atomic():
        LedgerCheck.objects.filter(kind=kind, started_at=began).update(
            finished_at=clock.now(),
            entries=entries.entries,
            rows=rows.rows,
            faults=found.count,
            found=[finding.kept() for finding in found.kept],
        )
        if news := [finding for finding in found.kept if finding not in before.findings]:
            logger.error("The ledger's check found %d new faults. Payments are paused.", len(news))
            pause_by_itself(PauseCause.LEDGER_FAULTS)
    return LedgerCheck.objects.get(kind=kind)


def _faults(kind: LedgerCheck.Extent, before: LedgerCheck, entries: Counts, rows: RowCounts) -> Iterator[Fault]:
    """What breaks off is a fault itself: what was found until then is kept, and stops payments."""
    match kind:
        case LedgerCheck.Extent.QUICK:
            return going_on("rows", verify_rows_since(_since(before), rows))
        case LedgerCheck.Extent.WHOLE:
            return chain(verify(entries), going_on("rows", verify_rows(rows)))


def _since(before: LedgerCheck) -> datetime:
    """What died before it was done is done once more, as is what the last one may not have seen yet."""
    return before.started_at - (OVERLAP if before.is_over else FIRST)


def _claim(kind: LedgerCheck.Extent, began: datetime) -> LedgerCheck | None:
    """The last one of this kind, as it was; from now on this one is under way."""
    before, is_first = LedgerCheck.objects.get_or_create(kind=kind, defaults={"started_at": began})
    if is_first:
        return before
    over = Q(finished_at__gte=F("started_at")) | Q(started_at__lte=began - ABANDONED)
    free = LedgerCheck.objects.filter(over, kind=kind, started_at=before.started_at)
    return before if free.update(started_at=began) else None
