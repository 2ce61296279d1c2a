"""After a story, every row must be what the ledger says of it.

Tests make sellers, wallets and members without the product's actions, so that no entry carries those rows: what has
none at all is passed over there, unless a test asks for `strictly`.
"""

import pytest
from django.db import transaction

from ledger.api import carry_over, verify_rows
from ledger.faults import Fault, FaultCode
from ledger.vouching import vouched

#: What tests make by themselves.
MADE = ("wallet", "seller", "key", "member", "organisation", "job", "application", "submission", "limit", "proof_limit")
_TABLES = {table.table for table in vouched() if table.name in MADE}


def faults(*, strictly: bool = False) -> list[str]:
    """What is wrong, as sentences."""
    return [fault.sentence() for fault in verify_rows() if strictly or not _made_by_tests(fault)]


def carry_over_all() -> None:
    """Let the ledger carry what the caller has made beside the product."""
    with transaction.atomic():
        for room in ("payments", "jobs"):
            carry_over(room)


def check() -> None:
    """Fails with a sentence for each fault."""
    if found := faults():
        pytest.fail("\n".join(found), pytrace=False)


def _made_by_tests(fault: Fault) -> bool:
    return fault.code is FaultCode.ROW_UNTOLD and dict(fault.parameters)["table"] in _TABLES
