"""What a worker reads on their own page, and what they may do there: give a first wallet, and say what is not right."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ

from jobs import links, self_service
from jobs.funding import Way, fund
from jobs.models import Job, JobStatus, Member, MemberNote, SubmissionStatus
from ledger import clock
from payments.models import Message, Payment, PaymentRequest, Seller
from payments.states import PaymentState, RequestState
from tests import cast, progress
from tests.cast import person, signed_in
from tests.jobs.member_pages import kinds, post, shown

pytestmark = pytest.mark.django_db
S = JobStatus


def group(page: str, title: str) -> str:
    """The part of a worker's page under one heading."""
    titles = ["Owed to you", "Agreed", "On its way", "Arrived", "Your wallet"]
    after = page.split(f"{title} ", 1)[1]
    following = next(each for each in titles[titles.index(title) + 1 :] if f" {each} " in after)
    return after.split(f" {following} ", 1)[0]


@pytest.fixture
def newcomer(db: None) -> Member:
    return cast.member("Ruperta Bautista", language="en", wallet=None)


# Both pages


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
