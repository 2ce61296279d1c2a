"""Every kind of ledger entry that this room records."""

from typing import Final

from jobs.lifecycle import MOVES
from jobs.models.wallet_changes import WALLET_CHANGE_MOVES
from jobs.models.work import APPLICATION_MOVES, SUBMISSION_MOVES

KINDS: Final = frozenset(
    {
        "job.created",
        "job.changed",
        *(f"job.{move.target}" for move in MOVES.values()),
        "job.funded",
        "job.unfunded",
        "job.payment_requested",
        "job.payment_refused",
        "job.fee_requested",
        "job.money_released",
        "job.worker_paid",
        "job.fee_dropped",
        "application.created",
        *(f"application.{status}" for status in set().union(*APPLICATION_MOVES.values())),
        "submission.created",
        "submission.changed",
        *(f"submission.{status}" for status in set().union(*SUBMISSION_MOVES.values())),
        "member.created",
        "member.changed",
        "member.organisation_changed",
        "member.email_changed",
        "member.link_revoked",
        "member.data_exported",
        "member.erased",
        "member.statements_switched",
        "member.shown_link_used",
        "member.note_written",
        "member.note_handled",
        "member.wallet_changed",
        "member.wallet_change_proposed",
        *(f"member.wallet_change_{state}" for state in set().union(*WALLET_CHANGE_MOVES.values())),
    }
)
