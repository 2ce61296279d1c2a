"""The amounts of what is kept of statements."""

from typing import Final

from ledger.books.sums import Total
from ledger.models import StatementException, StatementRow

#: In minor units: more fits no column.
LARGEST_VALUE: Final = 2**63 - 1


def amount_of(line: StatementRow) -> Total:
    return Total(line.asset_code, line.asset_scale, line.value)


def expected_by(row: StatementException) -> Total | None:
    """What we say; None where we say nothing."""
    if row.expected_value is None:
        return None
    return Total(row.expected_code, row.expected_scale, row.expected_value)


def found_by(row: StatementException) -> Total | None:
    """What they say; None where they say nothing."""
    return None if row.found_value is None else Total(row.found_code, row.found_scale, row.found_value)
