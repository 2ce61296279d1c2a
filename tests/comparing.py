"""After a story, every row must be what the ledger says of it.

Tests make sellers, wallets and members without the product's actions, so that no entry carries those rows: what has
none at all is passed over there, unless a test asks for `strictly`.
"""

import pytest
from django.db import transaction

from ledger.api import Actor, carry_over, verify_rows
from ledger.faults import Fault, FaultCode
from ledger.recording import insert
from ledger.rows.vouching import CARRIED_OVER, vouched

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


def carry_edits() -> None:
    """Let the ledger carry, as they are now, the rows that the caller has made and changed beside the product."""
    carry_over_all()
    names = {table.table: table.name for table in vouched()}
    changed = {tuple(dict(fault.parameters)[part] for part in ("table", "row")) for fault in _changed()}
    for table, row in changed:
        with transaction.atomic():
            subjects = {names[str(table)]: str(row)}
            insert(CARRIED_OVER, actor=Actor.system("test"), subjects=subjects, data={"table": table})
    told_once = [fault.sentence() for fault in _changed()] if changed else []
    assert not told_once, f"the ledger tells this once, no entry carries another value: {told_once}"


def _changed() -> list[Fault]:
    return [fault for fault in verify_rows() if fault.code is FaultCode.ROW_CHANGED]


def check() -> None:
    """Fails with a sentence for each fault."""
    if found := faults():
        pytest.fail("\n".join(found), pytrace=False)


def _made_by_tests(fault: Fault) -> bool:
    return fault.code is FaultCode.ROW_UNTOLD and dict(fault.parameters)["table"] in _TABLES
