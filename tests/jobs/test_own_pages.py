"""The pages that members open by a link of their own: they tell the truth, call nobody, and act only on POST."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.signing import Signer
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ

from backoffice.logs import mask
from jobs import links, self_service, statements
from jobs.funding import Way, fund
from jobs.models import ApplicationStatus, Job, JobStatus, Member, MemberNote, SubmissionStatus
from jobs.statements import Month
from ledger import clock, days
from ledger.api import timeline
from payments import links as payment_links
from payments.actions import refunds
from payments.mail.pages import MailReader
from payments.mail.queue import queue_message
from payments.mail.rendering import render
from payments.models import Message, Payment, PaymentRequest, Seller
from payments.models.messages import Template
from payments.openpayments.amounts import Amount
from payments.states import PaymentState, RequestState
from tests import cast, progress
from tests.cast import person, signed_in
from tests.payments.pages import words

pytestmark = pytest.mark.django_db
S = JobStatus
SUMS = ("charged", "sent_back", "net")


def shown(url: str, **query: str) -> str:
    """What somebody who was never here reads behind a link."""
    return words(Client().get(url, query))


def post(url: str, **fields: str) -> str:
    """The page after pressing a button."""
    client = Client(enforce_csrf_checks=True)
    answer = client.post(url, fields)
    return words(client.get(answer.headers["Location"]) if answer.status_code == 302 else answer)


def group(page: str, title: str) -> str:
    """The part of a worker's page under one heading."""
    titles = ["Owed to you", "Agreed", "On its way", "Arrived", "Your wallet"]
    after = page.split(f"{title} ", 1)[1]
    following = next(each for each in titles[titles.index(title) + 1 :] if f" {each} " in after)
    return after.split(f" {following} ", 1)[0]


def kinds(member: Member) -> list[tuple[str, str]]:
    return [(row.kind, row.actor.kind) for row in timeline([("member", str(member.pk))])]


@pytest.fixture
def newcomer(db: None) -> Member:
    return cast.member("Ruperta Bautista", language="en", wallet=None)


# Both pages


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


def test_a_worker_sees_what_is_owed_on_its_way_and_arrived(maria: Member, rosa: User, seller: Seller) -> None:
    def work(title: str) -> tuple[Job, PaymentRequest | None]:
        job = cast.job(S.SUBMITTING, title=title, funder=cast.member(f"{title}-funder"))
        application = cast.applied(job, maria)
        if title in ("Selected", "Accepted"):
            cast.handed_in(application, SubmissionStatus.ACCEPTED if title == "Accepted" else SubmissionStatus.PENDING)
            return job, None
        return job, fund(job, [application], seller, by=rosa, form_id=title)

    for title in ("Selected", "Accepted", "Asked"):
        work(title)
    for title, state in (("Sent", PaymentState.SENT), ("Stuck", PaymentState.NEEDS_ATTENTION)):
        _job, request = work(title)
        assert request
        progress.approve(request)
        progress.bring(request.payments.get(), state)
    _job, request = work("Failed")
    assert request
    progress.approve(request)
    progress.bring(request.payments.get(), PaymentState.FAILED)
    _job, request = work("Settled")
    assert request
    progress.settle(request)
    other = cast.job(title="Somebody else's", funder=cast.member("Other-funder"))
    cast.applied(other, cast.member("Pedro"))
    canceled = cast.job(S.CANCELED, title="Called off", funder=cast.member("Gone-funder"))
    cast.applied(canceled, maria)

    page = shown(links.worker_url(maria))
    names = ("Owed to you", "Agreed", "On its way", "Arrived")
    owed, agreed, way, arrived = (group(page, title) for title in names)
    assert "Accepted Your work is accepted; it is paid next" in owed
    assert owed.count("MXN") == 1, "nothing is owed before the work is accepted"
    assert "Selected Once your work is accepted" in agreed
    assert "Asked Being quoted · The funder is about to be asked to pay" in agreed
    assert "Stuck Needs attention · Something went wrong between the wallets. Somebody is looking at it" in agreed
    assert "Failed Something went wrong between the wallets. Somebody is looking at it" in agreed
    assert "Together 5,000.00 MXN" in agreed
    assert "Sent Sent · Your wallet has not confirmed it yet" in way
    assert "Settled Settled · In your wallet" in arrived
    assert "PO-7 1,250.00 MXN" in arrived
    assert "Somebody else's" not in page
    assert "Called off" not in page


def test_what_arrived_of_a_failed_payment_is_no_longer_owed(maria: Member, rosa: User, seller: Seller) -> None:
    job = cast.job(S.SUBMITTING)
    application = cast.applied(job, maria)
    request = fund(job, [application], seller, by=rosa, form_id="1")
    progress.end(request, RequestState.FAILED, received=50000)
    application.payouts.update(active=False)
    page = shown(links.worker_url(maria))
    assert "750.00 MXN" in group(page, "Agreed")
    assert "500.00 MXN" in group(page, "Arrived")


def test_what_waits_for_the_work_is_approved_but_not_on_its_way(maria: Member, rosa: User, seller: Seller) -> None:
    request = fund(job := cast.job(S.SUBMITTING), [cast.applied(job, maria)], seller, Way.HELD, by=rosa, form_id="1")
    progress.approve(request)
    assert "it is sent once your work is accepted" in group(shown(links.worker_url(maria)), "Agreed")
    cast.handed_in(maria.applications.get(), SubmissionStatus.ACCEPTED)
    Payment.objects.filter(request=request).update(released_at=clock.now())
    assert "it is about to be sent" in group(shown(links.worker_url(maria)), "Owed to you")


def test_a_payment_that_nobody_approved_is_asked_for_again_and_stays_agreed_once(
    maria: Member, rosa: User, seller: Seller
) -> None:
    request = fund(job := cast.job(S.SUBMITTING), [cast.applied(job, maria)], seller, by=rosa, form_id="1")
    progress.end(request, RequestState.DECLINED)
    owed = group(shown(links.worker_url(maria)), "Agreed")
    assert owed.count("1,250.00 MXN") == 1
    assert "Once your work is accepted" in owed


def test_currencies_are_not_added_up(maria: Member) -> None:
    cast.applied(cast.job(), maria)
    dollars = cast.job(funder=cast.member("Archive"), budget_code="USD")
    cast.applied(dollars, maria)
    agreed = group(shown(links.worker_url(maria)), "Agreed")
    assert "Together 1,250.00 USD" in agreed
    assert "Together 1,250.00 MXN" in agreed


def test_the_page_costs_the_same_queries_for_one_job_and_for_many(maria: Member, rosa: User, seller: Seller) -> None:
    counted = []
    for number in range(2):
        for inner in range(1 + 4 * number):
            job = cast.job(S.SUBMITTING, funder=cast.member(f"F{number}{inner}"))
            fund(job, [cast.applied(job, maria)], seller, by=rosa, form_id=f"{number}{inner}")
        with CaptureQueriesContext(connection) as queries:
            shown(links.worker_url(maria))
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_who_has_no_wallet_gives_one_and_it_is_looked_up(newcomer: Member) -> None:
    url = links.worker_url(newcomer)
    assert "We don't know your wallet yet" in shown(url)
    page = post(url, action="wallet", wallet="$wallet.example/ruperta")
    assert "https://wallet.example/ruperta" in page
    assert "It is being asked." in page
    newcomer.refresh_from_db()
    assert newcomer.wallet
    tasks = [task.task["func"] for task in OrmQ.objects.all()]
    assert "payments.tasks.check_wallet" in tasks
    assert kinds(newcomer) == [("member.wallet_changed", "member")]


def test_a_wallet_with_a_typing_error_can_be_given_again(newcomer: Member) -> None:
    url = links.worker_url(newcomer)
    post(url, action="wallet", wallet="https://wallet.example/rupert")
    newcomer.refresh_from_db()
    assert newcomer.wallet
    newcomer.wallet.problem = "wallet_not_found"
    newcomer.wallet.problem_params = {"wallet": newcomer.wallet.url}
    newcomer.wallet.save()
    assert "https://wallet.example/rupert does not exist at that wallet." in shown(url)
    assert "https://wallet.example/ruperta" in post(url, action="wallet", wallet="https://wallet.example/ruperta")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "“nonsense” is not a wallet address."),
        ("", "is not a wallet address"),
        ("https://127.0.0.1/ruperta", "cannot be used: the address is not a public https address."),
        ("<script>alert(1)</script>", "is not a wallet address"),
        ("https://wallet.example/maria", "belongs to another person here."),
    ],
)
def test_a_wallet_that_can_not_be_is_refused_with_a_sentence(
    text: str, sentence: str, newcomer: Member, maria: Member
) -> None:
    assert maria.wallet
    page = post(links.worker_url(newcomer), action="wallet", wallet=text)
    assert "That could not be done" in page
    assert sentence in page
    newcomer.refresh_from_db()
    assert newcomer.wallet is None


def test_a_wallet_that_is_paid_is_not_changed_by_a_link(maria: Member) -> None:
    before = maria.wallet
    url = links.worker_url(maria)
    page = shown(url)
    assert "somebody of the team confirms every change with you" in page
    assert "Use this wallet" not in page
    page = post(url, action="wallet", wallet="https://wallet.example/thief")
    assert "You asked for another wallet: https://wallet.example/thief" in page
    assert "Until somebody of the team has confirmed it with you, money goes to the one above." in page
    maria.refresh_from_db()
    assert maria.wallet == before
    told = Message.objects.get(template="wallet_change")
    assert (told.to_email, told.details["after"]) == (maria.email, "https://wallet.example/thief")
    assert kinds(maria)[-1] == ("member.wallet_change_proposed", "member")


def test_other_wallets_are_not_asked_for_without_end(maria: Member) -> None:
    url = links.worker_url(maria)
    for number in range(self_service.MOST_WALLETS):
        post(url, action="wallet", wallet=f"https://wallet.example/r{number}")
    assert "That was many times in one day." in post(url, action="wallet", wallet="https://wallet.example/last")


def test_wallets_are_not_tried_without_end(newcomer: Member) -> None:
    url = links.worker_url(newcomer)
    for number in range(self_service.MOST_WALLETS):
        post(url, action="wallet", wallet=f"https://wallet.example/r{number}")
    assert "That was many times in one day." in post(url, action="wallet", wallet="https://wallet.example/last")


def test_what_is_not_right_reaches_staff(maria: Member, rosa: User) -> None:
    url = links.worker_url(maria)
    assert "We have your note" in post(url, action="note", note="  I did  not get\n the money <b>for Ayutla</b> ")
    note = MemberNote.objects.get()
    assert note.text == "I did not get\nthe money <b>for Ayutla</b>"
    assert kinds(maria) == [("member.note_written", "member")]

    ana = person("ana", "jobs.view_member", "jobs.change_member", "jobs.view_membernote", "jobs.change_membernote")
    client = signed_in(ana)
    on_page = client.get(reverse("admin:jobs_member_change", args=[maria.pk])).content.decode()
    assert "the money &lt;b&gt;for Ayutla&lt;/b&gt;" in on_page
    done = reverse("admin:jobs_membernote_done", args=[note.pk])
    client.post(done, {"_form_submitted": "on"})
    note.refresh_from_db()
    assert note.handled_by == ana
    assert "We have your note" not in shown(url)
    client.post(done, {"_form_submitted": "on"})
    listed = client.get(reverse("admin:jobs_membernote_changelist")).content.decode()
    assert "Somebody has seen to this already." in listed


def test_the_overview_counts_notes_and_overdue_jobs(maria: Member) -> None:
    self_service.write_note(maria.pk, "Not right")
    job = cast.job(S.SELECTING, expires_at=clock.now() - timedelta(hours=1))
    cast.applied(job, maria)
    client = signed_in(person("ana", "jobs.view_job", "jobs.view_membernote"))
    page = client.get("/admin/").content.decode()
    assert "1 member wrote" in page
    assert "1 job is overdue" in page


def test_the_same_note_twice_is_one_and_many_in_a_day_are_too_many(maria: Member) -> None:
    url = links.worker_url(maria)
    for _again in range(2):
        post(url, action="note", note="Not right")
    assert MemberNote.objects.count() == 1
    for number in range(self_service.MOST_NOTES):
        page = post(url, action="note", note=f"Not right {number}")
    assert "That was many times in one day." in page
    assert MemberNote.objects.count() == self_service.MOST_NOTES
    MemberNote.objects.update(written_at=clock.now() - timedelta(days=2))
    assert "That was many times" not in post(url, action="note", note="Still not right")


def test_an_empty_note_is_refused(maria: Member) -> None:
    assert "Write what isn't right" in post(links.worker_url(maria), action="note", note=" \0 ")
    assert not MemberNote.objects.exists()


# The funder's


@pytest.fixture
def choir(db: None) -> Member:
    return cast.member("Choir of Oaxaca", language="en")


def asked(choir: Member, rosa: User, seller: Seller, title: str, state: RequestState) -> PaymentRequest:
    """A request to the choir in `state`, quoted at 12.50 above what the worker gets."""
    job = cast.job(S.SUBMITTING, title=title, funder=choir)
    worker = Member.objects.filter(name="Maria Lopez").first() or cast.member("Maria Lopez")
    request = fund(job, [cast.applied(job, worker)], seller, by=rosa, form_id=title)
    if state == RequestState.SETTLED:
        progress.settle(request)
    progress.bring(request, state)
    return request


def test_a_funder_sees_what_waits_what_is_live_and_receipts(choir: Member, rosa: User, seller: Seller) -> None:
    waits = asked(choir, rosa, seller, "Waits", RequestState.AWAITING_APPROVAL)
    live = asked(choir, rosa, seller, "Live", RequestState.APPROVED)
    paid = asked(choir, rosa, seller, "Paid", RequestState.SETTLED)
    asked(cast.member("Another funder"), rosa, seller, "Not theirs", RequestState.AWAITING_APPROVAL)
    html = Client().get(links.funder_url(choir)).content.decode()
    for request in (waits, live, paid):
        assert payment_links.approval_url(request) in html
    page = shown(links.funder_url(choir))
    assert page.index("Waits") < page.index("Live") < page.index("Receipts") < page.index("Paid")
    assert "1,262.50 MXN at most" in page
    assert "Not theirs" not in page


def test_a_funder_stops_an_approval_of_theirs(choir: Member, rosa: User, seller: Seller) -> None:
    live = asked(choir, rosa, seller, "Live", RequestState.APPROVED)
    page = post(links.funder_url(choir), stop=live.pk)
    live.refresh_from_db()
    assert live.state == RequestState.CANCELLED
    assert live.payments.get().state == PaymentState.CANCELLED
    assert "There is no approval of yours that can still be used." in page
    entries = [row for row in timeline([("request", live.pk)]) if row.kind == "request.cancelled"]
    assert [(row.actor.kind, row.actor.id) for row in entries] == [("payer", live.pk)]
    assert not live.messages.exists()


def test_money_that_is_on_its_way_can_not_be_stopped(choir: Member, rosa: User, seller: Seller) -> None:
    live = asked(choir, rosa, seller, "Live", RequestState.APPROVED)
    progress.bring(live.payments.get(), PaymentState.SENT)
    assert "Stop this approval" not in shown(links.funder_url(choir))
    assert "Money is already on its way" in post(links.funder_url(choir), stop=live.pk)
    live.refresh_from_db()
    assert live.state == RequestState.APPROVED


@pytest.mark.parametrize("what", ["another's", "waiting", "nonsense", "\0"])
def test_nothing_else_is_stopped(what: str, choir: Member, rosa: User, seller: Seller) -> None:
    theirs = asked(cast.member("Another funder"), rosa, seller, "Not theirs", RequestState.APPROVED)
    waits = asked(choir, rosa, seller, "Waits", RequestState.AWAITING_APPROVAL)
    named = {"another's": theirs.pk, "waiting": waits.pk}.get(what, what)
    post(links.funder_url(choir), stop=named)
    states = set(PaymentRequest.objects.values_list("state", flat=True))
    assert states == {RequestState.APPROVED, RequestState.AWAITING_APPROVAL}


def test_a_statement_has_what_was_charged_in_its_month_and_what_went_back(
    choir: Member, rosa: User, seller: Seller, settings: Any, tmp_path: Path
) -> None:
    clock_file, begins = tmp_path / "clock", days.begins(days.today().replace(day=1))
    settings.CLOCK_OFFSET_FILE = str(clock_file)
    for title, seconds in (("Earlier", -1), ("One", 1), ("Two", 2)):
        clock_file.write_text(f"={(begins + timedelta(seconds=seconds)).timestamp()}")
        request = asked(choir, rosa, seller, title, RequestState.SETTLED)
    clock_file.write_text(f"={(begins + timedelta(seconds=3)).timestamp()}")
    paid = request.payments.get()
    progress.settle(refunds.refund(paid.pk, Amount(500_00, paid.asset), by=rosa, form_id="back"))
    this = f"{days.today():%Y-%m}"
    page = shown(f"{links.funder_url(choir)}/{this}")
    assert "One" in page
    assert "Two" in page
    assert "Earlier" not in page
    assert "Received 1,250.00 MXN" in page
    assert f"/{this}" in Client().get(links.funder_url(choir)).content.decode()
    (charged,), (back,), (net,) = (
        getattr(statements.of(choir, Month(days.today().replace(day=1))), name) for name in SUMS
    )
    assert (charged.major, back.major) == (Decimal("2520.00"), Decimal("500.00"))
    assert net.major == charged.major - back.major
    assert "Sent back to you 500.00 MXN Charged, less what was sent back 2,020.00 MXN" in page


def test_what_was_settled_outside_stands_apart_in_the_statement(choir: Member, rosa: User, seller: Seller) -> None:
    request = asked(choir, rosa, seller, "By bank", RequestState.APPROVED)
    progress.bring(request.payments.get(), PaymentState.SETTLED_OUTSIDE)
    progress.bring(request, RequestState.SETTLED)
    page = shown(f"{links.funder_url(choir)}/{days.today():%Y-%m}")
    assert page.count("Settled outside the wallets 1,250.00 MXN") == 2
    assert "You were charged" not in page


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "nonsense", "2999-01", "1999-12", "2026-11-01"])
def test_a_month_that_can_not_be_has_no_statement(month: str, choir: Member) -> None:
    assert Client().get(f"{links.funder_url(choir)}/{month}").status_code == 404


# Where people find their links


def test_mails_carry_the_link_of_their_reader(choir: Member, rosa: User, seller: Seller, maria: Member) -> None:
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
