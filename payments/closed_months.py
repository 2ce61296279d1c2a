"""What of a payment stays as it is once the month is closed in which it was settled, or confirmed as paid outside.

What arrives late, or twice, is news: the payment then needs a person again, and what comes of that is of an open month.
"""

from typing import Final

from ledger.api import ClosedRows, guard_closed

STAYS: Final = (
    *("request_id", "receiver_wallet_id", "receiver_key", "purpose", "created_at"),
    *("value", "asset_code", "asset_scale", "fixed_debit", "debit_code", "debit_scale"),
)
#: Who it was, and the evidence, may be erased.
OF_OUTSIDE: Final = (
    *("seller_id", "payer_key", "receiver_key", "from_held", "created_at", "state", "paid_on", "way"),
    *("value", "asset_code", "asset_scale", "owed_value", "claimed_by_id", "decided_by_id"),
)
LATE: Final = "NEW.settled_at IS NULL AND NEW.late_at IS NOT NULL AND NEW.state = 'needs_attention'"


def declare() -> None:
    """Called when the program starts."""
    guard_closed(ClosedRows("payments_payment", "settled_at", STAYS, until_it_leaves=("state",), may_leave=LATE))
    guard_closed(ClosedRows("payments_outsidepayment", "decided_at", OF_OUTSIDE))
