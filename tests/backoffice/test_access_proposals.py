"""What somebody may do is widened by two administrators, and narrowed by one."""

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from backoffice import roles
from payments.actions import proposals
from payments.models import Proposal
from payments.models.proposals import ProposalState
from payments.presentation.reasons import Refusal
from tests.backoffice.test_people import ana, entries, eva, form, luis, url, works_here
from tests.cast import signed_in
from tests.dialogs import confirm

__all__ = ["ana", "eva", "luis"]

pytestmark = pytest.mark.django_db


def roles_of(user: User) -> list[str]:
    return sorted(user.groups.values_list("name", flat=True))


def role(name: str) -> int:
    return Group.objects.get(name=name).pk


def test_more_waits_for_a_second_administrator(ana: User, eva: User, luis: User) -> None:
    both = [role(roles.FINANCE), role(roles.ADMINISTRATOR)]
    answer = signed_in(ana).post(url(luis), form(luis, groups=both, first_name="Luis"), follow=True)
    assert "It changes nothing before a second administrator has agreed" in answer.content.decode()
    luis.refresh_from_db()
    assert (luis.first_name, roles_of(luis)) == ("Luis", [roles.FINANCE]), "what raises nobody is saved at once"
    assert [row.data["changed"] for row in entries(luis)] == [["first_name"]]
    proposal = Proposal.objects.get()
    client = signed_in(eva)
    page = client.get(reverse("admin:payments_proposal_change", args=[proposal.pk])).content.decode()
    assert "What the account luis may do" in page
    assert "administrator, finance" in page
    confirm(client, reverse("admin:payments_proposal_approve", args=[proposal.pk]))
    assert roles_of(luis) == [roles.ADMINISTRATOR, roles.FINANCE]
    last = entries(luis)[-1]
    assert (last.actor.id, last.data["before"], last.data["after"]) == (
        str(eva.pk),
        {"groups": ["finance"]},
        {"groups": ["administrator", "finance"]},
    )


def test_whom_it_is_about_does_not_decide_on_it(ana: User, eva: User, luis: User) -> None:
    otto = works_here("otto", roles.ADMINISTRATOR)
    signed_in(ana).post(url(eva), form(eva, groups=[role(roles.ADMINISTRATOR), role(roles.FINANCE)]))
    proposal = Proposal.objects.get()
    for who in (ana, eva):
        with pytest.raises(Refusal, match="yourself"):
            proposals.approve(proposal.pk, by=who)
    assert proposals.approve(proposal.pk, by=otto).state == ProposalState.APPROVED
    assert roles_of(eva) == [roles.ADMINISTRATOR, roles.FINANCE]
    assert roles_of(luis) == [roles.FINANCE]


@pytest.mark.usefixtures("eva")
def test_less_takes_one_person(ana: User, luis: User) -> None:
    signed_in(ana).post(url(luis), form(luis, groups=[], is_active=""))
    luis.refresh_from_db()
    assert (luis.is_active, roles_of(luis)) == (False, [])
    signed_in(ana).post(url(luis), form(luis, groups=[]))
    luis.refresh_from_db()
    assert not luis.is_active, "to let them in again takes two"
    assert Proposal.objects.get().state == ProposalState.WAITING


def test_a_single_administrator_does_it_alone(ana: User, luis: User) -> None:
    signed_in(ana).post(url(luis), form(luis, groups=[role(roles.FINANCE), role(roles.AUDITOR)]))
    assert roles_of(luis) == [roles.AUDITOR, roles.FINANCE]
    assert Proposal.objects.get().alone
