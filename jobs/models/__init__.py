"""The rows of the jobs room: people, work, and which money belongs to which work."""

from jobs.models.jobs import AmountSide, Deliverable, Job, JobStatus
from jobs.models.members import Member, MemberNote
from jobs.models.organisations import Organisation
from jobs.models.payouts import JobFunding, OutsidePayout, Payout
from jobs.models.wallet_changes import WalletChange, WalletChangeState
from jobs.models.work import Application, ApplicationStatus, Submission, SubmissionStatus

__all__ = [
    "AmountSide",
    "Application",
    "ApplicationStatus",
    "Deliverable",
    "Job",
    "JobFunding",
    "JobStatus",
    "Member",
    "MemberNote",
    "Organisation",
    "OutsidePayout",
    "Payout",
    "Submission",
    "SubmissionStatus",
    "WalletChange",
    "WalletChangeState",
]
