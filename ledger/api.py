"""The ledger's front door: what the rooms above may use."""

from ledger.acceptance import accept as accept_history
from ledger.checkpoints.keys import UnusableKey
from ledger.checkpoints.publishing import OLDER_OR_OTHER, Comparison, keep_if_due
from ledger.checkpoints.publishing import compare as compare_checkpoint
from ledger.content import RefusedContentError
from ledger.continuity import continues
from ledger.damage import going_on
from ledger.erasure import erase, erase_subject
from ledger.faults import Fault
from ledger.kinds import declare, declared
from ledger.proofs import payment_proof, proves
from ledger.recording import Actor, record, recorded_together
from ledger.rows.carry_over import carry_over, comes_from_before
from ledger.rows.verification import RowCounts, verify_rows, verify_rows_since
from ledger.rows.vouching import EVERY, leave, vouch
from ledger.sealing import Backlog, backlog, seal
from ledger.signals import checkpoint_kept
from ledger.timeline import TimelineRow, newest_entry, timeline
from ledger.triggers import ClosedRows, check_triggers, guard_closed
from ledger.verification import Counts, verify

__all__ = [
    "EVERY",
    "OLDER_OR_OTHER",
    "Actor",
    "Backlog",
    "ClosedRows",
    "Comparison",
    "Counts",
    "Fault",
    "RefusedContentError",
    "RowCounts",
    "TimelineRow",
    "UnusableKey",
    "accept_history",
    "backlog",
    "carry_over",
    "check_triggers",
    "checkpoint_kept",
    "comes_from_before",
    "compare_checkpoint",
    "continues",
    "declare",
    "declared",
    "erase",
    "erase_subject",
    "going_on",
    "guard_closed",
    "keep_if_due",
    "leave",
    "newest_entry",
    "payment_proof",
    "proves",
    "record",
    "recorded_together",
    "seal",
    "timeline",
    "verify",
    "verify_rows",
    "verify_rows_since",
    "vouch",
]
