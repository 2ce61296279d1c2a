"""How a job moves. Nothing else moves `Job.status`.

| event             | from                             | to         | who    | when                                  |
|-------------------|----------------------------------|------------|--------|---------------------------------------|
| publish           | draft                            | recruiting | staff  | “Publish”, no deadline has passed     |
| reopen            | selecting, expired               | recruiting | staff  | “Reopen”, new deadlines; not full yet |
| close_recruiting  | recruiting                       | selecting  | staff  | “Close recruiting”                    |
| start_work        | recruiting, selecting            | submitting | staff  | “Start work”, somebody is selected    |
| cancel            | all that are not over            | canceled   | staff  | “Cancel the job”, no money under way  |
| funded_work       | recruiting, selecting            | submitting | system | the money settled, somebody selected  |
| funding_settled   | recruiting                       | selecting  | system | the money settled at a seller         |
| workers_found     | recruiting                       | selecting  | system | as many are selected as are wanted    |
| recruiting_over   | recruiting                       | selecting  | system | applying is over, somebody did        |
| all_accepted_paid | selecting, submitting, reviewing | complete   | system | each selected worker's work is paid   |
| all_handed_in     | submitting                       | reviewing  | system | each selected worker has work in play |
| handing_in_over   | submitting                       | reviewing  | system | handing in is over, somebody did      |
| work_missing      | reviewing                        | submitting | system | somebody has none, and still can      |
| nobody_came       | recruiting                       | expired    | system | applying is over, nobody did          |
| nobody_selected   | recruiting, selecting            | expired    | system | the last day passed, nobody selected  |
| nothing_handed_in | submitting                       | expired    | system | handing in is over, nobody did        |
| nothing_accepted  | reviewing                        | expired    | system | the last day passed, no work in play  |

Over are complete, expired and canceled. Work is in play while it is pending or accepted. Applying, and handing in, is
over after that deadline, or after the job's last day (`expires_at`). A job whose money is open or paid never expires
by itself: it stays, and is shown as overdue (`jobs.deadlines`).
The system's moves are derived from work and money by `jobs.derive_status.sync_job`, as is `is_funded`: the money
settled in a seller's wallet, or every selected worker's payment settled.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.models import Job, JobStatus
from jobs.reasons import JobRefusal
from ledger.api import Actor, record
from payments.locking import lock
from payments.moving import Moved, NoSuchMove, swap

S = JobStatus
OVER = frozenset({S.COMPLETE, S.EXPIRED, S.CANCELED})


@dataclass(frozen=True)
class Move:
    sources: frozenset[JobStatus]
    target: JobStatus
    by_staff: bool = False


MOVES: Mapping[str, Move] = {
    "publish": Move(frozenset({S.DRAFT}), S.RECRUITING, by_staff=True),
    "reopen": Move(frozenset({S.SELECTING, S.EXPIRED}), S.RECRUITING, by_staff=True),
    "close_recruiting": Move(frozenset({S.RECRUITING}), S.SELECTING, by_staff=True),
    "start_work": Move(frozenset({S.RECRUITING, S.SELECTING}), S.SUBMITTING, by_staff=True),
    "cancel": Move(frozenset(S) - OVER, S.CANCELED, by_staff=True),
    "funded_work": Move(frozenset({S.RECRUITING, S.SELECTING}), S.SUBMITTING),
    "funding_settled": Move(frozenset({S.RECRUITING}), S.SELECTING),
    "workers_found": Move(frozenset({S.RECRUITING}), S.SELECTING),
    "recruiting_over": Move(frozenset({S.RECRUITING}), S.SELECTING),
    "all_accepted_paid": Move(frozenset({S.SELECTING, S.SUBMITTING, S.REVIEWING}), S.COMPLETE),
    "all_handed_in": Move(frozenset({S.SUBMITTING}), S.REVIEWING),
    "handing_in_over": Move(frozenset({S.SUBMITTING}), S.REVIEWING),
    "work_missing": Move(frozenset({S.REVIEWING}), S.SUBMITTING),
    "nobody_came": Move(frozenset({S.RECRUITING}), S.EXPIRED),
    "nobody_selected": Move(frozenset({S.RECRUITING, S.SELECTING}), S.EXPIRED),
    "nothing_handed_in": Move(frozenset({S.SUBMITTING}), S.EXPIRED),
    "nothing_accepted": Move(frozenset({S.REVIEWING}), S.EXPIRED),
}


def move(job: Job, event: str, actor: Actor) -> None:
    """Move `job` from the status it was read with, and record it, in the caller's transaction.

    Raises JobRefusal when the table does not have this move, or somebody else moved the job first.
    """
    rule = MOVES[event]
    before = JobStatus(job.status)
    try:
        swap(job, rule.target, {source: {rule.target} for source in rule.sources}, column="status")
    except NoSuchMove:
        raise JobRefusal("job_not_now", status=str(before.label)) from None
    except Moved:
        raise JobRefusal("job_moved", status=str(JobStatus(Job.objects.get(pk=job.pk).status).label)) from None
    record(
        f"job.{rule.target}",
        actor=actor,
        subjects={"job": str(job.pk)},
        data={"event": event, "before": str(before.value)},
    )


def lock_job(job_id: int) -> Job:
    """The job as it is now, locked: decisions that count rows (who is selected, what is being paid) lock it first.

    With its funder, its seller, and their wallets.
    """
    return lock(Job.objects.select_related("funder__wallet", "seller__wallet"), job_id)
