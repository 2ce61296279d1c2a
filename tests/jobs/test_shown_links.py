"""A link that acts is shown to who may send it, as a copy of their own; what is done through that copy says so.

What a red team did: onlookers declined a request and stopped a budget as “the payer”; staff copied a worker's link,
asked for another wallet as that worker, and confirmed it themselves.
"""

from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs import links, member_emails, timeline_text, wallet_changes
from jobs.models import ApplicationStatus, Member, WalletChangeState
from jobs.reasons import JobRefusal
from ledger import clock
from ledger.api import TimelineRow, timeline
from payments.links import approval_url, finish_url, proof_url
from payments.mail.rendering import render
from payments.models import Grant, Message
from payments.presentation.timeline_text import describe
from payments.second_person import WINDOW
from payments.states import RequestState
from tests import cast
from tests.cast import person, signed_in

pytestmark = pytest.mark.django_db

MAY = (
    "jobs.view_member",
    "jobs.change_member",
    "jobs.confirm_walletchange",
    "payments.view_paymentrequest",
    "payments.request_paymentrequest",
)
THEIRS = "https://wallet.example/thief"


@pytest.fixture
def rosa() -> User:
    return person("rosa", *MAY)


@pytest.fixture
def luis() -> User:
    return person("luis", *MAY)


@pytest.fixture
def maria() -> Member:
    return cast.member("Maria Lopez")


def marks(subject: str, row_id: object) -> list[TimelineRow]:
    return [row for row in timeline([(subject, str(row_id))]) if row.kind == f"{subject}.shown_link_used"]


def post(url: str, **data: str) -> str:
    answer = Client().post(urlsplit(url).path, data, follow=True)
    return answer.content.decode()


def test_declining_through_a_copy_says_whose_it_was_and_the_payer_is_told(rosa: User) -> None:
    request = cast.asked(requested_by=rosa, sent_at=clock.now())
    onlooker = signed_in(person("eva", "payments.view_paymentrequest"))
    page = reverse("admin:payments_paymentrequest_change", args=[request.pk])
    assert "/approve/" not in onlooker.get(page).content.decode()
    copy = approval_url(request, rosa.pk)
    assert copy in signed_in(rosa).get(page).content.decode()
    assert "It was shown to rosa, who works for us." in Client().get(copy, {"lang": "en"}).content.decode()
    assert "who works for us" not in Client().get(approval_url(request), {"lang": "en"}).content.decode()

    post(copy, action="decline", reason="Not now")
    request.refresh_from_db()
    assert request.state == RequestState.DECLINED
    mark = marks("request", request.pk)[0]
    assert (mark.actor.kind, mark.subjects["user"], mark.data["did"]) == ("payer", [str(rosa.pk)], "decline")
    assert describe(mark).text == "Through the copy of the link that rosa of the staff was shown: it was declined."
    told = Message.objects.get(template="cancelled")
    assert told.to_email == request.payer_email
    assert "through a copy of your link that somebody at Radio Comunitaria was shown" in render(told).text


def test_the_payer_s_own_link_leaves_no_mark(rosa: User) -> None:
    request = cast.asked(sent_at=clock.now())
    post(approval_url(request), action="decline")
    assert not marks("request", request.pk)
    assert not Message.objects.filter(template="cancelled").exists()


def test_a_copy_ends_with_the_access_of_whoever_it_was_shown_to(rosa: User, maria: Member) -> None:
    request, proof = cast.asked(), cast.asked_proof()
    urls = [approval_url(request, rosa.pk), links.worker_url(maria, rosa.pk), proof_url(proof.pk, rosa.pk)]
    assert [Client().get(url).status_code for url in urls] == [200, 200, 200]
    User.objects.update(is_active=False)
    assert [Client().get(url).status_code for url in urls] == [404, 404, 404]


def test_the_way_back_from_a_wallet_does_not_turn_a_copy_into_the_payer_s_own_link(rosa: User) -> None:
    """Whoever presses “approve”, and then refuses at the wallet, is sent back by an address that anybody can see."""
    request = cast.asked(sent_at=clock.now())
    grant = cast.interaction(request)
    post(approval_url(request, rosa.pk), action="approve", accepted="126250")
    assert [mark.data["did"] for mark in marks("request", request.pk)] == ["approve"]
    assert isinstance(grant, Grant)
    back = Client().get(f"{finish_url(request.pk, grant.pk)}&result=grant_rejected")
    assert back.status_code == 302
    assert back["Location"].startswith(approval_url(request, rosa.pk))


def test_the_pages_of_a_copy_lead_only_to_copies(rosa: User) -> None:
    choir = cast.member("Coro")
    request = cast.asked(payer_key=choir.key, sent_at=clock.now())
    shown = Client().get(links.funder_url(choir, rosa.pk)).content.decode()
    assert approval_url(request, rosa.pk) in shown
    assert approval_url(request) not in shown
    running = cast.asked(RequestState.APPROVED, payer_key=choir.key)
    cast.paid_to_maria(running)
    post(links.funder_url(choir, rosa.pk), stop=running.pk)
    assert [mark.data["did"] for mark in marks("request", running.pk)] == ["stop"]


def test_nobody_confirms_a_wallet_that_was_asked_for_through_their_copy(maria: Member, rosa: User, luis: User) -> None:
    cast.applied(cast.job(), maria, ApplicationStatus.PENDING)
    copy = links.worker_url(maria, rosa.pk)
    assert copy in signed_in(rosa).get(reverse("admin:jobs_member_change", args=[maria.pk])).content.decode()
    cast.wallet("thief")
    post(copy, action="wallet", wallet=THEIRS)
    change = wallet_changes.waiting_change(maria)
    assert change
    assert (change.proposed_by, change.shown_to) == (None, rosa)
    with pytest.raises(JobRefusal, match="a copy of the member's link that you were shown"):
        wallet_changes.confirm(change.pk, by=rosa)
    assert wallet_changes.confirm(change.pk, by=luis).state == WalletChangeState.CONFIRMED
    mark = marks("member", maria.pk)[0]
    assert str(timeline_text.describe(mark)) == (
        "Through the copy of the link that rosa of the staff was shown: a wallet was given."
    )


def test_no_wallet_is_replaced_at_once_through_a_copy(rosa: User) -> None:
    typed = cast.member("Ruperta", wallet=cast.unchecked_wallet("ruperta"))
    post(links.worker_url(typed, rosa.pk), action="wallet", wallet=THEIRS)
    typed.refresh_from_db()
    assert typed.wallet == cast.unchecked_wallet("ruperta")
    assert wallet_changes.waiting_change(typed)


def test_changing_the_address_first_diverts_no_warning_and_makes_nobody_a_second_person(
    maria: Member, rosa: User, luis: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unmarked link comes by mail, so whoever sets where the mail goes may have it."""
    cast.wallet("thief")
    form = {"name": maria.name, "kind": maria.kind, "email": "rosa@example.net", "language": "en"}
    page = reverse("admin:jobs_member_change", args=[maria.pk])
    signed_in(rosa).post(page, {**form, "wallet_text": "https://wallet.example/maria"})
    told = Message.objects.get(template="email_change")
    assert (told.to_email, told.details["after"]) == ("maria@example.org", "rosa@example.net")
    assert "rosa@example.net" in render(told).text
    assert "/w/" not in render(told).text + render(told).html, "whose address it is now, nobody knows"
    entry = next(row for row in timeline([("member", str(maria.pk))]) if row.kind == "member.email_changed")
    assert (entry.private["before"], entry.private["after"]) == ("maria@example.org", "rosa@example.net")
    assert "maria@example.org to rosa@example.net" in str(timeline_text.describe(entry))

    maria.refresh_from_db()
    post(links.worker_url(maria), action="wallet", wallet=THEIRS)
    warned = Message.objects.filter(template="wallet_change").values_list("to_email", flat=True)
    assert set(warned) == {"rosa@example.net", "maria@example.org"}
    change = wallet_changes.waiting_change(maria)
    assert change
    with pytest.raises(JobRefusal, match="a copy of the member's link that you were shown"):
        wallet_changes.confirm(change.pk, by=rosa)
    later = clock.now() + WINDOW
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: later)
        assert member_emails.earlier(maria) == []
        assert member_emails.changed_by(maria) == set()
    assert wallet_changes.confirm(change.pk, by=luis).decided_by == luis


def test_what_is_shown_of_a_request_s_mails_is_marked_too(rosa: User) -> None:
    proof = cast.asked_proof()
    message = Message.objects.create(
        template="proof", to_name="M", to_email="m@example.org", language="en", proof=proof, occasion="1"
    )
    client = signed_in(person("ana", "payments.view_message", "payments.request_paymentrequest"))
    me = int(client.session["_auth_user_id"])
    for name in ("change", "preview"):
        page = client.get(reverse(f"admin:payments_message_{name}", args=[message.pk])).content.decode()
        assert proof_url(proof.pk, me) in page
        assert proof_url(proof.pk) not in page
