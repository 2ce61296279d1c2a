"""The job's page: who may do what, that only a POST acts, and what it shows of the money."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.funding import fund
from jobs.models import ApplicationStatus, Job, JobFunding, JobStatus, Payout
from ledger import clock
from ledger.api import timeline
from payments.actions import requests
from payments.models import PaymentRequest, Seller
from payments.states import RequestState
from tests import cast, progress
from tests.cast import person, signed_in
from tests.dialogs import Answer, confirm, dialog

pytestmark = pytest.mark.django_db
S = JobStatus

SEE = ("jobs.view_job", "jobs.view_application", "payments.view_paymentrequest")
CHANGE = ("jobs.change_job", "jobs.add_job")
ASK = ("payments.request_paymentrequest",)
MOVES = ("publish", "close_recruiting", "start_work", "cancel")


@pytest.fixture
def staff(db: None) -> Client:
    return signed_in(person("ana", *SEE, *CHANGE, *ASK))


def page(job: Job) -> str:
    return reverse("admin:jobs_job_change", args=[job.pk])


def action(job: Job, name: str) -> str:
    return reverse(f"admin:jobs_job_{name}", args=[job.pk])


def html(client: Client, job: Job) -> str:
    answer = client.get(page(job))
    assert answer.status_code == 200
    return answer.content.decode()


def fields_of(job: Job) -> dict[str, str]:
    return {
        "title": job.title,
        "description": "",
        "reference": job.reference,
        "target_language": "",
        "funder": str(job.funder_id),
        "seller": "",
        "workers_wanted": str(job.workers_wanted),
        "amount_side": "receive",
        "budget_text": "1250.00",
        "currency": "MXN",
        **{f"{name}_{part}": "" for name in ("recruit_deadline", "submit_deadline", "expires_at") for part in (0, 1)},
        "applications-TOTAL_FORMS": "0",
        "applications-INITIAL_FORMS": "0",
    }


def save(client: Client, job: Job, **changes: str) -> Answer:
    return client.post(page(job), {**fields_of(job), **changes})


# Who, and how


@pytest.mark.parametrize("name", ["request_payment", *MOVES])
@pytest.mark.parametrize("permissions", [SEE, (*SEE, *CHANGE), (*SEE, *ASK), ()])
def test_nobody_acts_without_the_permission(name: str, permissions: tuple[str, ...], seller: Seller) -> None:
    job = cast.job()
    cast.applied(job)
    client = signed_in(person("eva", *permissions))
    needed = ASK[0] if name == "request_payment" else CHANGE[0]
    if needed in permissions:
        assert client.get(action(job, name)).status_code == 200
        return
    assert client.get(action(job, name)).status_code == 403
    answer = client.post(action(job, name), {"_form_submitted": "on", "seen": job.status, "form_id": "1"})
    assert answer.status_code == 403
    job.refresh_from_db()
    assert job.status == S.SELECTING
    assert not PaymentRequest.objects.exists()


@pytest.mark.parametrize("name", ["request_payment", *MOVES])
def test_looking_never_acts(name: str, staff: Client, seller: Seller) -> None:
    job = cast.job()
    cast.applied(job)
    staff.get(action(job, name))
    staff.head(action(job, name))
    job.refresh_from_db()
    assert job.status == S.SELECTING
    assert not PaymentRequest.objects.exists()


@pytest.mark.parametrize("status", list(S))
def test_only_what_the_status_allows_is_offered(status: S, staff: Client, seller: Seller) -> None:
    job = cast.job(status)
    shown = html(staff, job)
    offered = {name for name in ("request_payment", *MOVES) if action(job, name) in shown}
    expected = {
        S.DRAFT: {"publish", "cancel"},
        S.RECRUITING: {"close_recruiting", "start_work", "cancel", "request_payment"},
        S.SELECTING: {"start_work", "cancel", "request_payment"},
        S.SUBMITTING: {"cancel", "request_payment"},
        S.REVIEWING: {"cancel", "request_payment"},
    }
    assert offered == expected.get(status, set())


def test_a_job_is_moved_from_its_page(staff: Client) -> None:
    job = cast.job(S.DRAFT)
    answer = confirm(staff, action(job, "publish"))
    assert answer.headers["HX-Redirect"] == page(job)
    job.refresh_from_db()
    assert job.status == S.RECRUITING
    assert "The job is now “Recruiting”." in html(staff, job)


def test_a_dialog_that_was_opened_before_somebody_else_moved_the_job_does_nothing(staff: Client, rosa: User) -> None:
    job = cast.job(S.DRAFT)
    fields = dialog(staff, action(job, "cancel"))
    Job.objects.filter(pk=job.pk).update(status=S.RECRUITING)
    staff.post(action(job, "cancel"), fields)
    job.refresh_from_db()
    assert job.status == S.RECRUITING
    assert "Meanwhile the job changed to “Recruiting”" in html(staff, job)


# Asking for the money


def test_the_dialog_shows_payer_receiver_and_amount(staff: Client, seller: Seller) -> None:
    job = cast.job()
    cast.applied(job)
    shown = staff.get(action(job, "request_payment")).content.decode()
    for words in ("Sol Foundation", "https://wallet.example/sol", "1,250.00\xa0MXN", "Maria Lopez gets"):
        assert words in shown, words


def test_every_refusal_is_said_in_the_dialog(staff: Client, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job, cast.member("Maria Lopez", wallet=None))
    answer = confirm(staff, action(job, "request_payment"), way="now", receivers=str(application.pk))
    assert "HX-Redirect" not in answer.headers
    problem = "Maria Lopez has no wallet address yet. Add it to the member, then try again."
    assert f'role="alert">{problem}' in answer.content.decode()
    assert html(staff, job).count(problem) == 1
    assert not PaymentRequest.objects.exists()


def test_without_a_seller_the_dialog_says_what_to_do(staff: Client) -> None:
    job = cast.job()
    application = cast.applied(job)
    answer = confirm(staff, action(job, "request_payment"), way="now", receivers=str(application.pk))
    assert "There is no seller yet that could ask for the money." in answer.content.decode()


def test_a_receiver_who_is_not_among_the_choices_is_not_paid(staff: Client, seller: Seller) -> None:
    job = cast.job()
    other = cast.applied(cast.job(funder=job.funder))
    answer = confirm(staff, action(job, "request_payment"), way="now", receivers=str(other.pk))
    assert "HX-Redirect" not in answer.headers
    assert not PaymentRequest.objects.exists()


def test_a_job_that_nobody_can_be_paid_for_says_so(staff: Client, seller: Seller) -> None:
    assert "There is nobody to pay" in staff.get(action(cast.job(), "request_payment")).content.decode()


# What the page shows


def test_before_any_money_the_page_says_how_to_begin(staff: Client) -> None:
    assert "Nothing was asked for yet. Select a worker, then ask the funder." in html(staff, cast.job())


def test_the_page_shows_link_id_amounts_whose_turn_and_everything_that_happened(
    staff: Client, rosa: User, seller: Seller
) -> None:
    job = cast.job()
    request = fund(job, [cast.applied(job)], seller, by=rosa, form_id="1")
    progress.bring(request, RequestState.QUOTED)
    requests.send(request.pk, by=rosa)
    shown = html(staff, job)
    for words in (
        "Complete payment",
        "http://testserver/approve/",
        f'value="{request.pk}"',
        "1,262.50\xa0MXN",
        "1,250.00\xa0MXN",
        "Whose turn: The payer",
        "Sol Foundation opens the link from the email and approves in their wallet.",
        "Sol Foundation is to pay 1,250.00\xa0MXN to Maria Lopez.",
        "The payer was asked to approve at most 1,262.50\xa0MXN.",
        "Waiting for the payer",
    ):
        assert words in shown, words


def test_a_settled_payment_has_no_button_to_pay_again(staff: Client, rosa: User, seller: Seller) -> None:
    job = cast.job()
    worker = cast.applied(job)
    handed_in = cast.handed_in(worker)
    progress.settle(fund(job, [worker], seller, by=rosa, form_id="1"))
    shown = html(staff, job)
    assert "Complete payment" not in shown
    assert "All that was asked for here has arrived." in shown
    assert "Work waits to be reviewed" in shown, "the money came, and the work is yet to be looked at"
    assert f"/admin/jobs/submission/{handed_in.pk}/change/" in shown


def test_a_title_can_not_break_the_page(staff: Client, rosa: User, seller: Seller) -> None:
    job = cast.job(title="<script>alert(1)</script>", funder=cast.member("<b>Sol</b>", email="sol@example.org"))
    fund(job, [cast.applied(job)], seller, by=rosa, form_id="1")
    shown = html(staff, job)
    assert "<script>alert(1)" not in shown
    assert "<b>Sol</b>" not in shown


def test_the_page_speaks_spanish(staff: Client) -> None:
    answer = staff.get(page(cast.job()), headers={"Accept-Language": "es"})
    assert answer.status_code == 200
    assert 'lang="es' in answer.content.decode()


# The form


def test_a_job_is_made_with_an_exact_budget(staff: Client) -> None:
    funder = cast.member("Sol Foundation")
    blank = fields_of(Job(title="Riddles", funder=funder, workers_wanted=2))
    answer = staff.post(
        reverse("admin:jobs_job_add"),
        {**blank, "budget_text": "100", "currency": "JPY", "deliverable_types": ["text", "audio"]},
    )
    assert answer.status_code == 302, re.findall(r"(?s)errorlist.{0,300}", answer.content.decode())
    job = Job.objects.get()
    assert (job.budget_value, job.budget_code, job.budget_scale) == (100, "JPY", 0)
    assert (job.status, job.deliverable_types) == (S.DRAFT, ["text", "audio"])
    made = timeline([("job", str(job.pk))])
    assert [row.kind for row in made] == ["job.created"]
    assert made[0].data["budget"] == {"value": "100", "assetCode": "JPY", "assetScale": 0}
    assert "Riddles" not in str(made[0].data)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"budget_text": "10.005"}, "MXN is counted with 2 decimals: “10.005” cannot be paid exactly."),
        ({"budget_text": "1,25"}, "“1,25” is not an amount. Write it like 1250.00."),
        ({"budget_text": "0"}, "The budget must be more than zero."),
        ({"workers_wanted": "0"}, "greater than or equal to 1"),
        (
            {"recruit_deadline_0": "2030-02-01", "recruit_deadline_1": "12:00", "submit_deadline_0": "2030-01-01",
             "submit_deadline_1": "12:00"},
            "“Hand in until” must come after “Apply until”.",
        ),
    ],
)  # fmt: skip
def test_what_can_not_be_is_said_beside_the_field(changes: Mapping[str, str], sentence: str, staff: Client) -> None:
    job = cast.job()
    answer = save(staff, job, **changes)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    job.refresh_from_db()
    assert job.budget_value == 125000


def test_the_budget_stands_while_money_depends_on_it(staff: Client, rosa: User, seller: Seller) -> None:
    job = cast.job()
    application = cast.applied(job)
    request = fund(job, [application], seller, by=rosa, form_id="1")
    answer = save(staff, job, budget_text="2000.00")
    assert f"Request {request.pk} uses this budget and this funder." in answer.content.decode()
    assert save(staff, job, title="Better title").status_code == 302
    job.refresh_from_db()
    assert (job.title, job.budget_value) == ("Better title", 125000)
    assert "The job was changed: title." in html(staff, job)

    progress.end(request, RequestState.CANCELLED)
    assert save(staff, job, budget_text="2000.00").status_code == 302
    job.refresh_from_db()
    assert job.budget_value == 200000
    assert "The job was changed: budget per worker." in html(staff, job)


def test_saving_a_form_never_takes_back_a_move(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from jobs.admin.job_forms import JobForm  # noqa: PLC0415

    job = cast.job(S.DRAFT)
    checked = JobForm.clean

    def clean(form: JobForm) -> object:
        Job.objects.filter(pk=job.pk).update(status=S.RECRUITING)  # somebody else, after this form was read
        return checked(form)

    monkeypatch.setattr(JobForm, "clean", clean)
    assert save(staff, job, title="Better title").status_code == 302
    job.refresh_from_db()
    assert (job.title, job.status) == ("Better title", S.RECRUITING)


def test_fewer_workers_than_are_selected_can_not_be_wanted(staff: Client) -> None:
    job = cast.job(workers_wanted=2)
    cast.applied(job)
    cast.applied(job, cast.member("Xochitl"))
    assert "2 are selected already." in save(staff, job, workers_wanted="1").content.decode()


def test_who_may_only_look_sees_the_job_and_no_form(rosa: User, seller: Seller) -> None:
    job = cast.job()
    fund(job, [cast.applied(job)], seller, by=rosa, form_id="1")
    shown = html(signed_in(person("eva", *SEE)), job)
    assert "1,250.00\xa0MXN" in shown
    assert 'name="_save"' not in shown
    assert action(job, "request_payment") not in shown


# Nothing with money is deleted, and lists stay quick


@pytest.mark.parametrize("model", ["job", "member", "application", "submission"])
def test_nothing_is_deleted_here_by_anybody(model: str) -> None:
    admin = User.objects.create_superuser("root")
    job = cast.job()
    work = cast.handed_in(cast.applied(job))
    row = {"job": job, "member": job.funder, "application": work.application, "submission": work}[model]
    client = signed_in(admin)
    assert client.post(reverse(f"admin:jobs_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    listed = client.get(reverse(f"admin:jobs_{model}_changelist")).content.decode()
    assert "delete_selected" not in listed


def test_money_keeps_its_work_in_the_database_too(rosa: User, seller: Seller) -> None:
    from django.db.models import ProtectedError  # noqa: PLC0415

    job = cast.job()
    application = cast.applied(job)
    request = fund(job, [application], seller, by=rosa, form_id="1")
    for row in (job, application, job.funder, request, request.payments.get()):
        with pytest.raises(ProtectedError):
            row.delete()
    assert Payout.objects.count() == 1
    assert not JobFunding.objects.exists()


def _many(count: int, seller: Seller, by: User) -> None:
    for number in range(count):
        job = cast.job(S.SUBMITTING, funder=cast.member(f"Funder{number}"), workers_wanted=2)
        application = cast.applied(job, cast.member(f"Worker{number}"))
        cast.applied(job, cast.member(f"Other{number}"), ApplicationStatus.PENDING)
        cast.handed_in(application)
        fund(job, [application], seller, by=by, form_id=f"many-{number}")


@pytest.mark.parametrize("model", ["job", "member", "application", "submission"])
def test_a_list_asks_as_often_for_twenty_rows_as_for_two(
    model: str, rosa: User, seller: Seller, django_assert_max_num_queries: object
) -> None:
    client = signed_in(User.objects.create_superuser("root"))
    url = reverse(f"admin:jobs_{model}_changelist")
    _many(20, seller, rosa)
    with django_assert_max_num_queries(20):  # type: ignore[operator]  # pytest-django's fixture has no public type
        assert client.get(url).status_code == 200


def test_the_page_asks_as_often_for_many_workers_as_for_one(rosa: User, seller: Seller) -> None:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    client = signed_in(User.objects.create_superuser("root"))

    def queries(workers: int) -> int:
        job = cast.job(S.SUBMITTING, funder=cast.member(f"Funder{workers}"), workers_wanted=workers)
        for number in range(workers):
            application = cast.applied(job, cast.member(f"Worker{workers}of{number}"))
            fund(job, [application], seller, by=rosa, form_id=f"{workers}-{number}")
        html(client, job)
        with CaptureQueriesContext(connection) as asked:
            html(client, job)
        return len(asked)

    assert queries(1) == queries(12)


def test_the_list_is_filtered_and_searched(staff: Client) -> None:
    cast.job(title="Riddles", created_at=clock.now() - timedelta(days=3))
    cast.job(S.DRAFT, title="Songs", funder=cast.member("Luna"))
    url = reverse("admin:jobs_job_changelist")
    assert "Songs" not in staff.get(url, {"status__exact": "selecting"}).content.decode()
    found = staff.get(url, {"q": "luna"}).content.decode()
    assert "Songs" in found
    assert "Riddles" not in found


def test_money_is_offered_beside_the_words_that_ask_for_it_until_nobody_is_left_to_be_paid(
    staff: Client, rosa: User, seller: Seller
) -> None:
    job = cast.job(S.SUBMITTING)
    application = cast.applied(job)
    ask = action(job, "request_payment")
    shown = html(staff, job)
    assert shown.count(f'href="{ask}"') == 1
    assert ask in shown.split("tequio-cards")[1]
    fund(job, [application], seller, by=rosa, form_id="once")
    assert ask not in html(staff, job)
