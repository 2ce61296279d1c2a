"""The pages of jobs and members are read; who may change them asks for the form, and comes back from it."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs.funding import fund
from jobs.models import Job, JobStatus, Member
from tests import cast, progress
from tests.cast import person, signed_in

pytestmark = pytest.mark.django_db
SEE = ("jobs.view_job", "jobs.view_member")


@pytest.fixture
def ana(db: None) -> Client:
    return signed_in(person("ana", *SEE, "jobs.change_job", "jobs.change_member"))


def pages() -> list[str]:
    job = cast.job(description="Two voices.", deliverable_types=["audio"])
    return [f"/admin/jobs/job/{job.pk}/change/", f"/admin/jobs/member/{job.funder_id}/change/"]


def html(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def typed_into(page: str) -> list[str]:
    fields = re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', page)
    return [name for name in fields if name in {"title", "description", "name", "email", "wallet_text", "budget_text"}]


def test_a_page_is_read_and_a_button_makes_it_a_form(ana: Client) -> None:
    for page in pages():
        read = html(ana, page)
        assert not typed_into(read)
        assert 'name="_save"' not in read
        assert 'href="?edit=1"' in read
        edited = html(ana, f"{page}?edit=1")
        assert typed_into(edited)
        assert 'name="_save"' in edited
        assert f'href="{page}"' in edited, "the way back to reading"


def test_what_is_read_is_said_in_words(ana: Client) -> None:
    job_page, _member = pages()
    read = html(ana, job_page)
    for words in ("Two voices.", "Audio", "1,250.00", "Sol Foundation", "PO-7"):
        assert words in read


def test_who_may_not_change_it_gets_no_form_however_they_ask() -> None:
    otto = signed_in(person("otto", *SEE))
    for page in pages():
        for address in (page, f"{page}?edit=1"):
            shown = html(otto, address)
            assert not typed_into(shown)
            assert "?edit=1" not in shown
        assert otto.post(page, {"title": "Mine", "name": "Mine"}).status_code == 403
    assert not Job.objects.filter(title="Mine").exists()
    assert not Member.objects.filter(name="Mine").exists()


def test_saving_leads_back_to_the_page_and_a_mistake_keeps_the_form(ana: Client) -> None:
    _job, page = pages()
    member = Member.objects.get(name="Sol Foundation")
    given = {"name": "Sol y Luna", "kind": member.kind, "email": member.email, "language": "es", "wallet_text": ""}
    shown = ana.post(f"{page}?edit=1", {**given, "email": "nothing"})
    assert typed_into(shown.content.decode())
    answer = ana.post(f"{page}?edit=1", {**given, "wallet_text": member.wallet.url if member.wallet else ""})
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    member.refresh_from_db()
    assert member.name == "Sol y Luna"


def test_a_members_page_begins_with_their_work_and_money(ana: Client) -> None:
    """What staff see of it is what the member sees; each amount leads to its payment, each job to its page."""
    application = cast.applied(cast.job(JobStatus.SUBMITTING), cast.member("Maria Lopez"))
    request = fund(application.job, [application], cast.seller(), by=cast.staff(), form_id="1")
    progress.approve(request)
    progress.settle(request)
    settled, maria = request.payments.get(), application.worker
    boss = signed_in(person("eva", *SEE, "jobs.view_application", "payments.view_payment"))
    page = f"/admin/jobs/member/{maria.pk}/change/"
    shown = html(boss, page)
    assert "Arrived" in shown
    assert f'href="/admin/payments/payment/{settled.pk}/change/"' in shown
    assert "Owed" not in shown, "of what there is nothing of, nothing is said"
    assert "Arrived" not in html(ana, page), "who may not see applications sees no money of theirs"

    job = cast.job(title="Radio spot")
    funder_page = f"/admin/jobs/member/{job.funder_id}/change/"
    assert f'href="/admin/jobs/job/{job.pk}/change/"' in html(boss, funder_page)


def test_a_members_page_costs_as_many_queries_for_much_as_for_little() -> None:
    boss = signed_in(person("rosa", *SEE, "jobs.view_application", "payments.view_payment"))
    funder, worker = cast.member("Sol Foundation"), cast.member("Itzel")

    def queries(member: Member) -> int:
        with CaptureQueriesContext(connection) as asked:
            html(boss, f"/admin/jobs/member/{member.pk}/change/")
        return len(asked)

    counts = []
    for _times in range(2):
        for _job in range(4):
            cast.applied(cast.job(funder=funder), worker)
        counts.append([queries(funder), queries(worker)])
    assert counts[0] == counts[1]
