"""The ledger's front door: what the rooms above may use."""

from ledger.carry_over import carry_over, comes_from_before
from ledger.content import RefusedContentError
from ledger.erasure import erase, erase_subject
from ledger.faults import Fault
from ledger.kinds import declare, declared
from ledger.recording import Actor, record
from ledger.row_verification import RowCounts, verify_rows, verify_rows_since
from ledger.sealing import Backlog, backlog, seal
from ledger.timeline import TimelineRow, timeline
from ledger.triggers import check_triggers
from ledger.verification import Counts, verify
from ledger.vouching import EVERY, leave, vouch
from ledger.witness import Comparison
from ledger.witness import accept as accept_witness
from ledger.witness import compare as compare_witness

__all__ = [
    "EVERY",
    "Actor",
    "Backlog",
    "Comparison",
    "Counts",
    "Fault",
    "RefusedContentError",
    "RowCounts",
    "TimelineRow",
    "accept_witness",
    "backlog",
    "carry_over",
    "check_triggers",
    "comes_from_before",
    "compare_witness",
    "declare",
    "declared",
    "erase",
    "erase_subject",
    "leave",
    "record",
    "seal",
    "timeline",
    "verify",
    "verify_rows",
    "verify_rows_since",
    "vouch",
]
