"""Whoever works on a job stays on its page: members are added there, applicants and work decided on."""

import re

import pytest
from django.test import Client

from jobs.models import Application, ApplicationStatus, Job, JobStatus, SubmissionStatus
from ledger.api import timeline
from tests import cast
from tests.cast import person, signed_in
from tests.dialogs import confirm, dialog

pytestmark = pytest.mark.django_db
SEE = ("jobs.view_job", "jobs.view_application", "jobs.view_submission")
DECIDE = ("jobs.add_application", "jobs.change_application", "jobs.change_submission")


@pytest.fixture
def ana(db: None) -> Client:
    return signed_in(person("ana", *SEE, *DECIDE))


def page(job: Job) -> str:
    return f"/admin/jobs/job/{job.pk}/change/"


def html(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def opened(client: Client, dialog_of: str, *, on: str) -> str:
    """Where the browser is sent that opened this dialog on that page and confirmed it."""
    headers = {"HX-Request": "true", "HX-Current-URL": on}
    answer = client.post(dialog_of, {"confirmation": "1", **dialog(client, dialog_of)}, headers=headers)
    return answer.headers.get("HX-Redirect", "")


# Deciding


def test_an_applicant_is_selected_without_leaving_the_job(ana: Client) -> None:
    job = cast.job()
    waiting = cast.applied(job, cast.member("Itzel"), ApplicationStatus.PENDING)
    select = f"/admin/jobs/application/{waiting.pk}/select/"
    assert f'hx-get="{select}"' in html(ana, page(job))
    assert opened(ana, select, on=f"http://testserver{page(job)}?_changelist_filters=q%3Da#applications") == (
        f"{page(job)}?_changelist_filters=q%3Da"
    )
    waiting.refresh_from_db()
    assert waiting.status == ApplicationStatus.SELECTED
    assert select not in html(ana, page(job)), "what is decided is offered no more"


def test_work_is_accepted_without_leaving_the_job(ana: Client) -> None:
    job = cast.job(JobStatus.REVIEWING)
    work = cast.handed_in(cast.applied(job, cast.member("Itzel"), ApplicationStatus.SELECTED))
    accept = f"/admin/jobs/submission/{work.pk}/accept/"
    assert f'hx-get="{accept}"' in html(ana, page(job))
    assert opened(ana, accept, on=f"http://testserver{page(job)}") == page(job)
    work.refresh_from_db()
    assert work.status == SubmissionStatus.ACCEPTED


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/admin/jobs/job/1/change/",
        "//evil.example/admin/",
        "/health",
        "javascript:alert(1)",
        "\\\\x",
        "",
    ],
)
def test_no_other_place_is_come_back_to(ana: Client, place: str) -> None:
    waiting = cast.applied(cast.job(), cast.member("Itzel"), ApplicationStatus.PENDING)
    own = f"/admin/jobs/application/{waiting.pk}/change/"
    assert opened(ana, f"/admin/jobs/application/{waiting.pk}/reject/", on=place) == own


def test_nothing_is_offered_to_who_may_not_decide_or_once_the_job_is_over(ana: Client) -> None:
    job, over = cast.job(), cast.job(JobStatus.CANCELED)
    for each in (job, over):
        cast.applied(each, cast.member(f"Itzel {each.pk}"), ApplicationStatus.PENDING)
    looks = signed_in(person("otto", *SEE))
    for shown in (html(looks, page(job)), html(ana, page(over))):
        assert not re.findall(r"/(select|reject|accept|add-worker)/", shown)


# Adding


def add(client: Client, job: Job, member: str, **more: str) -> str:
    answer = confirm(client, f"/admin/jobs/job/{job.pk}/add-worker/", member=member, **more)
    return answer.content.decode()


@pytest.mark.parametrize("written", ["ITZEL@example.org", "Itzel"])
def test_a_member_is_added_and_selected(ana: Client, written: str) -> None:
    job, itzel = cast.job(), cast.member("Itzel", email="itzel@example.org")
    add(ana, job, written, select="on")
    application = Application.objects.get(job=job, worker=itzel)
    assert application.status == ApplicationStatus.SELECTED
    kinds = [row.kind for row in timeline([("application", str(application.pk))])]
    assert kinds[:2] == ["application.created", "application.selected"]


def test_a_member_may_be_added_to_choose_from_later(ana: Client) -> None:
    job = cast.job()
    cast.member("Itzel")
    add(ana, job, "Itzel")
    assert Application.objects.get(job=job).status == ApplicationStatus.PENDING


def test_who_can_not_be_added_is_said_and_nothing_is_done(ana: Client) -> None:
    job = cast.job(workers_wanted=1)
    cast.member("Itzel", email="a@example.org")
    cast.member("Itzel", email="b@example.org")
    assert "More than one member is called “Itzel”" in add(ana, job, "Itzel", select="on")
    assert "No member has the email or the name “nobody”" in add(ana, job, "nobody", select="on")
    add(ana, job, "a@example.org", select="on")
    assert Application.objects.count() == 1
    assert "already" in add(ana, job, "a@example.org", select="on")
    # The job has all the workers it wants: neither selected nor added.
    add(ana, job, "b@example.org", select="on")
    assert Application.objects.count() == 1
    for wrong in ("", " ", "x" * 255, "a\0b"):
        add(ana, job, wrong)
    assert Application.objects.count() == 1


def test_only_who_may_decide_adds(ana: Client) -> None:
    job = cast.job()
    cast.member("Itzel")
    address = f"/admin/jobs/job/{job.pk}/add-worker/"
    looks = signed_in(person("otto", *SEE, "jobs.change_application"))
    assert looks.get(address).status_code == looks.post(address, {"member": "Itzel"}).status_code == 403
    over = cast.job(JobStatus.COMPLETE)
    add(ana, over, "Itzel", select="on")
    assert not Application.objects.exists()


def test_nobody_is_offered_to_select_more_workers_than_are_wanted(ana: Client) -> None:
    job = cast.job(workers_wanted=1)
    cast.applied(job, cast.member("Maria"))
    waiting = cast.applied(job, cast.member("Itzel"), ApplicationStatus.PENDING)
    shown = html(ana, page(job))
    assert f"/admin/jobs/application/{waiting.pk}/reject/" in shown
    assert f"/admin/jobs/application/{waiting.pk}/select/" not in shown
