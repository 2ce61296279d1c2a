"""One person decides alone, in an emergency, what needs two: with words, typed, loud, and never for themselves."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from ledger.api import timeline
from payments.actions import break_glass, guarded, requests
from payments.actions.set_rules import PLAIN, set_rule
from payments.invariants import violations
from payments.models import BrokenGlass, Message, PaymentRequest, Proposal, SecondPersonRule
from payments.models.messages import Template
from payments.models.proposals import ProposalState
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.reasons import Refusal
from payments.presentation.timeline_text import describe
from payments.states import RequestState
from tests.cast import asked, paid_to_maria, person, signed_in
from tests.dialogs import confirm

pytestmark = pytest.mark.django_db

MAY = (
    "payments.view_paymentrequest",
    "payments.request_paymentrequest",
    "payments.authorise_paymentrequest",
    "payments.view_proposal",
    "payments.change_secondpersonrule",
    "payments.view_brokenglass",
    "payments.break_glass",
)
WHY = "The hall floods, and nobody else can be reached."


def administrator(name: str) -> User:
    user = person(name, *MAY)
    User.objects.filter(pk=user.pk).update(email=f"{name}@example.org")
    return User.objects.get(pk=user.pk)


@pytest.fixture
def ana() -> User:
    return administrator("ana")


@pytest.fixture
def beto() -> User:
    return administrator("beto")


def waiting(by: User, **columns: Any) -> PaymentRequest:
    request = asked(RequestState.AWAITING_AUTHORISATION, requested_by=by, **columns)
    paid_to_maria(request)
    return request


def action(row: PaymentRequest | Proposal, name: str) -> str:
    model = type(row)._meta.model_name
    return reverse(f"admin:payments_{model}_{name}", args=[row.pk])


@pytest.mark.usefixtures("beto")
def test_a_request_is_authorised_alone_with_words_and_typed(ana: User) -> None:
    luis = person("luis", "payments.authorise_paymentrequest")
    User.objects.filter(pk=luis.pk).update(email="luis@example.org")
    request, client = waiting(ana), signed_in(ana)
    page = client.get(reverse("admin:payments_paymentrequest_change", args=[request.pk])).content.decode()
    assert action(request, "authorise_alone") in page
    assert f'href="{action(request, "authorise")}"' not in page
    url, typed = action(request, "authorise_alone"), request.pk[-6:]
    for given in ({"why": WHY, "typed": "AAAAAA"}, {"why": " ", "typed": typed}, {"why": WHY, "typed": ""}):
        confirm(client, url, **given)
        assert PaymentRequest.objects.get().state == RequestState.AWAITING_AUTHORISATION
    confirm(client, url, why=WHY, typed=typed.lower())
    request.refresh_from_db()
    assert (request.state, request.authorised_by) == (RequestState.AWAITING_APPROVAL, ana)
    glass = BrokenGlass.objects.get()
    (entry,) = [row for row in timeline([("request", request.pk)]) if row.kind == "glass.broken"]
    assert describe(entry).text == f"One person decided this alone, without a second one. Why: “{WHY}”"
    assert describe(entry).tone == "bad"
    assert WHY not in str(entry.data)
    mails = Message.objects.filter(template=Template.ALONE).order_by("to_email").values_list("to_email", flat=True)
    assert list(mails) == ["ana@example.org", "beto@example.org", "luis@example.org"], "all administrators, and finance"
    overview = client.get("/admin/").content.decode()
    assert "ana decided this alone" in overview
    assert reverse("admin:payments_brokenglass_change", args=[glass.pk]) in overview
    assert not violations()


def test_it_warns_until_another_person_has_looked(ana: User, beto: User) -> None:
    break_glass.authorise_alone(waiting(ana).pk, by=ana, why=WHY)
    glass = BrokenGlass.objects.get()
    own, other = signed_in(ana), signed_in(beto)
    url = reverse("admin:payments_brokenglass_see", args=[glass.pk])
    page = reverse("admin:payments_brokenglass_change", args=[glass.pk])
    assert url not in own.get(page).content.decode()
    confirm(own, url)
    assert BrokenGlass.objects.get().seen_at is None
    assert url in other.get(page).content.decode()
    for _ in range(2):
        confirm(other, url)
    assert BrokenGlass.objects.get().seen_by == beto
    assert "decided this alone" not in other.get("/admin/").content.decode()
    assert [row.kind for row in timeline([("glass", glass.pk)]) if row.kind.startswith("glass.")] == [
        "glass.broken",
        "glass.seen",
    ]


def test_a_change_is_decided_alone(ana: User, beto: User) -> None:
    proposal = guarded.propose_rule(Amount(500_00, Asset("MXN", 2)), PLAIN, by=ana)
    assert proposal.state == ProposalState.WAITING
    with pytest.raises(Refusal, match="in the ordinary way"):
        break_glass.approve_alone(proposal.pk, by=beto, why=WHY)
    confirm(signed_in(ana), action(proposal, "approve_alone"), why=WHY, typed=proposal.pk[-6:])
    assert Proposal.objects.get().alone
    assert SecondPersonRule.objects.get().limit == 500_00
    mail = Message.objects.filter(template=Template.ALONE, to_email=beto.email).get()
    assert mail.details["rows"][0]["value"].endswith("a second person.")
    # The rules it sets are now in force, and so is the second person.
    set_rule(Amount(1, Asset("MXN", 2)), beto)


@pytest.mark.usefixtures("beto")
def test_never_for_a_payment_to_oneself(ana: User) -> None:
    request = waiting(ana)
    request.payments.update(receiver_email="ANA@example.org")
    with pytest.raises(Refusal, match="pays you yourself"):
        break_glass.authorise_alone(request.pk, by=ana, why=WHY)
    assert PaymentRequest.objects.get().state == RequestState.AWAITING_AUTHORISATION


@pytest.mark.usefixtures("beto")
def test_where_it_is_switched_off_nobody_can(ana: User, settings: Any) -> None:
    settings.BREAK_GLASS = False
    request, client = waiting(ana), signed_in(ana)
    page = client.get(reverse("admin:payments_paymentrequest_change", args=[request.pk])).content.decode()
    assert action(request, "authorise_alone") not in page
    assert client.get(action(request, "authorise_alone")).status_code == 403
    with pytest.raises(Refusal, match="switched that off"):
        break_glass.authorise_alone(request.pk, by=ana, why=WHY)


def test_finance_can_not(beto: User) -> None:
    luis = person("luis", "payments.view_paymentrequest", "payments.authorise_paymentrequest")
    request = waiting(luis)
    assert signed_in(luis).get(action(request, "authorise_alone")).status_code == 403
    assert requests.authorise(request.pk, by=beto).state == RequestState.AWAITING_APPROVAL
