"""Wherever somebody looks at a payment, or at its request, it is called the same: on pages, in mails, in filters."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation

from jobs import links
from jobs.funding import Way, fund
from jobs.models import Job, JobStatus, Member
from payments.mail.rendering import render
from payments.models import Message, Payment, PaymentRequest
from payments.models.messages import Template
from payments.presentation.status import PAYMENT_STATUSES, REQUEST_STATUSES, payment_status, request_status
from payments.states import DEAD_REQUESTS, OPEN_REQUESTS, PaymentState, RequestState
from tests import cast, progress
from tests.payments.pages import url_of

pytestmark = [pytest.mark.django_db, pytest.mark.prove]
R, P = RequestState, PaymentState
LABEL = r"text-\[11px\][^>]*>\s*([^<]*?)\s*</span>"
LISTED = rf"field-state_label(?:(?!</t[dh]>).)*?{LABEL}"


@dataclass
class Told:
    """A job with one worker, and the request that pays them."""

    job: Job
    worker: Member
    request: PaymentRequest
    staff: Client
    language: str = "en"
    pages: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def payment(self) -> Payment:
        return self.request.payments.get()

    def admin(self, name: str, *args: object) -> str:
        """The page, asked for once in each language."""
        path = reverse(f"admin:{name}", args=args)
        if (path, self.language) not in self.pages:
            self.pages[path, self.language] = self.staff.get(path).content.decode()
        return self.pages[path, self.language]

    def mail(self, template: Template, payment: Payment | None = None) -> str:
        to = {"to_name": "Somebody", "to_email": "some@example.org", "language": self.language}
        return render(Message(template=template, request=self.request, payment=payment, **to)).text


def public(url: str) -> str:
    return Client().get(url.removeprefix("http://testserver")).content.decode()


#: Where a payment's status is shown, and what stands before it there.
OF_THE_PAYMENT: dict[str, Callable[[Told], list[str]]] = {
    "list": lambda told: re.findall(LISTED, told.admin("payments_payment_changelist"), re.DOTALL),
    "its own page": lambda told: re.findall(
        r"readonly break-words[^>]*>([^<]*)<", told.admin("payments_payment_change", told.payment.pk)
    )[1:2],
    "the request's page": lambda told: re.findall(
        r'<a class="tequio-tag"[^>]*>([^<]*)<', told.admin("payments_paymentrequest_change", told.request.pk)
    ),
    "the job's page": lambda told: re.findall(
        r'<span class="tequio-tag">([^<]*)<', told.admin("jobs_job_change", told.job.pk)
    ),
    "the receiver's mail": lambda told: re.findall(
        r"(?:Where it stands|En qué va): (.*)", told.mail(Template.LATE, told.payment)
    ),
}
OF_THE_REQUEST: dict[str, Callable[[Told], list[str]]] = {
    "list": lambda told: re.findall(LISTED, told.admin("payments_paymentrequest_changelist"), re.DOTALL),
    "its own page": lambda told: re.findall(
        rf'tequio-step-head">\s*<span[^>]*{LABEL}', told.admin("payments_paymentrequest_change", told.request.pk)
    ),
    "the job's page": lambda told: re.findall(
        rf'aria-labelledby="payment-(?:(?!</h3>).)*?{LABEL}', told.admin("jobs_job_change", told.job.pk), re.DOTALL
    ),
    "the payer's page": lambda told: re.findall(r'id="steps-heading">[^:]*: ([^<]*)<', public(url_of(told.request))),
    "the payer's mail": lambda told: re.findall(r"(?:Where it stands|En qué va): (.*)", told.mail(Template.CANCELLED)),
}
#: Only what has not ended is told there.
OF_THE_LIVING: dict[str, Callable[[Told], list[str]]] = {
    "the worker at the job": lambda told: re.findall(
        rf'/change/">Maria Lopez</a>\s*<span[^>]*{LABEL}', told.admin("jobs_job_change", told.job.pk)
    ),
    "the worker's page": lambda told: re.findall(r"<small>(.*?) ·", public(links.worker_url(told.worker))),
}
#: Each state of a request, with a payment in it, and whether that waits for the work.
STATES = [
    (R.QUOTING, P.NEW, Way.NOW),
    (R.QUOTED, P.QUOTED, Way.NOW),
    (R.AWAITING_AUTHORISATION, P.QUOTED, Way.NOW),
    (R.AWAITING_APPROVAL, P.QUOTED, Way.NOW),
    (R.APPROVED, P.APPROVED, Way.HELD),
    *[(R.APPROVED, state, Way.NOW) for state in (P.APPROVED, P.SENDING, P.UNKNOWN, P.SENT, P.NEEDS_ATTENTION)],
    (R.SETTLED, P.SETTLED, Way.NOW),
    (R.SETTLED_OUTSIDE, P.SETTLED_OUTSIDE, Way.NOW),
    (R.SETTLED_IN_PART, P.FAILED, Way.NOW),
    (R.FAILED, P.FAILED, Way.NOW),
    *[(state, P.CANCELLED, Way.NOW) for state in (R.DECLINED, R.CANCELLED, R.EXPIRED)],
]


def told(state: RequestState, payment: PaymentState, way: Way) -> Told:
    job = cast.job(JobStatus.SUBMITTING)
    worker = cast.member("Maria Lopez")
    request = fund(job, [cast.applied(job, worker)], cast.seller(), way, by=cast.staff(), form_id="1")
    if (state not in OPEN_REQUESTS and payment not in (P.CANCELLED, P.FAILED)) or state == R.SETTLED_IN_PART:
        progress.approve(request)
    progress.bring(request, state if state in OPEN_REQUESTS else request.state)
    progress.bring(request.payments.get(), payment)
    progress.bring(request, state)
    request.refresh_from_db()
    staff = Client()
    staff.force_login(User.objects.create_superuser("alma"))
    return Told(job, worker, request, staff)


def test_every_state_is_walked() -> None:
    assert {state for state, _, _ in STATES} == set(R)
    assert {payment for _, payment, _ in STATES} == set(P)


@pytest.mark.parametrize(("state", "payment", "way"), STATES)
def test_it_is_called_the_same_everywhere(state: RequestState, payment: PaymentState, way: Way) -> None:
    at = told(state, payment, way)
    for language in ("en", "es"):
        at.staff.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        PaymentRequest.objects.update(payer_language=language)
        Payment.objects.update(receiver_language=language)
        Member.objects.update(language=language)
        at.request.refresh_from_db()
        at.language = language
        with translation.override(language):
            one, whole = str(payment_status(at.payment).label), str(request_status(at.request, [at.payment]).label)
        of_payment = OF_THE_PAYMENT if at.request.state in DEAD_REQUESTS else {**OF_THE_PAYMENT, **OF_THE_LIVING}
        shown = {("payment", place): read(at) for place, read in of_payment.items()}
        shown |= {("request", place): read(at) for place, read in OF_THE_REQUEST.items()}
        found = {place: {unescape(label) for label in labels} for place, labels in shown.items()}
        assert found == {(of, place): {one if of == "payment" else whole} for of, place in shown}


def test_each_status_finds_what_is_called_so_and_nothing_else(db: None) -> None:
    staff = Client()
    staff.force_login(User.objects.create_superuser("alma"))
    seller = cast.seller()
    for number, (state, payment, way) in enumerate(STATES):
        was_approved = state not in OPEN_REQUESTS and payment != P.CANCELLED
        request = cast.asked(R.APPROVED if was_approved else state, seller=seller, title=f"Request {number}.")
        cast.paid_to_maria(request, payment, held=way == Way.HELD)
        progress.bring(request, state)
    for model, statuses in (("payment", PAYMENT_STATUSES), ("paymentrequest", REQUEST_STATUSES)):
        url, found = reverse(f"admin:payments_{model}_changelist"), []
        for status in statuses:
            answer = staff.get(url, {"status": status.code})
            labels = re.findall(LISTED, answer.content.decode(), re.DOTALL)
            assert {unescape(label) for label in labels} <= {str(status.label)}
            found += answer.context["cl"].result_list
        assert len(found) == len(set(found)) == len(STATES)
