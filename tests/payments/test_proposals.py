"""What guards the money is changed by two administrators: proposed, decided once, on what was shown, or not at all."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from backoffice import people
from ledger import clock
from ledger.api import Actor, record, timeline
from payments.actions import guarded, proposals, sellers
from payments.actions.set_rules import PLAIN, set_rule
from payments.authorisation import EVERY_OTHER
from payments.mail.queue import is_pointless
from payments.mail.rendering import render
from payments.models import Colleague, Message, ProofLimit, Proposal, SecondPersonRule, Seller
from payments.models.messages import Template
from payments.models.proposals import ProposalState
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.reasons import Refusal
from payments.presentation.timeline_text import describe
from payments.second_person import CREDENTIALS
from payments.tasks import expire_proposals
from tests import cast
from tests.cast import person, signed_in
from tests.dialogs import confirm, dialog

pytestmark = pytest.mark.django_db

RULES, SELLERS = "admin:payments_secondpersonrule", "admin:payments_seller"
MODELS = ("secondpersonrule", "prooflimit", "seller")
MAY = tuple(f"payments.{may}_{model}" for model in MODELS for may in ("view", "add", "change", "delete"))
SELLER_MAY = ("payments.hold_money_seller", "payments.set_fee_seller", "payments.view_proposal")
FORM = {"asset_code": "MXN", "amount": "500.00", "measure": "request", "action": "any", "receiver": "any", "days": "30"}


def administrator(name: str) -> User:
    user = person(name, *MAY, *SELLER_MAY)
    User.objects.filter(pk=user.pk).update(email=f"{name}@example.org")
    return User.objects.get(pk=user.pk)


@pytest.fixture
def ana() -> User:
    return administrator("ana")


@pytest.fixture
def beto() -> User:
    return administrator("beto")


def pesos(major: str) -> Amount:
    return Amount.from_major(major, Asset("MXN", 2))


def proposed(by: User, major: str = "500.00") -> Proposal:
    return guarded.propose_rule(pesos(major), PLAIN, by=by)


def state_of(proposal: Proposal) -> tuple[str, int]:
    return Proposal.objects.get(pk=proposal.pk).state, SecondPersonRule.objects.count()


def action(proposal: Proposal, name: str) -> str:
    return reverse(f"admin:payments_proposal_{name}", args=[proposal.pk])


def kinds(proposal: Proposal) -> list[str]:
    return [row.kind for row in timeline([("proposal", proposal.pk)]) if row.kind.startswith("proposal.")]


def test_a_rule_waits_for_a_second_administrator(ana: User, beto: User) -> None:
    first, second = signed_in(ana), signed_in(beto)
    Colleague.objects.filter(user=beto).update(language="es")
    answer = first.post(reverse(f"{RULES}_add"), FORM)
    told = first.get(answer.headers["Location"]).content.decode()
    assert "It changes nothing before a second administrator has agreed" in told
    assert "was added successfully" not in told
    proposal = Proposal.objects.get()
    assert state_of(proposal) == (ProposalState.WAITING, 0)
    mail = Message.objects.get(template=Template.SECOND_PERSON)
    assert (mail.to_email, mail.language) == (beto.email, "es"), "the checker, in their language; not who proposed it"
    text = render(mail).text.replace("\xa0", " ")
    assert f"http://testserver/admin/payments/proposal/{proposal.pk}/change/" in text
    assert "500.00 MXN" in text
    page = second.get(reverse("admin:payments_proposal_change", args=[proposal.pk])).content.decode()
    assert "Above 500.00 MXN: a second person." in page.replace("\xa0", " ")
    assert action(proposal, "approve") in page
    own = first.get(reverse("admin:payments_proposal_change", args=[proposal.pk])).content.decode()
    assert action(proposal, "approve") not in own
    assert action(proposal, "withdraw") in own
    confirm(first, action(proposal, "approve"))
    assert state_of(proposal) == (ProposalState.WAITING, 0), "nobody approves what they proposed"
    confirm(second, action(proposal, "approve"))
    assert state_of(proposal) == (ProposalState.APPROVED, 1)
    outcome = Message.objects.get(template=Template.DECISION)
    assert (outcome.to_email, outcome.details["why"]) == (ana.email, ["beto agreed: it counts from now on."])
    assert is_pointless(mail), "it no longer waits"
    entries = [describe(row).text.replace("\xa0", " ") for row in timeline([("proposal", proposal.pk)])]
    change = "A rule for a second person. Rule: None → Above 500.00 MXN: a second person."
    assert entries[0].startswith("Proposed: ")
    assert f"Approved: {change}" in entries


def test_it_is_carried_out_once(ana: User, beto: User) -> None:
    proposal = proposed(ana)
    client = signed_in(beto)
    form = dialog(client, action(proposal, "approve"))
    for _ in range(2):
        client.post(action(proposal, "approve"), form)
    assert kinds(proposal) == ["proposal.waiting", "proposal.approved"]
    (rule,) = SecondPersonRule.objects.all()
    assert [row.kind for row in timeline([("limit", str(rule.pk))])] == ["limit.set"]
    with pytest.raises(Refusal, match="is over"):
        proposals.approve(proposal.pk, by=beto)
    with pytest.raises(Refusal, match="is over"):
        proposals.withdraw(proposal.pk, by=ana)


def test_what_it_was_based_on_has_changed(ana: User, beto: User) -> None:
    """Never carried out blindly: it is overtaken, and who proposed it is told."""
    carla = administrator("carla")
    older, newer = proposed(ana), proposed(beto, "900.00")
    client = signed_in(beto)
    form = dialog(client, action(older, "approve"))
    proposals.approve(newer.pk, by=carla)
    assert state_of(older) == (ProposalState.SUPERSEDED, 1)
    client.post(action(older, "approve"), form)
    assert SecondPersonRule.objects.get().limit == 900_00
    mail = Message.objects.get(template=Template.DECISION, to_email=ana.email)
    assert "was changed meanwhile" in mail.details["why"][0]
    # Also when it was changed by another way than a proposal.
    third = proposed(ana, "100.00")
    form = dialog(client, action(third, "approve"))
    set_rule(pesos("1.00"), beto)
    client.post(action(third, "approve"), form)
    assert state_of(third) == (ProposalState.WAITING, 1), "the dialog is outdated"
    assert proposals.approve(third.pk, by=beto).state == ProposalState.SUPERSEDED
    assert SecondPersonRule.objects.get().limit == 1_00


def test_it_is_rejected_with_words_or_withdrawn(ana: User, beto: User) -> None:
    proposal = proposed(ana)
    client = signed_in(beto)
    confirm(client, action(proposal, "reject"), why=" ")
    assert state_of(proposal) == (ProposalState.WAITING, 0)
    confirm(client, action(proposal, "reject"), why="Too high.")
    assert state_of(proposal) == (ProposalState.REJECTED, 0)
    assert Message.objects.get(template=Template.DECISION).details["why"] == ["beto did not agree: “Too high.”"]
    assert "“Too high.”" in " ".join(describe(row).text for row in timeline([("proposal", proposal.pk)]))
    again = proposed(ana)
    with pytest.raises(Refusal):
        proposals.withdraw(again.pk, by=beto)
    confirm(signed_in(ana), action(again, "withdraw"))
    assert state_of(again) == (ProposalState.WITHDRAWN, 0)
    assert Message.objects.filter(template=Template.DECISION).count() == 1, "nobody is told what they did themselves"


def test_what_nobody_decides_on_ends(ana: User, beto: User, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = proposed(ana)
    expire_proposals()
    assert state_of(proposal) == (ProposalState.WAITING, 0)
    later = clock.now() + proposals.LIFETIME + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(Refusal, match="is over"):
        proposals.approve(proposal.pk, by=beto)
    for _ in range(2):
        expire_proposals()
    assert state_of(proposal) == (ProposalState.EXPIRED, 0)
    assert Message.objects.get(template=Template.DECISION).to_email == ana.email


def test_where_there_is_one_administrator_it_counts_at_once_and_all_are_told(ana: User) -> None:
    luis = person("luis", "payments.authorise_paymentrequest")
    User.objects.filter(pk=luis.pk).update(email="luis@example.org")
    told = signed_in(ana).post(reverse(f"{RULES}_add"), FORM, follow=True).content.decode()
    assert "It counts from now on. Nobody else could decide on it" in told
    proposal = Proposal.objects.get()
    assert (*state_of(proposal), proposal.alone) == (ProposalState.APPROVED, 1, True)
    mails = Message.objects.filter(template=Template.ALONE).order_by("to_email")
    assert [mail.to_email for mail in mails] == [ana.email, "luis@example.org"]
    entry = next(row for row in timeline([("proposal", proposal.pk)]) if row.kind == "proposal.approved")
    assert entry.data["alone"] is True


@pytest.mark.parametrize("other", [{"is_active": False}, {"email": "ANA@example.org"}])
def test_whoever_is_no_second_person_does_not_count(ana: User, beto: User, other: dict[str, Any]) -> None:
    User.objects.filter(pk=beto.pk).update(**other)
    assert state_of(proposed(ana)) == (ProposalState.APPROVED, 1)


def taken(**lost: Any) -> people.Changes:
    return people.Changes(lost, {name: [] if isinstance(value, list) else False for name, value in lost.items()})


@pytest.mark.parametrize(
    "changes",
    [
        people.Changes({"email": "beto@example.org"}, {"email": "mine@example.org"}),
        taken(is_active=True),
        taken(is_staff=True),
        taken(groups=["Deciders"]),
    ],
)
def test_who_made_it_so_that_nobody_else_may_decide_waits(ana: User, beto: User, changes: people.Changes) -> None:
    deciders = Group.objects.create(name="Deciders")
    deciders.permissions.set(beto.user_permissions.all())
    with transaction.atomic():
        people.changed(beto, changes, ana)
    columns = {name: value for name, value in changes.after.items() if name != "groups"}
    User.objects.filter(pk=beto.pk).update(**columns)
    if "groups" in changes.after:
        beto.user_permissions.clear()
    assert state_of(proposed(ana)) == (ProposalState.WAITING, 0)


def test_nor_does_who_took_away_the_others_second_factor(ana: User, beto: User) -> None:
    with transaction.atomic():
        subjects = {"user": str(beto.pk), CREDENTIALS: str(beto.pk)}
        record("sign_in.factor_reset", actor=Actor.staff(ana.pk), subjects=subjects, data={})
    assert state_of(proposed(ana)) == (ProposalState.WAITING, 0)


def test_who_made_the_other_accounts_decides_alone(ana: User, beto: User) -> None:
    """They never were other people to them, so nobody is kept from anything."""
    with transaction.atomic():
        people.created(beto, ana)
    assert state_of(proposed(ana)) == (ProposalState.APPROVED, 1)


@pytest.mark.usefixtures("beto")
def test_without_the_permission_of_the_change_nobody_decides(ana: User) -> None:
    proposal = proposed(ana)
    client = signed_in(person("ines", "payments.view_proposal", "payments.change_seller"))
    for name in ("approve", "reject", "withdraw", "approve_alone"):
        assert client.get(action(proposal, name)).status_code == 403
        assert client.post(action(proposal, name), {"_form_submitted": "True", "seen": "x"}).status_code == 403
    assert state_of(proposal) == (ProposalState.WAITING, 0)


def test_limits_for_unproven_wallets_too(ana: User, beto: User) -> None:
    page = reverse("admin:payments_prooflimit_add")
    signed_in(ana).post(page, {"asset_code": "", "amount": "20"})
    assert not ProofLimit.objects.exists()
    proposals.approve(Proposal.objects.get().pk, by=beto)
    row = ProofLimit.objects.get()
    assert (row.asset_code, row.limit) == (EVERY_OTHER, 20)
    signed_in(ana).post(reverse("admin:payments_prooflimit_delete", args=[row.pk]), {"post": "yes"})
    assert ProofLimit.objects.exists(), "removing it waits as well"
    proposals.approve(Proposal.objects.get(state=ProposalState.WAITING).pk, by=beto)
    assert not ProofLimit.objects.exists()


# Sellers


def form_of(client: Client, seller: Seller) -> dict[str, str]:
    shown = client.get(reverse(f"{SELLERS}_change", args=[seller.pk]))
    form = shown.context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {name: str(value) for name, value in values.items() if value not in (None, False, "")}


def test_a_sellers_wallet_money_fee_and_approval_address_wait(ana: User, beto: User) -> None:
    seller = cast.seller()
    before = guarded.seller_now(seller.pk)
    client = signed_in(ana)
    mine = cast.wallet("mine").url
    changes = {"wallet_text": mine, "may_hold_money": "on", "approval_email": "ana@example.org", "fee_percent": "9"}
    client.post(reverse(f"{SELLERS}_change", args=[seller.pk]), {**form_of(client, seller), **changes})
    assert guarded.seller_now(seller.pk) == before
    proposal = Proposal.objects.get()
    page = signed_in(beto).get(reverse("admin:payments_proposal_change", args=[proposal.pk])).content.decode()
    for shown in (before["wallet"], mine, "ana@example.org", "9 %"):
        assert shown in page
    entry = next(row for row in timeline([("proposal", proposal.pk)]) if row.kind == "proposal.waiting")
    assert "ana@example.org" not in str(entry.data), "addresses of people are in the part that can be erased"
    assert entry.private["approval_email_becomes"] == "ana@example.org"
    proposals.approve(proposal.pk, by=beto)
    after = guarded.seller_now(seller.pk)
    assert after == {
        **before,
        "wallet": mine,
        "may_hold_money": True,
        "approval_email": "ana@example.org",
        "fee_share": 900,
    }


def test_a_retired_seller_is_used_again_by_two_and_retired_by_one(ana: User, beto: User) -> None:
    cast.seller()
    other = cast.seller_with_key(id="other", name="Other", wallet=cast.wallet("other"))
    client = signed_in(ana)
    confirm(client, reverse("admin:payments_seller_retire_seller", args=[other.pk]))
    other.refresh_from_db()
    assert other.retired_at is not None
    confirm(client, reverse("admin:payments_seller_resume_seller", args=[other.pk]))
    other.refresh_from_db()
    assert other.retired_at is not None, "it waits"
    proposals.approve(Proposal.objects.get().pk, by=beto)
    other.refresh_from_db()
    assert other.retired_at is None


@pytest.mark.usefixtures("beto")
def test_a_pending_change_keeps_nobody_from_working(ana: User) -> None:
    seller = cast.seller()
    guarded.propose_seller(seller.pk, {"fee_share": 100}, by=ana)
    sellers.register(seller.pk, seller.wallet.url, name="Renamed")
    request = cast.asked(seller=seller)
    assert request.seller.name == "Renamed"
