"""Asking from the job's page and from the list of jobs: what is shown, what can be chosen, what is refused."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs.funding import fund
from jobs.models import Application, Job, JobStatus, Payout, SubmissionStatus
from payments.models import Payment, PaymentRequest, Seller
from tests import cast
from tests.cast import person, signed_in
from tests.dialogs import Answer, dialog, hidden
from tests.jobs.test_admin_jobs import ASK, CHANGE, SEE, action, html
from tests.jobs.test_held_payments import accept, beforehand
from tests.jobs.test_split import staffed
from tests.payments.pages import words

pytestmark = pytest.mark.django_db
JOBS = "/admin/jobs/job/"


@pytest.fixture
def staff(seller: Seller) -> Client:
    return signed_in(person("ana", *SEE, *CHANGE, *ASK, "jobs.change_application", "jobs.change_submission"))


def opened(client: Client, job: Job) -> str:
    return client.get(action(job, "request_payment")).content.decode()


def boxes(shown: str) -> dict[int, str]:
    """Each worker's box: ticked, empty or disabled."""
    found = re.findall(r'name="receivers" value="(\d+)"[^>]*?( disabled| checked)?(?: aria[^>]*)?>', shown)
    return {int(pk): state.strip() or "empty" for pk, state in found}


def send(client: Client, url: str, fields: dict[str, str], *workers: Application, way: str = "now") -> Answer:
    chosen = {**fields, "way": way, "receivers": [str(worker.pk) for worker in workers]}
    return client.post(url, chosen, headers={"HX-Request": "true"})


def test_everybody_who_is_owed_is_ticked_with_their_amount(staff: Client) -> None:
    job, workers = staffed()
    shown = opened(staff, job)
    assert boxes(shown) == {worker.pk: "checked" for worker in workers}
    for worker in workers:
        assert f"{worker.worker.name} gets 1,250.00\xa0MXN" in shown


def test_whoever_can_not_be_paid_is_shown_with_why(staff: Client) -> None:
    job, workers = staffed()
    workers[1].worker.wallet = None
    workers[1].worker.save()
    workers[2].worker.wallet = job.funder.wallet
    workers[2].worker.save()
    shown = opened(staff, job)
    assert boxes(shown) == {workers[0].pk: "checked", workers[1].pk: "disabled", workers[2].pk: "disabled"}
    assert "Xochitl Ruiz has no wallet address yet." in shown
    assert "Payer and receiver have the same wallet address" in shown


def test_one_wallet_under_two_members_and_an_email_of_staff_are_pointed_out(staff: Client) -> None:
    job, workers = staffed()
    workers[1].worker.wallet = workers[0].worker.wallet
    workers[1].worker.save()
    User.objects.create_user("cit", "CITLALI@example.org", is_staff=True)
    shown = opened(staff, job)
    assert "The same wallet as Xochitl Ruiz." in shown
    assert "The same wallet as Maria Lopez." in shown
    assert "Citlali Paz has the email address of a member of staff: a second person must authorise" in shown
    assert "checked" in boxes(shown).values()


def test_a_worker_with_the_platforms_own_wallet_is_pointed_out(staff: Client, seller: Seller) -> None:
    job, workers = staffed()
    workers[1].worker.wallet = seller.wallet
    workers[1].worker.save()
    assert opened(staff, job).count("The same wallet as Tequio.") == 1


def test_the_fee_stands_beside_the_amounts(staff: Client, seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(fee_share=250)
    job, _workers = staffed()
    assert "Platform fee 2.5 %: 93.75\xa0MXN if all of them are chosen" in opened(staff, job)
    Seller.objects.filter(pk=seller.pk).update(fee_share=0, fee_value=999999, fee_code="MXN", fee_scale=2)
    assert "The fee of Tequio is more than the workers get." in opened(staff, job)


def test_some_are_paid_when_their_work_is_accepted(staff: Client) -> None:
    job, workers = staffed()
    answer = send(
        staff, action(job, "request_payment"), dialog(staff, action(job, "request_payment")), *workers[:2], way="held"
    )
    made = PaymentRequest.objects.get()
    assert answer.headers["HX-Redirect"] == f"/admin/payments/paymentrequest/{made.pk}/change/"
    assert list(made.payments.values_list("held", flat=True)) == [True, True]


def test_two_clicks_are_one_request(staff: Client) -> None:
    job, workers = staffed()
    fields = dialog(staff, action(job, "request_payment"))
    first = send(staff, action(job, "request_payment"), fields, *workers)
    second = send(staff, action(job, "request_payment"), fields, *workers)
    assert first.headers["HX-Redirect"] == second.headers["HX-Redirect"]
    assert PaymentRequest.objects.count() == 1


def test_a_second_click_leads_to_the_request_when_nobody_is_left_to_pay(staff: Client) -> None:
    worker = cast.applied(cast.job())
    url = action(worker.job, "request_payment")
    fields = dialog(staff, url)
    first, second = (send(staff, url, fields, worker) for _ in range(2))
    assert first.headers["HX-Redirect"] == second.headers["HX-Redirect"]
    assert PaymentRequest.objects.count() == 1


def test_nobody_chosen_is_said_in_the_dialog(staff: Client) -> None:
    job, _workers = staffed()
    answer = send(staff, action(job, "request_payment"), dialog(staff, action(job, "request_payment")))
    assert "Choose at least one worker to pay." in answer.content.decode()
    assert not PaymentRequest.objects.exists()


def test_a_budget_edited_after_the_dialog_was_opened_is_looked_at_again(staff: Client) -> None:
    job, workers = staffed()
    fields = dialog(staff, action(job, "request_payment"))
    Job.objects.filter(pk=job.pk).update(budget_value=990000)
    answer = send(staff, action(job, "request_payment"), fields, *workers)
    assert "What Maria Lopez is to get changed meanwhile. Look at the amounts again, then ask." in words(answer)
    assert 'value="9900.00"' in answer.content.decode()
    assert not PaymentRequest.objects.exists()
    assert send(staff, action(job, "request_payment"), hidden(answer), *workers).headers["HX-Redirect"]


def test_a_job_canceled_after_the_dialog_was_opened_pays_nobody(staff: Client) -> None:
    job, workers = staffed()
    fields = dialog(staff, action(job, "request_payment"))
    Job.objects.filter(pk=job.pk).update(status=JobStatus.CANCELED)
    answer = send(staff, action(job, "request_payment"), fields, *workers)
    assert "Nothing can be paid while the job is “Canceled”." in answer.content.decode()
    assert not PaymentRequest.objects.exists()


def test_two_members_of_staff_who_choose_overlapping_workers(staff: Client, rosa: User, seller: Seller) -> None:
    job, workers = staffed()
    theirs = dialog(staff, action(job, "request_payment"))
    made = fund(job, workers[:2], seller, by=rosa, form_id="mine")
    typed = {**theirs, f"amount-{workers[2].pk}": "1000.50"}
    answer = send(staff, action(job, "request_payment"), typed, *workers[1:])
    assert PaymentRequest.objects.get() == made
    assert f"Request {made.pk} for Xochitl Ruiz and this job exists already." in words(answer)
    shown = answer.content.decode()
    assert 'value="1000.50"' in shown, "what was written for the others stays"
    assert 'id="dialog-form"' in shown
    assert boxes(shown)[workers[2].pk] == "checked"
    assert words(answer).count("exists already") == 1
    assert Payout.objects.count() == 2


def test_only_one_is_ticked_when_they_are_asked_for_again(staff: Client) -> None:
    job, workers = staffed()
    shown = staff.get(action(job, "request_payment"), {"only": workers[1].pk}).content.decode()
    assert boxes(shown) == {workers[0].pk: "empty", workers[1].pk: "checked", workers[2].pk: "empty"}


# Several jobs


def several(count: int = 2) -> tuple[list[Job], list[Application]]:
    funder = cast.member("Sol Foundation")
    jobs = [cast.job(JobStatus.SUBMITTING, funder=funder, title=f"Job {number}") for number in range(count)]
    return jobs, [cast.applied(job, cast.member(f"Worker{number}")) for number, job in enumerate(jobs)]


def mark(client: Client, jobs: list[Job]) -> str:
    """Mark rows of the list and choose the action; the page that it leads to."""
    keys = [str(job.pk) for job in jobs]
    answer = client.post(JOBS, {"action": "request_payments", "_selected_action": keys})
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def test_marked_jobs_are_asked_for_together(staff: Client) -> None:
    jobs, workers = several()
    url = mark(staff, jobs)
    shown = staff.get(url).content.decode()
    assert boxes(shown) == {worker.pk: "checked" for worker in workers}
    assert "Job 0" in shown
    assert "Job 1" in shown
    send(staff, url, dialog(staff, url), *workers)
    assert PaymentRequest.objects.get().payments.count() == 2


def test_jobs_of_different_funders_can_not_be_submitted(staff: Client) -> None:
    jobs = [cast.job(), cast.job(funder=cast.member("Luna"))]
    workers = [cast.applied(jobs[0]), cast.applied(jobs[1], cast.member("Xochitl"))]
    url = mark(staff, jobs)
    shown = staff.get(url).content.decode()
    assert "These jobs have different funders." in shown
    assert ">arrow_forward<" not in shown
    answer = send(staff, url, dialog(staff, url), *workers)
    assert "These jobs have different funders." in answer.content.decode()
    assert not PaymentRequest.objects.exists()


def test_a_job_of_which_nobody_is_paid_is_left_out_with_why_and_named_nowhere(
    staff: Client, rosa: User, seller: Seller
) -> None:
    Seller.objects.update(may_hold_money=True)
    seller.refresh_from_db()
    jobs, workers = several(2)
    funder = jobs[0].funder
    for job, reference in zip(jobs, ("PO-1", "PO-2"), strict=True):
        Job.objects.filter(pk=job.pk).update(reference=reference)
    over, held = (cast.job(funder=funder, title=title, reference="PO-9") for title in ("Over", "Held"))
    waits = [cast.applied(each, cast.member(each.title)) for each in (over, held)]
    fund(held, "seller", seller, by=rosa, form_id="held")
    Job.objects.filter(pk=over.pk).update(status=JobStatus.CANCELED)
    url = mark(staff, [*jobs, over, held, cast.job(funder=funder, title="Empty")])
    shown = words(staff.get(url))
    assert boxes(staff.get(url).content.decode()) == {worker.pk: "checked" for worker in workers}
    assert "Over : Nothing can be paid while the job is “Canceled”." in shown
    assert "Held : The funder was asked to pay this job to Tequio" in shown
    assert "Empty : Nobody is selected for this job yet." in shown
    # Somebody who can't be paid stops it, and what was chosen and written is still there.
    fields = {**dialog(staff, url), f"amount-{workers[0].pk}": "1000.50"}
    refused = send(staff, url, fields, workers[0], waits[0])
    assert "“Over”: Nothing can be paid while the job is “Canceled”." in words(refused)
    assert boxes(refused.content.decode()) == {workers[0].pk: "checked", workers[1].pk: "empty"}
    assert 'value="1000.50"' in refused.content.decode()
    # Who is owed something else by now is shown that, and not what was written before.
    Job.objects.filter(pk=jobs[0].pk).update(budget_value=200000)
    refused = send(staff, url, fields, workers[0])
    assert "changed meanwhile" in words(refused)
    assert 'value="2000.00"' in refused.content.decode()
    answer = send(staff, url, hidden(refused), workers[0])
    assert not answer.content, [line for line in answer.content.decode().splitlines() if "tequio-problem" in line]
    made = PaymentRequest.objects.exclude(form_id="held").get()
    assert (made.title, made.reference, made.payments.get().value) == ("Job 0", "PO-1", 200000)
    assert made.origin_path == f"/admin/jobs/job/{jobs[0].pk}/change/"


def test_marked_jobs_that_owe_nothing_say_so(staff: Client) -> None:
    url = mark(staff, [cast.job()])
    assert "There is nobody to pay" in staff.get(url).content.decode()


def test_the_list_asks_only_for_who_may(seller: Seller) -> None:
    jobs, workers = several()
    client = signed_in(person("eva", *SEE, *CHANGE))
    url = f"{JOBS}ask/{jobs[0].pk}.{jobs[1].pk}/"
    assert client.get(url).status_code == 403
    assert send(client, url, {"form_id": "1"}, *workers).status_code == 403
    assert 'value="request_payments"' not in client.get(JOBS).content.decode()
    assert not PaymentRequest.objects.exists()


def test_an_id_that_no_form_of_ours_has_asks_for_nothing(staff: Client) -> None:
    jobs, workers = several()
    url = mark(staff, jobs)
    assert send(staff, url, {**dialog(staff, url), "form_id": "\0"}, *workers).status_code == 200
    assert not PaymentRequest.objects.exists()


@pytest.mark.parametrize("address", ["x", "1.x", "999999", "1..2", "1" * 500])
def test_an_address_that_names_no_jobs_is_not_found(address: str, staff: Client) -> None:
    assert staff.get(f"{JOBS}ask/{address}/").status_code == 404


def test_the_page_asks_as_often_for_many_workers_as_for_one(staff: Client) -> None:
    def queries(count: int) -> int:
        job, _workers = staffed(
            tuple(f"Worker{count}of{number}" for number in range(count)), funder=cast.member(f"F{count}")
        )
        url = mark(staff, [job])
        staff.get(url)
        with CaptureQueriesContext(connection) as asked:
            staff.get(url)
        return len(asked)

    assert queries(1) == queries(12)


# Decisions that pay, or call off


def test_accepting_says_who_is_paid_what(staff: Client, rosa: User, seller: Seller) -> None:
    _job, workers, _request = beforehand(seller, rosa)
    url = reverse("admin:jobs_submission_accept_work", args=[workers[0].submissions.get().pk])
    assert "Maria Lopez is paid 1,250.00\xa0MXN now: Sol Foundation approved it" in staff.get(url).content.decode()
    staff.post(url, dialog(staff, url))
    assert Payment.objects.get(receiver_name="Maria Lopez").released_at is not None
    assert workers[0].submissions.get().status == SubmissionStatus.ACCEPTED


def test_what_is_called_off_is_shown_before(staff: Client, rosa: User, seller: Seller) -> None:
    job, workers, request = beforehand(seller, rosa)
    reject = reverse("admin:jobs_application_reject_worker", args=[workers[0].pk])
    assert "are called off" in staff.get(reject).content.decode()
    cancel = action(job, "cancel")
    fields = dialog(staff, cancel)
    shown = staff.get(cancel).content.decode()
    assert shown.count("1,250.00\xa0MXN") == 3
    accept(workers[0], rosa)
    staff.post(cancel, fields)
    assert "Meanwhile the payments of this job changed." in html(staff, job)
    assert not request.payments.filter(state="cancelled").exists()
