"""How a job moves: by staff, and by what its work and its money say."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from jobs import decisions, lifecycle
from jobs.derive_status import sync_job
from jobs.funding import fund
from jobs.models import ApplicationStatus, Job, JobStatus, SubmissionStatus
from jobs.reasons import JobRefusal
from ledger.api import Actor, timeline
from payments.models import Seller
from tests import cast, progress

pytestmark = pytest.mark.django_db
S = JobStatus
STAFF_MOVES = [event for event, move in lifecycle.MOVES.items() if move.by_staff]


def kinds(job: Job) -> list[str]:
    return [row.kind for row in timeline([("job", str(job.pk))])]


def press(job: Job, event: str, by: User) -> Job:
    return decisions.move_job(job.pk, event, by=by, seen=job.status)


@pytest.mark.parametrize("status", list(S))
@pytest.mark.parametrize("event", STAFF_MOVES)
def test_staff_move_a_job_only_as_the_table_says(event: str, status: S, rosa: User) -> None:
    job = cast.job(status, workers_wanted=2)
    cast.applied(job)
    if status in lifecycle.MOVES[event].sources:
        assert press(job, event, rosa).status == lifecycle.MOVES[event].target
        assert kinds(job) == [f"job.{lifecycle.MOVES[event].target}"]
    else:
        with pytest.raises(JobRefusal, match=re.escape(str(status.label))):
            press(job, event, rosa)
        job.refresh_from_db()
        assert (job.status, kinds(job)) == (status, [])


def test_the_documented_tables_are_the_one_in_force() -> None:
    real = {name: (frozenset(map(str, m.sources)), str(m.target), m.by_staff) for name, m in lifecycle.MOVES.items()}
    assert told(Path("docs/jobs.md").read_text(encoding="utf-8")) == real
    assert told(lifecycle.__doc__ or "") == real


def told(text: str) -> dict[str, tuple[frozenset[str], str, bool]]:
    """The moves in a table of columns event, from, to, who, when."""
    found = {}
    for event, sources, target, who in re.findall(
        r"\| `?(\w+)`? +\| ([\w, ]+?) +\| (\w+) +\| (staff|system) +\|", text
    ):
        names = set(S) - lifecycle.OVER if sources == "all that are not over" else sources.split(", ")
        found[event] = (frozenset(map(str, names)), target, who == "staff")
    return found


def test_a_click_on_an_older_page_moves_nothing(rosa: User) -> None:
    job = cast.job(S.SELECTING)
    with pytest.raises(JobRefusal, match="Meanwhile the job changed to “Selecting”"):
        decisions.move_job(job.pk, "cancel", by=rosa, seen=S.RECRUITING)
    job.refresh_from_db()
    assert job.status == S.SELECTING


def test_whoever_moves_second_learns_that_the_job_has_moved(rosa: User) -> None:
    job = cast.job(S.DRAFT)
    stale = Job.objects.get(pk=job.pk)
    press(job, "publish", rosa)
    with transaction.atomic(), pytest.raises(JobRefusal, match="Meanwhile the job changed to “Recruiting”"):
        lifecycle.move(stale, "publish", Actor.system("test"))
    assert kinds(job) == ["job.recruiting"]


def test_work_starts_only_when_somebody_is_selected(rosa: User) -> None:
    job = cast.job(S.SELECTING)
    with pytest.raises(JobRefusal, match="Nobody is selected yet"):
        press(job, "start_work", rosa)


def test_a_job_is_not_canceled_while_a_payment_is_open(rosa: User, seller: Seller) -> None:
    job = cast.job()
    request = fund(job, [cast.applied(job)], seller, by=rosa, form_id="1")
    with pytest.raises(JobRefusal, match=f"Request {request.pk} of this job is still open"):
        press(job, "cancel", rosa)


def test_the_work_follows_what_is_handed_in_and_decided(rosa: User) -> None:
    job = cast.job(S.SUBMITTING)
    work = cast.handed_in(cast.applied(job))
    sync_job(job.pk)
    job.refresh_from_db()
    assert job.status == S.REVIEWING

    decisions.reject_submission(work.pk, by=rosa)
    job.refresh_from_db()
    assert job.status == S.SUBMITTING
    assert kinds(job) == ["job.reviewing", "submission.rejected", "job.submitting"]


def test_a_job_is_reviewed_only_once_every_selected_worker_has_handed_in() -> None:
    job = cast.job(S.SUBMITTING, workers_wanted=2)
    cast.handed_in(cast.applied(job))
    cast.applied(job, cast.member("Xochitl"))
    cast.applied(job, cast.member("Pedro"), ApplicationStatus.REJECTED)
    sync_job(job.pk)
    job.refresh_from_db()
    assert job.status == S.SUBMITTING


def test_accepted_and_paid_work_completes_the_job_in_whichever_order(rosa: User, seller: Seller) -> None:
    for number, paid_first in enumerate((True, False)):
        job = cast.job(S.SUBMITTING, funder=cast.member(f"Funder{number}"))
        application = cast.applied(job, cast.member(f"Worker{number}"))
        work = cast.handed_in(application)
        request = fund(job, [application], seller, by=rosa, form_id=f"{number}")
        if paid_first:
            progress.settle(request)
            sync_job(job.pk)
        decisions.accept_submission(work.pk, by=rosa)
        job.refresh_from_db()
        assert (job.status == S.COMPLETE) == paid_first
        if not paid_first:
            progress.settle(request)
            sync_job(job.pk)
        job.refresh_from_db()
        assert (job.status, job.is_funded) == (S.COMPLETE, True)


def test_paid_work_that_is_not_accepted_does_not_complete_the_job(rosa: User, seller: Seller) -> None:
    job = cast.job(S.SUBMITTING)
    application = cast.applied(job)
    cast.handed_in(application)
    progress.settle(fund(job, [application], seller, by=rosa, form_id="1"))
    sync_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.is_funded) == (S.REVIEWING, True)


def test_money_settled_at_a_seller_funds_the_job_and_ends_recruiting(rosa: User) -> None:
    holder = cast.seller(may_hold_money=True)
    job = cast.job(S.RECRUITING, workers_wanted=3)
    request = fund(job, "seller", holder, by=rosa, form_id="1")
    sync_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.is_funded) == (S.RECRUITING, False)
    progress.settle(request)
    sync_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.is_funded) == (S.SELECTING, True)
    assert kinds(job) == ["job.payment_requested", "job.funded", "job.selecting"]


def test_looking_again_changes_and_records_nothing(rosa: User, seller: Seller) -> None:
    job = cast.job(S.SUBMITTING)
    application = cast.applied(job)
    cast.handed_in(application, SubmissionStatus.ACCEPTED)
    progress.settle(fund(job, [application], seller, by=rosa, form_id="1"))
    sync_job(job.pk)
    before = kinds(job)
    sync_job(job.pk)
    assert kinds(job) == before


def test_no_more_workers_are_selected_than_are_wanted(rosa: User) -> None:
    job = cast.job(workers_wanted=1)
    cast.applied(job)
    late = cast.applied(job, cast.member("Xochitl"), ApplicationStatus.PENDING)
    with pytest.raises(JobRefusal, match="wants 1 workers, and they are selected"):
        decisions.select(late.pk, by=rosa)
    late.refresh_from_db()
    assert late.status == ApplicationStatus.PENDING


def test_a_selected_worker_can_be_let_go_until_money_is_asked_for(rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    assert decisions.reject(application.pk, by=rosa).status == ApplicationStatus.REJECTED
    assert decisions.select(application.pk, by=rosa).status == ApplicationStatus.SELECTED
    fund(job, [application], seller, by=rosa, form_id="1")
    with pytest.raises(JobRefusal, match="Maria Lopez is paid, or being paid"):
        decisions.reject(application.pk, by=rosa)


@pytest.mark.parametrize("status", [S.DRAFT, S.COMPLETE, S.EXPIRED, S.CANCELED])
def test_nobody_is_selected_for_a_job_that_is_not_under_way(status: S, rosa: User) -> None:
    application = cast.applied(cast.job(status), status=ApplicationStatus.PENDING)
    with pytest.raises(JobRefusal, match="This cannot be done while the job is"):
        decisions.select(application.pk, by=rosa)


def test_work_is_accepted_only_of_a_selected_worker(rosa: User) -> None:
    work = cast.handed_in(cast.applied(cast.job(S.SUBMITTING), status=ApplicationStatus.REJECTED))
    with pytest.raises(JobRefusal, match="Maria Lopez is not selected for this job"):
        decisions.accept_submission(work.pk, by=rosa)


def test_the_same_decision_twice_is_told_apart(rosa: User) -> None:
    work = cast.handed_in(cast.applied(cast.job(S.SUBMITTING)))
    decisions.reject_submission(work.pk, by=rosa)
    with pytest.raises(JobRefusal, match="is “Rejected”, so this cannot be done"):
        decisions.reject_submission(work.pk, by=rosa)
