"""Reading and pressing on the pages that members open by a link of their own, as somebody who was never here."""

from django.contrib.auth.models import User
from django.test import Client

from jobs.funding import fund
from jobs.models import JobStatus, Member
from ledger.api import timeline
from payments.models import PaymentRequest, Seller
from payments.states import RequestState
from tests import cast, progress
from tests.payments.pages import words


def shown(url: str, **query: str) -> str:
    """What somebody who was never here reads behind a link."""
    return words(Client().get(url, query))


def post(url: str, **fields: str) -> str:
    """The page after pressing a button."""
    client = Client(enforce_csrf_checks=True)
    answer = client.post(url, fields)
    return words(client.get(answer.headers["Location"]) if answer.status_code == 302 else answer)


def kinds(member: Member) -> list[tuple[str, str]]:
    """What the ledger tells of a member, and who did it."""
    return [(row.kind, row.actor.kind) for row in timeline([("member", str(member.pk))])]


def asked(choir: Member, rosa: User, seller: Seller, title: str, state: RequestState) -> PaymentRequest:
    """A request to the choir in `state`, quoted at 12.50 above what the worker gets."""
    job = cast.job(JobStatus.SUBMITTING, title=title, funder=choir)
    worker = Member.objects.filter(name="Maria Lopez").first() or cast.member("Maria Lopez")
    request = fund(job, [cast.applied(job, worker)], seller, by=rosa, form_id=title)
    if state == RequestState.SETTLED:
        progress.settle(request)
    progress.bring(request, state)
    return request
