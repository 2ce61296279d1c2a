"""What only jobs know to be unusual about paying a worker, and that whoever asks is shown it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs import ask_preview
from jobs.funding import fund
from jobs.member_emails import tell_change
from jobs.models import Job, JobStatus, Member
from jobs.risk_checks import CHECKS
from ledger import clock
from payments.actions import requests
from payments.actions.set_risk_levels import set_risk_level
from payments.models import PaymentRequest, RiskLevel, Seller
from payments.openpayments.amounts import Amount
from payments.presentation.dates import day
from payments.presentation.reasons import Refusal
from payments.risk.checks import CHECKS as ALL
from payments.risk.warnings import unsent_of, warnings_of
from payments.states import PaymentState, RequestState
from tests.cast import applied, job, member, person, signed_in, staff, wallet
from tests.progress import bring

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> User:
    return staff("rosa")


def asked(for_: Job, seller: Seller, by: User, **more: Any) -> PaymentRequest:
    """For all of its workers, quoted."""
    request = fund(for_, list(for_.applications.all()), seller, by=by, form_id=f"form-{for_.pk}-{len(more)}", **more)
    bring(request, RequestState.QUOTED)
    for payment in request.payments.all():
        bring(payment, PaymentState.QUOTED)
    return request


def said(request: PaymentRequest) -> dict[str, str]:
    """What of this room's checks is said of it."""
    own = {check.name for check in CHECKS}
    found = warnings_of(unsent_of(request.pk))
    return {each.check.name: each.text.replace("\xa0", " ") for each in found if each.check.name in own}


@pytest.fixture
def staffed_job() -> Job:
    made = job(JobStatus.SUBMITTING)
    applied(made)
    return made


def test_nothing_is_said_of_what_is_owed(staffed_job: Job, seller: Seller, rosa: User) -> None:
    assert said(asked(staffed_job, seller, rosa)) == {}


def test_a_budget_that_was_lowered_since(staffed_job: Job, seller: Seller, rosa: User) -> None:
    request = asked(staffed_job, seller, rosa)
    Job.objects.filter(pk=staffed_job.pk).update(budget_value=100000)
    assert said(request) == {
        "above_owed": (
            "Maria Lopez would get 1,250.00 MXN; for “Stories in Nahuatl”, 1,000.00 MXN is still owed to them."
        ),
        "above_budget": "Maria Lopez would get 1,250.00 MXN; “Stories in Nahuatl” pays each worker 1,000.00 MXN.",
    }


def test_as_much_was_paid_for_the_same_work_before(staffed_job: Job, seller: Seller, rosa: User) -> None:
    (work,) = staffed_job.applications.all()
    half = {work.pk: Amount(62500, staffed_job.budget.asset)}
    first = asked(staffed_job, seller, rosa, parts=half)
    for payment in first.payments.all():
        bring(payment, PaymentState.SETTLED)
    bring(first, RequestState.SETTLED)
    work.payouts.update(paid=True)
    again = asked(staffed_job, seller, rosa, parts=half, seen=None)
    assert said(again) == {"paid_before": "Maria Lopez was paid 625.00 MXN for “Stories in Nahuatl” before."}


def test_the_worker_has_another_wallet_or_email_by_now(staffed_job: Job, seller: Seller, rosa: User) -> None:
    request = asked(staffed_job, seller, rosa)
    maria = Member.objects.get(name="Maria Lopez")
    Member.objects.filter(pk=maria.pk).update(wallet=wallet("maria-2"))
    tell_change(maria, "maria@old.example.org", maria.email, by=rosa.pk)
    assert said(request) == {
        "other_wallet": (
            "Maria Lopez has another wallet by now than the one that this pays, https://wallet.example/maria."
        ),
        "email_changed": f"Maria Lopez has another email address since {day(clock.now())}.",
    }


def test_they_stop_money_as_any_other(staffed_job: Job, seller: Seller, rosa: User) -> None:
    request = asked(staffed_job, seller, rosa)
    set_risk_level("above_budget", RiskLevel.BLOCK, rosa)
    Job.objects.filter(pk=staffed_job.pk).update(budget_value=100000)
    with pytest.raises(Refusal, match="pays each worker"):
        requests.send(request.pk, by=rosa)


def test_whoever_asks_sees_it_beside_the_worker(staffed_job: Job, seller: Seller) -> None:
    client = signed_in(person("ana", "jobs.view_job", "payments.request_paymentrequest", "payments.view_payment"))
    shown = client.get(reverse("admin:jobs_job_request_payment", args=[staffed_job.pk])).content.decode()
    assert "Nothing was ever paid to the wallet of Maria Lopez, https://wallet.example/maria." in shown


def test_as_many_queries_for_many_workers_as_for_one(seller: Seller, rosa: User) -> None:
    for name in ALL:
        set_risk_level(name, RiskLevel.TICK, rosa)
    one, many = job(JobStatus.SUBMITTING), job(JobStatus.SUBMITTING, funder=member("Luna Foundation"))
    applied(one)
    for number in range(12):
        applied(many, member(f"Worker{number} Ruiz"))
    counts = []
    for each in (asked(one, seller, rosa), asked(many, seller, rosa)):
        with CaptureQueriesContext(connection) as queries:
            assert warnings_of(unsent_of(each.pk))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert not ask_preview.offers([one]), "both are asked for"
