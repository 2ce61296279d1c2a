"""What of a payment stays as it is once the month is closed in which it was settled.

What arrives late, or twice, is news: the payment then needs a person again, and what comes of that is of an open month.
"""

from typing import Final

from ledger.api import ClosedRows, guard_closed

STAYS: Final = (
    *("request_id", "receiver_wallet_id", "receiver_key", "purpose", "created_at"),
    *("value", "asset_code", "asset_scale", "fixed_debit", "debit_code", "debit_scale"),
)
LATE: Final = "NEW.settled_at IS NULL AND NEW.late_at IS NOT NULL AND NEW.state = 'needs_attention'"


def declare() -> None:
    """Called when the program starts."""
    guard_closed(ClosedRows("payments_payment", "settled_at", STAYS, until_it_leaves=("state",), may_leave=LATE))
