"""Applications and submissions: single and bulk decisions, handed-in files, and who may do what."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobs import decisions, lifecycle
from jobs.funding import fund
from jobs.models import Application, ApplicationStatus, Job, JobStatus, Submission, SubmissionStatus
from ledger.api import timeline
from payments.models import Seller
from tests import cast, progress
from tests.cast import person, signed_in
from tests.dialogs import confirm
from tests.jobs.test_held_payments import beforehand, payment_of

pytestmark = pytest.mark.django_db
S = JobStatus

MAY = [f"jobs.{verb}_{model}" for verb in ("view", "add", "change") for model in ("application", "submission")]
LOOK = ["jobs.view_application", "jobs.view_submission"]


@pytest.fixture
def staff(db: None) -> Client:
    return signed_in(person("ana", *MAY))


@pytest.fixture(autouse=True)
def own_files(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handed-in files of these tests lie in a folder of their own."""
    storage = Submission._meta.get_field("file").storage
    monkeypatch.setattr(storage, "_location", str(tmp_path))
    for cached in ("base_location", "location"):
        storage.__dict__.pop(cached, None)


def url(model: str, name: str, pk: int | None = None) -> str:
    return reverse(f"admin:jobs_{model}_{name}", args=[] if pk is None else [pk])


def said(client: Client, model: str) -> str:
    return client.get(url(model, "changelist")).content.decode()


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("application", "select_worker"),
        ("application", "reject_worker"),
        ("submission", "accept_work"),
        ("submission", "reject_work"),
    ],
)
def test_decisions_need_the_permission_and_a_post(model: str, name: str, staff: Client) -> None:
    work = cast.handed_in(cast.applied(cast.job(S.SUBMITTING), status=ApplicationStatus.PENDING))
    row = work.application if model == "application" else work
    where = url(model, name, row.pk)
    onlooker = signed_in(person("eva", *LOOK))
    assert onlooker.get(where).status_code == 403
    assert onlooker.post(where, {"_form_submitted": "on"}).status_code == 403
    assert staff.get(where).status_code == 200
    row.refresh_from_db()
    assert row.status == "pending"


def test_a_worker_is_selected_and_let_go(staff: Client) -> None:
    application = cast.applied(cast.job(), status=ApplicationStatus.PENDING)
    confirm(staff, url("application", "select_worker", application.pk))
    assert "The worker is selected." in said(staff, "application")
    confirm(staff, url("application", "reject_worker", application.pk))
    application.refresh_from_db()
    assert application.status == ApplicationStatus.REJECTED
    kinds = [row.kind for row in timeline([("application", str(application.pk))])]
    assert kinds == ["application.selected", "message.queued", "application.rejected", "message.queued"]


def mark(client: Client, model: str, action: str, *rows: Application | Submission) -> str:
    """Mark rows of a list and run an action on them; the page that asks first."""
    marked = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(url(model, "changelist"), marked).content.decode()


def say_yes(client: Client, model: str, asked: str) -> str:
    """Press the button of the page that asks; the list that answers."""
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', asked):
        fields.setdefault(name, []).append(value)
    return client.post(url(model, "changelist"), fields, follow=True).content.decode()


def test_many_are_decided_at_once_and_those_that_can_not_be_say_why(staff: Client) -> None:
    job = cast.job(workers_wanted=2)
    rows = [cast.applied(job, cast.member(name), ApplicationStatus.PENDING) for name in ("Maria", "Xochitl", "Pedro")]
    asked = mark(staff, "application", "select_all_marked", *rows)
    assert "Select 2 workers?" in asked
    assert asked.count("wants 2 workers, and they are selected.") == 1
    assert all(name in asked for name in ("Maria", "Xochitl", "Pedro", job.title))
    assert not Application.objects.filter(status=ApplicationStatus.SELECTED).exists()
    assert not timeline([("job", str(job.pk))])

    shown = say_yes(staff, "application", asked)
    assert "2 workers are selected." in shown
    assert "1 was not decided:" in shown
    assert "Pedro · Stories in Nahuatl: " in shown
    assert "wants 2 workers, and they are selected." in shown
    assert Application.objects.filter(status=ApplicationStatus.SELECTED).count() == 2


def test_what_somebody_else_decided_meanwhile_is_not_decided_again(staff: Client, rosa: User) -> None:
    application = cast.applied(cast.job(), status=ApplicationStatus.PENDING)
    asked = mark(staff, "application", "select_all_marked", application)
    decisions.reject(application.pk, by=rosa)
    assert "is “Rejected”, so this cannot be done" in say_yes(staff, "application", asked)
    application.refresh_from_db()
    assert application.status == ApplicationStatus.REJECTED


def test_no_more_are_decided_at_once_than_can_be_read(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.admin.bulk.MOST_ROWS", 1)
    job = cast.job()
    rows = [cast.applied(job, cast.member(name), ApplicationStatus.PENDING) for name in ("Maria", "Pedro")]
    mark(staff, "application", "reject_all_marked", *rows)
    assert "At most 1 can be decided at once." in said(staff, "application")
    assert Application.objects.filter(status=ApplicationStatus.PENDING).count() == 2


def test_jobs_are_locked_in_the_order_of_all_who_lock_several(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialog tries all in one transaction; whoever asks for money for these jobs must not wait for it."""
    jobs = [cast.job(JobStatus.REVIEWING, title=f"Job {number}") for number in range(3)]
    work = [cast.handed_in(cast.applied(job)) for job in reversed(jobs)]
    locked: list[int] = []
    lock_job = lifecycle.lock_job

    def note(job_id: int) -> Job:
        locked.append(job_id)
        return lock_job(job_id)

    monkeypatch.setattr(lifecycle, "lock_job", note)
    mark(staff, "submission", "accept_all_marked", *work)
    assert list(dict.fromkeys(locked)) == [job.pk for job in jobs]


def test_bulk_decisions_need_the_permission_too() -> None:
    application = cast.applied(cast.job(), status=ApplicationStatus.PENDING)
    onlooker = signed_in(person("eva", *LOOK))
    marked = {"action": "select_all_marked", "_selected_action": [str(application.pk)], "confirmed": "yes"}
    onlooker.post(url("application", "changelist"), {**marked, f"seen-{application.pk}": "pending"})
    application.refresh_from_db()
    assert application.status == ApplicationStatus.PENDING


def test_work_is_accepted_in_bulk_and_the_job_follows(staff: Client, rosa: User, seller: Seller) -> None:
    job = cast.job(S.REVIEWING)
    application = cast.applied(job)
    work = cast.handed_in(application)
    progress.settle(fund(job, [application], seller, by=rosa, form_id="1"))
    asked = mark(staff, "submission", "accept_all_marked", work)
    assert "Accept 1 submission?" in asked
    assert "1 submission is accepted." in say_yes(staff, "submission", asked)
    job.refresh_from_db()
    assert job.status == S.COMPLETE


def test_deciding_many_shows_what_it_pays_or_calls_off(staff: Client, rosa: User, seller: Seller) -> None:
    _job, workers, _request = beforehand(seller, rosa)
    work = cast.handed_in(workers[0])
    asked = unescape(mark(staff, "submission", "accept_all_marked", work))
    assert "Pays now, as the funder approved: <strong>1,250.00\xa0MXN</strong>" in asked
    assert payment_of(workers[0]).waits_for_release
    asked = unescape(mark(staff, "application", "reject_all_marked", workers[1]))
    assert "Calls off the payment that was approved: <strong>1,250.00\xa0MXN</strong>" in asked
    assert payment_of(workers[1]).waits_for_release


def test_an_application_is_for_a_job_that_takes_them(staff: Client) -> None:
    job, worker = cast.job(S.DRAFT), cast.member("Maria")
    fields = {"job": str(job.pk), "worker": str(worker.pk)}
    refused = staff.post(url("application", "add"), fields).content.decode()
    assert "This cannot be done while the job is “Draft”." in refused
    job.status = S.RECRUITING
    job.save()
    assert staff.post(url("application", "add"), fields).status_code == 302
    assert "This worker applied for this job already." in staff.post(url("application", "add"), fields).content.decode()
    assert Application.objects.count() == 1


def test_where_the_money_stands_is_told_in_words(staff: Client, rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    assert "Agreed" in said(staff, "application")
    work = cast.handed_in(application, SubmissionStatus.ACCEPTED)
    assert "Owed" in said(staff, "application")
    work.delete()
    request = fund(job, [application], seller, by=rosa, form_id="1")
    assert "Being quoted" in said(staff, "application")
    progress.settle(request)
    assert "Settled" in said(staff, "application")


# Handing in


def hand_in(client: Client, application: Application, **content: object) -> str:
    fields = {"application": str(application.pk), "text": "", "link": "", **content}
    return client.post(url("submission", "add"), fields, follow=True).content.decode()


def test_work_is_a_text_a_link_or_a_file(staff: Client) -> None:
    job = cast.job(S.SUBMITTING)
    application = cast.applied(job)
    assert "Add a text, a link or a file: there is nothing to review yet." in hand_in(staff, application)
    hand_in(staff, application, link="https://files.example/recording.ogg")
    job.refresh_from_db()
    assert job.status == S.REVIEWING
    kinds = [row.kind for row in timeline([("job", str(job.pk))])]
    assert kinds == ["submission.created", "job.reviewing"]


def test_only_a_selected_worker_hands_in(staff: Client) -> None:
    application = cast.applied(cast.job(S.SUBMITTING), status=ApplicationStatus.PENDING)
    assert "Maria Lopez is not selected for this job." in hand_in(staff, application, text="Ce tonalli…")
    assert not Submission.objects.exists()


def test_nothing_is_handed_in_for_a_job_that_is_over(staff: Client) -> None:
    application = cast.applied(cast.job(S.CANCELED))
    assert "This cannot be done while the job is “Canceled”." in hand_in(staff, application, text="Ce tonalli…")


def test_a_link_that_runs_a_script_is_refused(staff: Client) -> None:
    application = cast.applied(cast.job(S.SUBMITTING))
    assert "Enter a valid URL" in hand_in(staff, application, link="javascript:alert(1)")


def test_a_file_is_given_out_only_to_who_may_see_it_and_never_run(staff: Client) -> None:
    application = cast.applied(cast.job(S.SUBMITTING))
    hand_in(staff, application, file=SimpleUploadedFile("tale.html", b"<script>alert(1)</script>"))
    where = Submission.objects.get().file.url
    answer = staff.get(where)
    assert b"".join(answer) == b"<script>alert(1)</script>"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert signed_in(person("eva", "jobs.view_job")).get(where).status_code == 403
    assert Client().get(where).status_code == 302
    assert staff.get("/admin/jobs/submission/files/../../settings.py").status_code == 404


def test_a_file_that_is_too_large_is_refused_with_another_way(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.intake.submissions.LARGEST_FILE", 3)
    application = cast.applied(cast.job(S.SUBMITTING))
    said_so = hand_in(staff, application, file=SimpleUploadedFile("tale.txt", b"four"))
    assert "Put it somewhere else, and add its link." in said_so


def test_what_was_decided_on_stays_as_it_was(staff: Client) -> None:
    work = cast.handed_in(cast.applied(cast.job(S.SUBMITTING)), SubmissionStatus.ACCEPTED)
    staff.post(url("submission", "change", work.pk), {"text": "something else", "link": ""})
    work.refresh_from_db()
    assert work.text == "Ce tonalli…"
