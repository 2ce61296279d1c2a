"""Exceptions of every type in the queue, as a comparison leaves them."""

from datetime import timedelta

from ledger import clock
from ledger.models import StatementException, StatementImport, StatementRow, StatementSource
from ledger.models.statements import SourceKind
from ledger.statements.differences import compare
from ledger.statements.exceptions import Judged, keep
from ledger.statements.lines import ToldRow, new_lines, their_row
from ledger.statements.matching import OurRow, Terms
from tests.ledger.statements.month import month


def queue(
    payments: int = 40, each: int = 1, *, days_ago: int = 0, name: str = "Banco del Sur"
) -> list[StatementException]:
    """One of each type, first seen so many days ago."""
    source = StatementSource.objects.create(kind=SourceKind.FILE, name=name, asset_code="USD")
    statement = StatementImport.objects.create(source=source, file_name="october.csv")
    made = month(payments, seed=3, each=each)
    rows = (ToldRow(row, text=f"=Rent {row.key}", number=at) for at, row in enumerate(made.theirs, 1))
    StatementRow.objects.bulk_create(new_lines(statement, rows))
    theirs = [their_row(line) for line in StatementRow.objects.filter(source=source)]
    compared = compare(made.ours, theirs, Terms())
    keep(source, compared, Judged(frozenset(row.key for row in theirs), frozenset(row.key for row in made.ours)))
    found = StatementException.objects.filter(source=source)
    found.update(first_seen=clock.now() - timedelta(days=days_ago))
    return list(found.order_by("first_seen", "id"))


__all__ = ["OurRow", "queue"]
