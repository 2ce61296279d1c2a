"""What the page of states (`docs/states.md`) says of work and wallets. How a job moves is told in `docs/jobs.md`."""

from typing import Final

from jobs.models import ApplicationStatus, SubmissionStatus, WalletChangeState
from jobs.models.wallet_changes import WALLET_CHANGE_MOVES
from jobs.models.work import APPLICATION_MOVES, SUBMISSION_MOVES
from payments.state_diagram import Table

TABLES: Final[tuple[Table, ...]] = (
    (
        "Application",
        "One member who offers to do a job. The decision may be changed while the job takes or reviews work.",
        APPLICATION_MOVES,
        {
            ApplicationStatus.PENDING: "Nobody has decided.",
            ApplicationStatus.SELECTED: "They work on the job. They can't be let go once money went to them for it.",
            ApplicationStatus.REJECTED: "They don't work on the job.",
        },
    ),
    (
        "Submission",
        "One piece of work that a selected worker handed in. The decision may be changed until the job is over.",
        SUBMISSION_MOVES,
        {
            SubmissionStatus.PENDING: "Nobody has decided.",
            SubmissionStatus.ACCEPTED: "It is what was asked for. A payment that waits for it is sent.",
            SubmissionStatus.REJECTED: "It is not; the worker may hand in again while the job takes work.",
        },
    ),
    (
        "Wallet change",
        "Another wallet for a member who has one. No new money moves from or to them while it waits.",
        WALLET_CHANGE_MOVES,
        {
            WalletChangeState.WAITING: "One person, or the member, proposed it. The member was told.",
            WalletChangeState.CONFIRMED: "A second person agreed: it is the member's wallet.",
            WalletChangeState.REFUSED: "It was not agreed to, or taken back. The wallet stays as it is.",
            WalletChangeState.SUPERSEDED: "Another wallet was proposed before anybody decided.",
        },
    ),
)
