"""Funder organisations: their legal side and their contacts reach requests and receipts, as they were when asked."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs import links
from jobs.funding import fund
from jobs.models import Job, Member, Organisation
from jobs.models.members import MemberKind
from ledger import days
from ledger.api import timeline
from payments.links import approval_url
from payments.mail.queue import queue_message
from payments.mail.rendering import render
from payments.models import Message, PaymentRequest, Seller
from payments.models.messages import Template
from tests import cast
from tests.cast import person, signed_in
from tests.payments.pages import words

pytestmark = pytest.mark.django_db
LEGAL = ("Casa de la Palabra, A.C.", "CPA010203AB1", "Calle Reforma 12")


@pytest.fixture
def house(db: None) -> Member:
    member = cast.member("Casa de la Palabra", kind=MemberKind.ORGANISATION, language="en")
    legal_name, tax_id, address = LEGAL
    Organisation.objects.create(
        member=member,
        legal_name=legal_name,
        tax_id=tax_id,
        address=f"{address}\nOaxaca",
        default_reference="GRANT-9",
        approver_name="Elena Robles",
        approver_email="elena@casa.example",
        accounts_name="Contabilidad",
        accounts_email="cuentas@casa.example",
        accounts_language="es",
    )
    return member


def asked(job: Job, rosa: User, seller: Seller) -> PaymentRequest:
    return fund(job, [cast.applied(job)], seller, by=rosa, form_id="1")


def test_a_request_keeps_the_organisation_as_it_was(house: Member, rosa: User, seller: Seller) -> None:
    request = asked(cast.job(funder=house, reference=""), rosa, seller)
    Organisation.objects.update(legal_name="Another name", accounts_email="")
    request.refresh_from_db()
    assert request.payer_details["legal_name"] == LEGAL[0]
    assert request.payer_accounts == {"name": "Contabilidad", "email": "cuentas@casa.example", "language": "es"}
    assert (request.payer_name, request.payer_email) == ("Casa de la Palabra", "elena@casa.example")
    assert request.reference == "GRANT-9"


def test_the_reference_of_the_job_comes_first(house: Member, rosa: User, seller: Seller) -> None:
    assert asked(cast.job(funder=house, reference="PO-7"), rosa, seller).reference == "PO-7"


def test_a_person_who_funds_has_no_legal_side(rosa: User, seller: Seller) -> None:
    request = asked(cast.job(), rosa, seller)
    assert (request.payer_details, request.payer_accounts) == ({}, {})
    queue_message(Template.RECEIPT, request=request, occasion="1")
    assert Message.objects.count() == 1


def test_the_receipt_goes_to_the_accounts_too_and_to_nobody_twice(house: Member, rosa: User, seller: Seller) -> None:
    request = asked(cast.job(funder=house), rosa, seller)
    for _again in range(2):
        queue_message(Template.RECEIPT, request=request, occasion="receipt")
    to = {message.to_email: message for message in Message.objects.all()}
    assert set(to) == {"elena@casa.example", "cuentas@casa.example"}
    assert to["elena@casa.example"].to_name == "Elena Robles"
    assert to["cuentas@casa.example"].language == "es"
    for message in to.values():
        rendered = render(message)
        assert all(text in rendered.text and text in rendered.html for text in LEGAL)
    # Whoever keeps the accounts does not approve, so nothing in their copy can stop an approval.
    assert links.funder_url(house) in render(to["elena@casa.example"]).text
    assert links.funder_url(house) not in render(to["cuentas@casa.example"]).text


def test_an_approval_request_goes_to_whoever_approves_alone(house: Member, rosa: User, seller: Seller) -> None:
    request = asked(cast.job(funder=house), rosa, seller)
    queue_message(Template.APPROVAL, request=request, occasion="1")
    message = Message.objects.get()
    assert (message.to_name, message.to_email) == ("Elena Robles", "elena@casa.example")


def test_the_payers_pages_name_the_organisation(house: Member, rosa: User, seller: Seller) -> None:
    request = asked(cast.job(funder=house), rosa, seller)
    for url in (approval_url(request), f"{links.funder_url(house)}/{days.today():%Y-%m}"):
        shown = words(Client().get(url))
        assert all(text in shown for text in LEGAL)


def edit(client: Client, member: Member, **changes: str) -> str:
    row = Organisation.objects.filter(member=member).first()
    names = ["legal_name", "tax_id", "address", "default_reference"]
    names += [f"{who}_{what}" for who in ("approver", "accounts") for what in ("name", "email", "language")]
    kept = {f"organisation-0-{name}": getattr(row, name, "") for name in names}
    fields = {
        "name": member.name,
        "kind": member.kind,
        "email": member.email,
        "language": member.language,
        "wallet_text": member.wallet.url if member.wallet else "",
        "organisation-TOTAL_FORMS": "1",
        "organisation-INITIAL_FORMS": "1" if row else "0",
        "organisation-0-id": str(row.pk) if row else "",
        "organisation-0-member": str(member.pk),
        **kept,
        **{f"organisation-0-{name}": text for name, text in changes.items()},
    }
    url = reverse("admin:jobs_member_change", args=[member.pk])
    return client.post(url, fields, follow=True).content.decode()


def test_staff_keep_it_on_the_members_page(rosa: User) -> None:
    member = cast.member("Radio", kind=MemberKind.ORGANISATION)
    client = signed_in(person("ana", "jobs.view_member", "jobs.change_member"))
    edit(client, member, legal_name="Radio, A.C.", accounts_email="cuentas@radio.example")
    assert Organisation.objects.get().legal_name == "Radio, A.C."
    edit(client, member, tax_id="RAD010203AB1")
    assert Organisation.objects.get().tax_id == "RAD010203AB1"
    rows = timeline([("member", str(member.pk))])
    changed = [row.data["changed"] for row in rows if row.kind == "member.organisation_changed"]
    assert changed == [["accounts_email", "legal_name"], ["tax_id"]]
    assert "Enter a valid email address" in edit(client, member, accounts_email="nobody")


def test_only_organisations_have_a_legal_side_and_onlookers_change_nothing(house: Member) -> None:
    client = signed_in(person("eva", "jobs.view_member"))
    assert LEGAL[0] in client.get(reverse("admin:jobs_member_change", args=[house.pk])).content.decode()
    edit(client, house, legal_name="Taken over")
    assert Organisation.objects.get().legal_name == LEGAL[0]
    somebody = cast.member("Maria")
    ana = signed_in(person("ana", "jobs.view_member", "jobs.change_member"))
    assert "Tax id" not in ana.get(reverse("admin:jobs_member_change", args=[somebody.pk])).content.decode()
