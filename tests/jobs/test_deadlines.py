"""Deadlines: what moves by itself when they pass, what stays and is shown as overdue, and how staff go on."""

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime
from django_q.models import OrmQ

from jobs import decisions, tasks
from jobs.deadlines import overdue, overdue_since
from jobs.funding import fund
from jobs.models import ApplicationStatus, Job, JobStatus, SubmissionStatus
from jobs.reasons import JobRefusal
from jobs.tasks import sweep
from ledger import clock
from ledger.api import timeline
from payments.models import Seller
from tests import cast, progress
from tests.cast import person, signed_in
from tests.dialogs import confirm

pytestmark = pytest.mark.django_db
S = JobStatus
A = ApplicationStatus
HOUR = timedelta(hours=1)
MAY = [f"jobs.{verb}_{model}" for verb in ("view", "change") for model in ("job", "application")]


def swept(job: Job) -> str:
    """The job's status after two rounds of the sweep; the second must find nothing to do."""
    sweep()
    job.refresh_from_db()
    before = job.status, len(events(job))
    sweep()
    job.refresh_from_db()
    assert (job.status, len(events(job))) == before
    return job.status


def events(job: Job) -> list[tuple[str, object]]:
    return [(row.kind, row.data.get("event")) for row in timeline([("job", str(job.pk))])]


def past() -> datetime:
    return clock.now() - HOUR


def ahead(hours: int = 1) -> datetime:
    return clock.now() + hours * HOUR


@pytest.mark.parametrize(
    ("applicant", "status", "event"),
    [
        (None, S.EXPIRED, "nobody_came"),
        (A.REJECTED, S.EXPIRED, "nobody_came"),
        (A.PENDING, S.SELECTING, "recruiting_over"),
        (A.SELECTED, S.SELECTING, "recruiting_over"),
    ],
)
def test_when_applying_is_over_the_job_goes_on_with_who_came(applicant: A | None, status: S, event: str) -> None:
    job = cast.job(S.RECRUITING, workers_wanted=2, recruit_deadline=past())
    if applicant:
        cast.applied(job, status=applicant)
    assert swept(job) == status
    assert events(job) == [(f"job.{status}", event)]


def test_recruiting_ends_when_as_many_are_selected_as_are_wanted(rosa: User) -> None:
    job = cast.job(S.RECRUITING, workers_wanted=2)
    for name in ("Maria", "Pedro"):
        assert Job.objects.get(pk=job.pk).status == S.RECRUITING
        decisions.select(cast.applied(job, cast.member(name), A.PENDING).pk, by=rosa)
    assert Job.objects.get(pk=job.pk).status == S.SELECTING
    assert events(job)[-2:] == [("job.selecting", "workers_found"), ("message.queued", None)]


@pytest.mark.parametrize("status", [S.RECRUITING, S.SELECTING])
def test_a_job_without_a_selected_worker_expires_on_its_last_day(status: S) -> None:
    job = cast.job(status, expires_at=past())
    cast.applied(job, status=A.PENDING)
    assert swept(job) == S.EXPIRED
    assert events(job) == [("job.expired", "nobody_selected")]


def test_when_handing_in_is_over_what_was_handed_in_is_reviewed() -> None:
    job = cast.job(S.SUBMITTING, workers_wanted=2, submit_deadline=past())
    cast.handed_in(cast.applied(job))
    cast.applied(job, cast.member("Pedro"))
    assert swept(job) == S.REVIEWING
    assert events(job) == [("job.reviewing", "handing_in_over")]


@pytest.mark.parametrize("work", [None, SubmissionStatus.REJECTED])
def test_a_job_for_which_nothing_was_handed_in_expires(work: SubmissionStatus | None) -> None:
    job = cast.job(S.SUBMITTING, submit_deadline=past())
    application = cast.applied(job)
    if work:
        cast.handed_in(application, work)
    assert swept(job) == S.EXPIRED
    assert events(job) == [("job.expired", "nothing_handed_in")]


def test_a_job_whose_work_was_all_rejected_expires_on_its_last_day() -> None:
    job = cast.job(S.REVIEWING, submit_deadline=past())
    cast.handed_in(cast.applied(job), SubmissionStatus.REJECTED)
    assert swept(job) == S.REVIEWING  # staff may still let the worker hand in again
    Job.objects.filter(pk=job.pk).update(expires_at=past())
    assert swept(job) == S.EXPIRED


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize(
    ("status", "columns"),
    [
        (S.SELECTING, {"expires_at": past()}),
        (S.SUBMITTING, {"submit_deadline": past()}),
        (S.SUBMITTING, {"expires_at": past()}),
        (S.REVIEWING, {"expires_at": past()}),
    ],
)
def test_a_job_with_money_never_expires_by_itself_and_is_shown_as_overdue(
    status: S, columns: dict[str, object], settled: bool, rosa: User, seller: Seller
) -> None:
    job = cast.job(status, **columns)
    application = cast.applied(job)
    if status == S.REVIEWING:
        cast.handed_in(application, SubmissionStatus.REJECTED)
    Job.objects.filter(pk=job.pk).update(expires_at=None, submit_deadline=None)
    request = fund(job, [application], seller, by=rosa, form_id="1")
    if settled:
        progress.settle(request)
    Job.objects.filter(pk=job.pk).update(**columns)
    sweep()
    job.refresh_from_db()
    assert job.status not in (S.EXPIRED, S.CANCELED)
    assert overdue_since(job)
    assert list(Job.objects.filter(overdue())) == [job]


def test_a_job_whose_workers_were_selected_is_not_dropped_without_a_person() -> None:
    job = cast.job(S.SELECTING, expires_at=past())
    cast.applied(job)
    assert swept(job) == S.SELECTING
    assert overdue_since(job)


def test_money_in_a_sellers_wallet_keeps_a_job_that_nobody_applied_for(rosa: User) -> None:
    holder = cast.seller(may_hold_money=True)
    job = cast.job(S.RECRUITING)
    fund(job, "seller", holder, by=rosa, form_id="1")
    Job.objects.filter(pk=job.pk).update(recruit_deadline=past())
    assert swept(job) == S.RECRUITING
    assert overdue_since(Job.objects.get(pk=job.pk))


@pytest.mark.parametrize("status", [S.DRAFT, S.COMPLETE, S.EXPIRED, S.CANCELED])
def test_nothing_is_overdue_or_moves_in_a_job_that_nobody_waits_for(status: S) -> None:
    job = cast.job(status, recruit_deadline=past(), submit_deadline=past(), expires_at=past())
    assert swept(job) == status
    assert overdue_since(job) is None
    assert not Job.objects.filter(overdue()).exists()


def test_the_list_and_the_page_agree_on_what_is_overdue() -> None:
    for number, status in enumerate(S):
        for name in ("recruit_deadline", "submit_deadline", "expires_at"):
            cast.job(status, funder=cast.member(f"F{number}{name}"), **{name: past()})
    listed = set(Job.objects.filter(overdue()))
    assert listed == {job for job in Job.objects.all() if overdue_since(job)}
    assert len(listed) == 6


def test_the_list_shows_what_a_job_waits_for_next() -> None:
    staff = signed_in(person("lista", *MAY))
    job = cast.job(S.RECRUITING, recruit_deadline=past(), submit_deadline=ahead(72), expires_at=ahead(200))

    def row(status: JobStatus) -> str:
        Job.objects.update(status=status)
        page = staff.get("/admin/jobs/job/").content.decode()
        found = re.search(r"field-due.*?</td>", page, re.DOTALL)
        assert found
        return found.group()

    assert "Overdue" in row(S.RECRUITING)
    assert job.submit_deadline
    assert f'datetime="{localtime(job.submit_deadline).isoformat(timespec="seconds")}"' in row(S.SUBMITTING)
    assert "Overdue" not in row(S.SUBMITTING)
    assert "<time" not in row(S.COMPLETE)


@pytest.mark.parametrize("name", ["recruit_deadline", "submit_deadline", "expires_at"])
def test_a_job_is_not_published_with_a_deadline_in_the_past(name: str, rosa: User) -> None:
    job = cast.job(S.DRAFT, **{name: past()})
    with pytest.raises(JobRefusal, match="has passed already"):
        decisions.move_job(job.pk, "publish", by=rosa, seen=S.DRAFT)
    assert Job.objects.get(pk=job.pk).status == S.DRAFT


# Going on


def edit(client: Client, job: Job, **deadlines: datetime | None) -> str:
    """Save the job's form with these deadlines; the page that answers."""
    fields = {
        "title": job.title,
        "reference": job.reference,
        "funder": str(job.funder_id),
        "workers_wanted": str(job.workers_wanted),
        "budget_text": cast.BUDGET,
        "currency": "MXN",
        "amount_side": "receive",
        "applications-TOTAL_FORMS": "0",
        "applications-INITIAL_FORMS": "0",
    }
    for name in ("recruit_deadline", "submit_deadline", "expires_at"):
        fields |= moment(name, deadlines[name] if name in deadlines else getattr(job, name))
    url = reverse("admin:jobs_job_change", args=[job.pk])
    return client.post(url, fields, follow=True).content.decode()


def moment(name: str, when: datetime | None) -> dict[str, str]:
    if when is None:
        return {f"{name}_0": "", f"{name}_1": ""}
    local = localtime(when)
    return {f"{name}_0": local.strftime("%Y-%m-%d"), f"{name}_1": local.strftime("%H:%M:%S")}


@pytest.fixture
def staff(db: None) -> Client:
    return signed_in(person("ana", *MAY))


def test_a_later_deadline_lets_those_without_work_hand_in_again(staff: Client) -> None:
    job = cast.job(S.REVIEWING, workers_wanted=2, submit_deadline=past())
    cast.handed_in(cast.applied(job))
    cast.applied(job, cast.member("Pedro"))
    edit(staff, job, submit_deadline=ahead())
    job.refresh_from_db()
    assert job.status == S.SUBMITTING
    assert events(job) == [("job.changed", None), ("job.submitting", "work_missing")]


def test_deadlines_come_in_their_order_and_not_in_the_past(staff: Client) -> None:
    job = cast.job(S.RECRUITING, submit_deadline=ahead(4))
    assert "“Hand in until” must come after “Apply until”." in edit(staff, job, recruit_deadline=ahead(5))
    assert "“Expires” must come after “Hand in until”." in edit(staff, job, expires_at=job.submit_deadline)
    assert "“Apply until” has passed already" in edit(staff, job, recruit_deadline=past())
    job.refresh_from_db()
    assert (job.recruit_deadline, job.expires_at) == (None, None)


def test_another_field_is_saved_although_a_deadline_has_passed(staff: Client) -> None:
    job = cast.job(S.REVIEWING, submit_deadline=past().replace(microsecond=0))
    job.title = "Stories in Nahuatl, second edition"
    edit(staff, job)
    assert Job.objects.get(pk=job.pk).title == "Stories in Nahuatl, second edition"


def test_the_deadlines_of_a_job_that_is_over_stay(staff: Client) -> None:
    job = cast.job(S.EXPIRED)
    assert "This cannot be done while the job is “Expired”." in edit(staff, job, expires_at=ahead())
    assert Job.objects.get(pk=job.pk).expires_at is None


def reopen(client: Client, job: Job, **deadlines: datetime | None) -> str:
    given = {name: localtime(when).strftime("%Y-%m-%dT%H:%M") for name, when in deadlines.items() if when}
    answer = confirm(client, reverse("admin:jobs_job_reopen", args=[job.pk]), **given)
    return answer.content.decode() + client.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()


def test_an_expired_job_is_opened_again_with_new_deadlines(staff: Client) -> None:
    job = cast.job(S.EXPIRED, recruit_deadline=past(), submit_deadline=ahead(2))
    assert "The job is now “Recruiting”." in reopen(staff, job, recruit_deadline=ahead(), submit_deadline=ahead(9))
    assert swept(job) == S.RECRUITING
    assert events(job) == [("job.changed", None), ("job.recruiting", "reopen")]


def test_a_job_is_not_opened_again_with_a_deadline_in_the_past(staff: Client) -> None:
    job = cast.job(S.EXPIRED, recruit_deadline=past())
    assert "has passed already" in reopen(staff, job, recruit_deadline=past())
    assert Job.objects.get(pk=job.pk).status == S.EXPIRED


def test_a_job_that_is_full_is_not_opened_again(staff: Client) -> None:
    job = cast.job(S.SELECTING)
    cast.applied(job)
    assert "Recruiting would end again at once" in reopen(staff, job)
    assert (Job.objects.get(pk=job.pk).status, events(job)) == (S.SELECTING, [])


def test_an_overdue_job_says_so_in_the_list_and_on_its_page(staff: Client) -> None:
    job = cast.job(S.SELECTING, expires_at=past())
    cast.applied(job)
    cast.job(S.SELECTING, funder=cast.member("Other"), title="Not late")
    listed = staff.get(reverse("admin:jobs_job_changelist"), {"deadline": "overdue"}).content.decode()
    assert "Overdue" in listed
    assert "Not late" not in listed
    shown = staff.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()
    assert "A deadline passed on" in shown


def test_what_one_task_of_the_sweep_leaves_another_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SWEEP_AT_ONCE", 1)
    found = [cast.job(S.RECRUITING, recruit_deadline=past()) for _number in range(3)]
    sweep()
    for done in range(1, 4):
        states = list(Job.objects.order_by("pk").values_list("status", flat=True))
        assert states == [S.EXPIRED] * done + [S.RECRUITING] * (3 - done)
        (queued,) = [row.task for row in OrmQ.objects.all()]
        assert (queued["func"], queued["args"]) == ("jobs.tasks.sweep_jobs", (found[done - 1].pk,))
        OrmQ.objects.all().delete()
        tasks.sweep_jobs(*queued["args"])
    assert not OrmQ.objects.exists()
