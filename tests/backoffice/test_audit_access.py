"""An auditor from outside: the payments of one period, until a day, by the word of two administrators; nothing else."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from backoffice.audit import access
from backoffice.audit.access import AuditPeriod
from ledger import days
from ledger.api import timeline
from payments.actions import proposals
from payments.models import Payment, Proposal
from payments.models.proposals import ProposalState
from payments.presentation.reasons import Refusal
from tests import cast
from tests.cast import person, signed_in
from tests.dialogs import confirm

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment() -> Payment:
    return cast.settled()


def given(first: int, last: int, until: int) -> AuditPeriod:
    """In days from today."""
    today = days.today()
    return AuditPeriod(*(today + timedelta(days=number) for number in (first, last, until)))


def test_two_give_it_and_it_shows_that_period_and_nothing_else(payment: Payment) -> None:
    root, other = User.objects.create_superuser("root"), User.objects.create_superuser("other")
    eva = User.objects.create_user("eva", is_staff=True)
    client, today = signed_in(eva), days.today()
    assert client.get("/admin/audit/").status_code == 403
    admin = signed_in(root)
    fields = {"first": today.isoformat(), "last": today.isoformat(), "until": today.isoformat()}
    far = (today + timedelta(days=400)).isoformat()
    for wrong in ({"until": far}, {"until": "2020-01-01"}, {"first": far}, {"last": "nonsense"}):
        answer = confirm(admin, f"/admin/auth/user/{eva.pk}/audit/", **{**fields, **wrong})
        assert "HX-Redirect" not in answer.headers
    assert confirm(admin, f"/admin/auth/user/{eva.pk}/audit/", **fields).headers["HX-Redirect"]
    proposal = Proposal.objects.get(state=ProposalState.WAITING)
    assert client.get("/admin/audit/").status_code == 403, "one person's word"
    with pytest.raises(Refusal):
        proposals.approve(proposal.pk, by=root)
    proposals.approve(proposal.pk, by=other)

    shown = client.get("/admin/audit/").content.decode()
    assert payment.pk in shown
    assert "1,250.00\xa0MXN" in shown
    answer = client.post(f"/admin/audit/{payment.pk}/")
    assert answer["Content-Type"] == "application/zip"
    last = timeline([("payment", payment.pk)])[-1]
    assert (last.kind, last.actor.id) == ("evidence.made", str(eva.pk))
    for page in (f"payments/payment/{payment.pk}/change/", f"payments/payment/{payment.pk}/evidence/", "ledger/entry/"):
        assert client.get(f"/admin/{page}").status_code == 403
    assert client.get(f"/admin/audit/{payment.pk}/").status_code == 404
    assert client.post("/admin/audit/nonsense/").status_code == 404


def test_of_other_days_and_after_its_day_there_is_nothing(payment: Payment, client: Client) -> None:
    eva = person("eva")
    # Nobody else may decide, so each counts at once.
    root = User.objects.create_superuser("root")
    access.propose(eva, given(-30, -1, 1), by=root)
    client.force_login(eva)
    assert payment.pk not in client.get("/admin/audit/").content.decode()
    assert client.post(f"/admin/audit/{payment.pk}/").status_code == 404
    access.propose(eva, given(-30, 0, 0), by=root)
    assert payment.pk in client.get("/admin/audit/").content.decode()
    access.propose(eva, given(-30, 0, -1), by=root)
    assert client.get("/admin/audit/").status_code == 403
