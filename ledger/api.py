"""The ledger's front door: what the rooms above may use."""

from ledger.content import RefusedContentError
from ledger.erasure import erase, erase_subject
from ledger.faults import Fault
from ledger.kinds import declare, declared
from ledger.recording import Actor, record
from ledger.sealing import Backlog, backlog, seal
from ledger.timeline import TimelineRow, timeline
from ledger.triggers import check_triggers
from ledger.verification import Counts, verify
from ledger.witness import Comparison
from ledger.witness import accept as accept_witness
from ledger.witness import compare as compare_witness

__all__ = [
    "Actor",
    "Backlog",
    "Comparison",
    "Counts",
    "Fault",
    "RefusedContentError",
    "TimelineRow",
    "accept_witness",
    "backlog",
    "check_triggers",
    "compare_witness",
    "declare",
    "declared",
    "erase",
    "erase_subject",
    "record",
    "seal",
    "timeline",
    "verify",
]
