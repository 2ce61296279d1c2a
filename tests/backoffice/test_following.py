"""Pages say when they are no longer true: to whoever may see them, in few queries, and not when nothing changed."""

from html import unescape
from re import findall
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice import roles
from jobs.decisions import accept_submission, move_job
from jobs.models import Job, JobStatus, Member, Payout
from ledger.models import Movement
from payments.models import Payment
from payments.states import PaymentState, RequestState
from tests.backoffice.test_to_do import in_role, town
from tests.cast import applied, asked, handed_in, job, member, paid_to_maria, person, signed_in

pytestmark = pytest.mark.django_db
PAGES = ("/admin/", "/admin/to-do/?tab=review", "/admin/to-do/", "/admin/waiting/")


def told(client: Client, page: str) -> tuple[str, str]:
    """Where the page's script asks, and for which version."""
    text = client.get(page).content.decode()
    ((url, version),) = findall(r'data-follow="([^"]+)" data-version="([^"]+)"', text)
    return unescape(url), version


def is_true(client: Client, page: tuple[str, str]) -> bool:
    url, version = page
    answer = client.get(url)
    assert answer.status_code == 200
    return bool(answer.json()["version"] == version)


def page_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as found:
        client.get(url)
    return len(found)


def test_a_jobs_page_is_true_until_something_happens_to_its_work_or_its_money() -> None:
    staff = in_role(roles.PLATFORM_STAFF)
    client, work = signed_in(staff), applied(job(JobStatus.SUBMITTING), member("Iris Reads"))
    handed = handed_in(work)
    payment = paid_to_maria(asked(RequestState.APPROVED), PaymentState.SENT)
    Payout.objects.create(application=work, payment=payment)
    page = told(client, page_of(work.job))
    assert is_true(client, page)
    accept_submission(handed.pk, by=staff)
    assert not is_true(client, page)
    page = told(client, page_of(work.job))
    Payment.objects.filter(pk=payment.pk).update(state=PaymentState.SETTLED)
    assert not is_true(client, page)
    other = job(JobStatus.DRAFT)
    page = told(client, page_of(other))
    move_job(other.pk, "publish", by=staff, seen=other.status)
    assert not is_true(client, page)


def test_a_members_page_is_true_until_their_work_their_money_or_what_they_fund_moves() -> None:
    staff = in_role(roles.PLATFORM_STAFF)
    client, work = signed_in(staff), applied(job(JobStatus.SUBMITTING), member("Iris Reads"))
    handed = handed_in(work)
    payment = paid_to_maria(asked(RequestState.APPROVED), PaymentState.SENT)
    Payout.objects.create(application=work, payment=payment)
    before = told(client, page_of(work.worker)), told(client, page_of(work.job.funder))
    assert all(is_true(client, page) for page in before)
    accept_submission(handed.pk, by=staff)
    assert not is_true(client, before[0])
    page = told(client, page_of(work.worker))
    Payment.objects.filter(pk=payment.pk).update(state=PaymentState.SETTLED)
    assert not is_true(client, page)
    Job.objects.filter(pk=work.job_id).update(status=JobStatus.COMPLETE)
    assert not is_true(client, before[1])


def test_a_payments_page_is_true_until_it_moves_or_somebody_takes_it_over() -> None:
    staff = in_role(roles.PLATFORM_STAFF)
    client, payment = signed_in(staff), paid_to_maria(asked(RequestState.APPROVED), PaymentState.NEEDS_ATTENTION)
    page = told(client, page_of(payment))
    assert is_true(client, page)
    Payment.objects.filter(pk=payment.pk).update(owner=staff)
    assert not is_true(client, page)


def test_queues_and_overview_are_true_until_something_waits_or_is_booked() -> None:
    staff = in_role(roles.PLATFORM_STAFF)
    root = signed_in(in_role(roles.ADMINISTRATOR))
    town(staff)
    before = [told(root, page) for page in PAGES]
    assert all(is_true(root, page) for page in before)
    town(staff)
    assert not any(is_true(root, page) for page in before)
    overview = told(root, "/admin/")
    line = Movement.objects.order_by("pk").last()
    assert line
    line.pk, line.number = None, line.number + 1
    line.save(force_insert=True)
    assert not is_true(root, overview)


def test_who_may_not_see_the_row_is_told_nothing_of_it() -> None:
    row = job()
    for client in (signed_in(person("nadie")), signed_in(person("money", "payments.view_payment"))):
        assert client.get(reverse("admin:jobs_job_status", args=[row.pk])).status_code == 404
    reader = signed_in(person("ana", "jobs.view_job", "jobs.view_member"))
    for key in ("0", "nonsense", "9" * 30):
        for kind in ("job", "member"):
            assert reader.get(reverse(f"admin:jobs_{kind}_status", args=[key])).status_code == 404


def test_a_question_costs_the_same_however_much_there_is() -> None:
    staff = in_role(roles.PLATFORM_STAFF)
    root = signed_in(in_role(roles.ADMINISTRATOR))
    town(staff)

    def costs() -> list[int]:
        rows = [model.objects.order_by("pk").first() for model in (Job, Payment, Member)]
        found = [told(root, page)[0] for page in (*PAGES, *map(page_of, rows))]
        return [queries(root, url) for url in found]

    few = costs()
    town(staff)
    assert costs() == few
    assert max(few) < 25


def test_a_page_that_came_back_with_what_was_wrong_in_it_is_left_alone() -> None:
    client, row = signed_in(in_role(roles.PLATFORM_STAFF)), job(JobStatus.DRAFT)
    assert 'id="follow"' in client.get(page_of(row)).content.decode()
    assert 'id="follow"' not in client.post(page_of(row), {"title": ""}).content.decode()
