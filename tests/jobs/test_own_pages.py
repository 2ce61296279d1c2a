"""The links by which members open pages of their own: whom they let in, and to what, and where they stand."""

import re

import pytest
from django.contrib.auth.models import User
from django.core.signing import Signer
from django.db import transaction
from django.test import Client
from django.urls import reverse

from backoffice.logs import mask
from jobs import links
from jobs.funding import fund
from jobs.member_emails import tell_change
from jobs.models import ApplicationStatus, Member, Organisation
from jobs.models.members import MemberKind
from ledger import clock, days
from payments.mail.pages import MailReader
from payments.mail.queue import queue_message, queue_notice
from payments.mail.rendering import render
from payments.models import Message, Payment, Seller
from payments.models.messages import Template
from payments.states import RequestState
from tests import cast
from tests.cast import person, signed_in
from tests.jobs.member_pages import asked, kinds, shown
from tests.payments.pages import words

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["w", "f"])
@pytest.mark.parametrize("token", ["forged", "x" * 600, "W1sxLDFd:forged", "%00", "ñ:á"])
def test_a_forged_link_opens_nothing(kind: str, token: str) -> None:
    answer = Client().get(f"/{kind}/{token}")
    assert answer.status_code == 404
    assert "noindex" in answer.headers["X-Robots-Tag"]


@pytest.mark.parametrize("content", [[1], ["1", 1], [10**30, 1], {"pk": 1}, None])
def test_a_signed_link_of_another_shape_opens_nothing(content: object) -> None:
    for kind, salt in (("w", links.WORKER), ("f", links.FUNDER)):
        assert Client().get(f"/{kind}/{Signer(salt=salt).sign_object(content)}").status_code == 404


def test_a_link_opens_only_the_page_it_was_made_for(maria: Member) -> None:
    token = links.worker_url(maria).rsplit("/", 1)[1]
    assert Client().get(f"/f/{token}").status_code == 404
    assert Client().get(f"/approve/{token}").status_code == 404


def test_a_revoked_link_says_calmly_where_the_new_one_is(maria: Member, rosa: User) -> None:
    old = {url(maria) for url in (links.worker_url, links.funder_url)}
    links.revoke(maria.pk, by=rosa.pk)
    for url in old:
        answer = Client().get(url)
        assert answer.status_code == 410
        assert "This link is no longer used" in words(answer)
        assert Client().post(url, {"action": "note", "note": "Hello"}).status_code == 410
    maria.refresh_from_db()
    assert "Your payments" in shown(links.worker_url(maria))
    assert not maria.notes.exists()


def test_browsers_keep_nothing_and_get_no_cookie(maria: Member) -> None:
    month = f"{days.today():%Y-%m}"
    for url in (links.worker_url(maria), links.funder_url(maria), f"{links.funder_url(maria)}/{month}"):
        answer = Client().get(url)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert not answer.cookies
        assert b"<script" not in answer.content


def test_the_pages_are_in_the_members_language_or_the_one_they_choose() -> None:
    member = cast.member("Citlali", language="es")
    assert "Your payments" not in shown(links.worker_url(member))
    assert "Your payments" in shown(links.worker_url(member), lang="en")
    assert "Your payments" not in shown(links.worker_url(member), lang="xx")


def test_the_worker_page_is_light(maria: Member) -> None:
    for number in range(10):
        cast.applied(cast.job(funder=cast.member(f"Funder{number}")), maria)
    assert len(Client().get(links.worker_url(maria)).content) < 16_000


# The worker's


def test_mails_carry_the_link_of_their_reader(rosa: User, seller: Seller, maria: Member) -> None:
    choir = cast.member("Choir of Oaxaca", language="en")
    request = asked(choir, rosa, seller, "Waits", RequestState.AWAITING_APPROVAL)
    payment = request.payments.get()
    Payment.objects.filter(pk=payment.pk).update(receiver_key=maria.key, settled_at=clock.now())
    payment.refresh_from_db()
    to_payer = queue_message(Template.APPROVAL, request=request, occasion="1")
    to_worker = queue_message(Template.PAID, request=request, payment=payment, occasion="2")
    assert to_payer
    assert to_worker
    assert links.funder_url(choir) in render(to_payer).text
    assert links.funder_url(choir) in render(to_payer).html
    assert links.worker_url(maria) in render(to_worker).text
    assert links.funder_url(choir) not in render(to_worker).text
    hidden = render(to_payer, MailReader(instead_of_links="https://…"))
    assert not re.search(r"/(approve|f|w)/\w", hidden.text + hidden.html)


def test_staff_copy_and_revoke_links_and_onlookers_see_none(maria: Member) -> None:
    cast.applied(cast.job(), maria, ApplicationStatus.PENDING)
    url = reverse("admin:jobs_member_change", args=[maria.pk])
    who = person("ana", "jobs.view_member", "jobs.change_member")
    ana = signed_in(who)
    shown = ana.get(url).content.decode()
    assert links.worker_url(maria, who.pk) in shown, "marked as theirs"
    assert links.worker_url(maria) not in shown
    eva = signed_in(person("eva", "jobs.view_member"))
    assert "/w/" not in eva.get(url).content.decode()
    revoke = reverse("admin:jobs_member_revoke_links", args=[maria.pk])
    assert eva.post(revoke, {"_form_submitted": "on"}).status_code == 403
    ana.post(revoke, {"_form_submitted": "on"})
    maria.refresh_from_db()
    assert maria.link_version == 2
    assert kinds(maria) == [("member.link_revoked", "staff")]


def test_logs_do_not_repeat_the_links(maria: Member) -> None:
    for url in (links.worker_url(maria), links.funder_url(maria)):
        token = url.rsplit("/", 1)[1]
        assert token not in mask(f"GET {url}/2026-11 200")


def test_a_mail_to_an_earlier_address_gives_no_page(maria: Member, rosa: User, seller: Seller) -> None:
    job = cast.job(funder=cast.member("Elena", language="en"))
    request = fund(job, [cast.applied(job, maria)], seller, by=rosa, form_id="1")
    payment = request.payments.get()
    with transaction.atomic():
        sent = [
            queue_message(Template.PAID, request=request, payment=payment, occasion="1"),
            queue_message(Template.RECEIPT, request=request, occasion="2"),
            queue_notice(
                Template.SELECTED,
                name=maria.name,
                email=maria.email,
                language="en",
                details={"key": maria.key, "title": "Songs"},
                occasion="3",
            ),
        ]
    pages = zip(sent, "wfw", strict=True)
    for member in (maria, job.funder):
        Member.objects.filter(pk=member.pk).update(email=member.email.upper())
    for message, kind in pages:
        assert message
        assert f"/{kind}/" in render(message).text, "the same address, written differently"
    for member in (maria, job.funder):
        Member.objects.filter(pk=member.pk).update(email=f"new-{member.pk}@example.org")
        links.revoke(member.pk, by=rosa.pk)
    for message in sent:
        assert message
        for reader in (MailReader(), MailReader(shown_to=rosa.pk)):
            mail = render(message, reader)
            assert not re.search(r"/[wf]/", mail.text + mail.html + mail.short), message.template


def test_the_pages_of_an_organisation_go_to_who_approves_today(rosa: User, seller: Seller) -> None:
    house = cast.member("Casa de la Palabra", kind=MemberKind.ORGANISATION, language="en")
    organisation = Organisation.objects.create(member=house, approver_email="elena@casa.example")
    job = cast.job(funder=house)
    request = fund(job, [cast.applied(job)], seller, by=rosa, form_id="1")
    with transaction.atomic():
        message = queue_message(Template.RECEIPT, request=request, occasion="1")
    assert message
    assert links.funder_url(house) in render(message).text
    organisation.approver_email = "luis@casa.example"
    organisation.save()
    assert "/f/" not in render(message).text + render(message).html


def test_who_gets_what_is_told_truly_when_an_address_changes(maria: Member, rosa: User) -> None:
    tell_change(maria, "old@example.org", maria.email, by=rosa.pk)
    told = render(Message.objects.get(template=Template.EMAIL_CHANGE))
    for text in (told.text, told.html):
        assert "For new payments we write to another email address from now on" in text
        assert "asked for before, we may still write here, without that link" in text
