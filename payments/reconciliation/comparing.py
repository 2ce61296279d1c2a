"""What a wallet's list says, held against what we say, in both directions."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ledger.models import StatementImport, StatementRow
from ledger.models.statements import ImportState, SourceKind
from ledger.statements.differences import compare
from ledger.statements.exceptions import Judged, Outcome, keep
from ledger.statements.kinds import DifferenceType
from ledger.statements.lines import their_row
from ledger.statements.matching import EXACT_RULES, OurRow, Terms
from payments.reconciliation.our_rows import received_at, sent_from

#: Every row has an id that both sides know, so days and amounts match nothing; what id and reference name is compared.
OF_WALLETS: Final = Terms(rules=EXACT_RULES, window=timedelta.max)
#: Our clock and the wallet's differ: a row made so shortly before a reading began, or stops, is left to the next.
EDGE: Final = timedelta(hours=1)

#: What a wallet may not have told yet.
TAKES_TIME: Final = frozenset({DifferenceType.MISSING_THERE, DifferenceType.UNDER})

_Ours = Callable[[str, str, datetime | None, Iterable[str]], list[OurRow]]
_OURS: Final[dict[str, _Ours]] = {SourceKind.INCOMING: received_at, SourceKind.OUTGOING: sent_from}


def compare_list(statement: StatementImport) -> Outcome:
    """Compare what this reading was told. Only one that came to its end says what is missing there."""
    source, since = statement.source, statement.reaches_back_to
    told = StatementRow.objects.filter(source=source, listed_at=statement.began_at)
    theirs = [their_row(line) for line in told.order_by("id")]
    early = since - EDGE if since else None
    ours = _OURS[source.kind](source.account, source.client, early, (row.id for row in theirs))
    compared = compare(ours, theirs, OF_WALLETS, whole=statement.state == ImportState.COMPLETE)
    within = frozenset(row.key for row in ours if _is_within(row, statement))
    differences = [
        each for each in compared.differences if each.type not in TAKES_TIME or (each.ours and each.ours.key in within)
    ]
    matched = {row.key for each in compared.matches for row in each.ours}
    rows = matched | within if statement.state == ImportState.COMPLETE else matched
    lines = frozenset(row.key for row in theirs)
    return keep(source, replace(compared, differences=differences), Judged(lines, rows))


def _is_within(row: OurRow, statement: StatementImport) -> bool:
    """It was there, by either clock, when the reading began, and after the place where it stopped."""
    after = statement.reaches_back_to is None or row.at > statement.reaches_back_to + EDGE
    return after and row.at < statement.began_at - EDGE
