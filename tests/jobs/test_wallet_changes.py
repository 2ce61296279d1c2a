"""Another wallet for a member waits for a second person, and the member is told at once."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from jobs import timeline_text, wallet_changes
from jobs.budget_offers import set_up_budget
from jobs.escrow import pay_out
from jobs.funding import fund
from jobs.models import Member, WalletChange, WalletChangeState
from jobs.reasons import JobRefusal
from ledger import clock
from ledger.api import timeline
from payments.actions.standing_budgets import BudgetTerms, business_day
from payments.mail.rendering import render
from payments.models import Message, PaymentRequest, WalletAddress
from payments.models.messages import Template
from payments.models.standing_budgets import Unit
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.reasons import Refusal
from tests import cast
from tests.cast import person, signed_in
from tests.dialogs import confirm
from tests.jobs.test_escrow import funded, left

pytestmark = pytest.mark.django_db
NEW = "https://wallet.example/maria-2"
MAY = ("jobs.view_member", "jobs.change_member", "jobs.confirm_walletchange")


@pytest.fixture
def maria() -> Member:
    return cast.member("Maria Lopez")


@pytest.fixture
def rosa() -> User:
    return person("rosa", *MAY)


@pytest.fixture
def luis() -> User:
    return person("luis", *MAY)


def proposed(member: Member, by: User, url: str = NEW) -> WalletChange:
    if not WalletAddress.objects.filter(url=url).exists():
        cast.wallet(url.rsplit("/", 1)[1])
    change = wallet_changes.propose(member, url, by="staff", user=by)
    assert change
    return change


def kinds(member: Member) -> list[str]:
    return [row.kind for row in timeline([("member", str(member.pk))])]


def page(member: Member) -> str:
    return reverse("admin:jobs_member_change", args=[member.pk])


def action(member: Member, name: str) -> str:
    return reverse(f"admin:jobs_member_{name}", args=[member.pk])


def test_another_wallet_waits_and_the_member_is_told(maria: Member, rosa: User) -> None:
    before = maria.wallet
    assert before
    change = proposed(maria, rosa)
    maria.refresh_from_db()
    assert (maria.wallet, change.state) == (before, WalletChangeState.WAITING)
    message = Message.objects.get()
    assert (message.to_email, message.request) == ("maria@example.org", None)
    assert message.details == {"before": before.url, "after": NEW, "key": maria.key}
    assert kinds(maria) == ["member.wallet_change_proposed"]


@pytest.mark.parametrize(("language", "words"), [("en", "Was it not you?"), ("es", "¿No fue usted?")])
def test_the_mail_names_both_wallets_in_the_members_language(rosa: User, language: str, words: str) -> None:
    member = cast.member("Maria Lopez", language=language)
    proposed(member, rosa)
    mail = render(Message.objects.get())
    assert member.wallet
    for text in (mail.text, mail.html):
        assert words in text
        assert member.wallet.url in text
        assert NEW in text
    assert "http" in mail.short
    assert len(mail.short) <= 300


def test_a_second_person_confirms_it(maria: Member, rosa: User, luis: User) -> None:
    change = proposed(maria, rosa)
    with pytest.raises(JobRefusal, match="You proposed this wallet yourself"):
        wallet_changes.confirm(change.pk, by=rosa)
    wallet_changes.confirm(change.pk, by=luis)
    maria.refresh_from_db()
    change.refresh_from_db()
    assert maria.wallet == change.after
    assert (change.state, change.decided_by) == (WalletChangeState.CONFIRMED, luis)
    assert Message.objects.get(template=Template.WALLET_CHANGED).to_email == maria.email
    told = ["member.wallet_change_proposed", "member.wallet_change_confirmed", "member.wallet_changed"]
    assert kinds(maria) == told
    with pytest.raises(JobRefusal, match="“Confirmed” already"):
        wallet_changes.refuse(change.pk, by=luis, why="Not theirs")


def test_refused_the_wallet_stays(maria: Member, rosa: User) -> None:
    before = maria.wallet
    wallet_changes.refuse(proposed(maria, rosa).pk, by=rosa, why="Not theirs")
    maria.refresh_from_db()
    assert maria.wallet == before
    assert wallet_changes.waiting_change(maria) is None


def test_what_the_member_asked_for_any_member_of_staff_confirms(maria: Member, rosa: User) -> None:
    cast.wallet("maria-2")
    change = wallet_changes.propose(maria, NEW, by="member")
    assert change
    assert change.proposed_by is None
    wallet_changes.confirm(change.pk, by=rosa)
    maria.refresh_from_db()
    assert maria.wallet
    assert maria.wallet.url == NEW


def test_a_member_without_a_wallet_gets_one_at_once() -> None:
    member = cast.member("Maria Lopez", wallet=None)
    assert wallet_changes.propose(member, NEW, by="member") is None
    member.refresh_from_db()
    assert member.wallet
    assert member.wallet.url == NEW
    assert not Message.objects.exists()
    assert kinds(member) == ["member.wallet_changed"]


def test_a_wallet_that_never_answered_is_put_right_by_one_person_and_the_member_is_told(
    maria: Member, rosa: User
) -> None:
    """A typo: nothing can have been paid to it."""
    cast.wallet("maria-2")
    typo = cast.unchecked_wallet("mraia")
    Member.objects.filter(pk=maria.pk).update(wallet=typo)
    maria.refresh_from_db()
    client = signed_in(rosa)
    # Nobody has asked it yet: it may be right.
    client.post(page(maria), fields(maria, wallet_text=NEW))
    assert WalletChange.objects.get().state == WalletChangeState.WAITING
    typo.keep(checked_at=clock.now(), problem="wallet_not_found")
    saved = client.post(page(maria), fields(maria, wallet_text=NEW), follow=True)
    assert f"{NEW} is the wallet of Maria Lopez now" in saved.content.decode()
    maria.refresh_from_db()
    assert maria.wallet
    assert maria.wallet.url == NEW
    assert WalletChange.objects.get().state == WalletChangeState.SUPERSEDED
    mail = render(Message.objects.get(template=Template.WALLET_CHANGED))
    for words in (mail.text, mail.html, mail.short):
        assert NEW in words
    assert typo.url in mail.text
    # It worked: from now on there are two.
    assert wallet_changes.propose(maria, "https://wallet.example/other", by="staff", user=rosa)


def test_a_later_change_takes_the_place_of_the_one_that_waits(maria: Member, rosa: User) -> None:
    first = proposed(maria, rosa)
    assert proposed(maria, rosa) == first
    second = proposed(maria, rosa, "https://wallet.example/maria-3")
    first.refresh_from_db()
    assert (first.state, second.state) == (WalletChangeState.SUPERSEDED, WalletChangeState.WAITING)
    assert Message.objects.count() == 2


def test_the_same_wallet_again_is_no_change(maria: Member, rosa: User) -> None:
    assert maria.wallet
    assert wallet_changes.propose(maria, maria.wallet.url, by="staff", user=rosa) is None
    assert not WalletChange.objects.exists()


def test_what_can_be_no_wallet_is_refused(maria: Member) -> None:
    with pytest.raises(Refusal, match="is not a wallet address"):
        wallet_changes.propose(maria, "maria", by="member")


def test_a_wallet_that_was_never_reached_or_is_broken_is_not_confirmed(maria: Member, rosa: User, luis: User) -> None:
    change = wallet_changes.propose(maria, NEW, by="staff", user=rosa)
    assert change
    with pytest.raises(JobRefusal, match="was never reached"):
        wallet_changes.confirm(change.pk, by=luis)
    WalletAddress.objects.filter(pk=change.after_id).update(problem="wallet_not_found", problem_params={"wallet": NEW})
    with pytest.raises(JobRefusal, match="does not exist at that wallet"):
        wallet_changes.confirm(change.pk, by=luis)


def fields(member: Member, **changes: str) -> dict[str, str]:
    assert member.wallet
    own = {"name": member.name, "kind": "person", "email": member.email, "language": "es"}
    return {**own, "wallet_text": member.wallet.url, **changes}


def test_staff_change_a_wallet_in_two_steps_on_the_members_page(maria: Member, rosa: User, luis: User) -> None:
    cast.wallet("maria-2")
    before = maria.wallet
    assert before
    hers = signed_in(rosa)
    text = hers.post(page(maria), fields(maria, wallet_text=NEW), follow=True).content.decode()
    assert "A second person must confirm it." in text
    assert NEW in text
    own = confirm(hers, action(maria, "confirm_wallet"))
    assert "You proposed this wallet yourself" in hers.get(own.headers["HX-Redirect"]).content.decode()
    assert Member.objects.get().wallet == before
    shown = signed_in(luis).get(action(maria, "confirm_wallet")).content.decode()
    assert before.url in shown
    assert NEW in shown
    confirm(signed_in(luis), action(maria, "confirm_wallet"))
    assert Member.objects.get().wallet != before


def test_the_mail_goes_to_the_address_from_before_even_if_both_change(maria: Member, rosa: User) -> None:
    cast.wallet("maria-2")
    signed_in(rosa).post(page(maria), fields(maria, wallet_text=NEW, email="thief@example.org"))
    told = dict(Message.objects.values_list("template", "to_email"))
    assert told == {"wallet_change": "maria@example.org", "email_change": "maria@example.org"}
    assert Member.objects.get().email == "thief@example.org"


def test_a_wallet_is_changed_not_removed(maria: Member, rosa: User) -> None:
    text = signed_in(rosa).post(page(maria), fields(maria, wallet_text="")).content.decode()
    assert "A wallet can be changed, not removed" in text
    assert Member.objects.get().wallet


def test_a_dialog_about_another_change_decides_nothing(maria: Member, rosa: User, luis: User) -> None:
    proposed(maria, rosa)
    client = signed_in(luis)
    old = {"_form_submitted": "True", "seen": "0"}
    client.post(action(maria, "confirm_wallet"), old)
    assert wallet_changes.waiting_change(maria)


@pytest.mark.parametrize("name", ["confirm_wallet", "refuse_wallet"])
def test_deciding_has_a_permission_of_its_own(maria: Member, rosa: User, name: str) -> None:
    proposed(maria, rosa)
    other = signed_in(person("ana", "jobs.view_member", "jobs.change_member"))
    assert other.post(action(maria, name), {"_form_submitted": "True", "seen": ""}).status_code == 403


def test_one_wallet_under_two_members_is_said(maria: Member, rosa: User) -> None:
    other = cast.member("Ana Ruiz", wallet=None)
    data = fields(maria, name=other.name, email=other.email)
    text = signed_in(rosa).post(page(other), data, follow=True).content.decode()
    assert "This is also the wallet of Maria Lopez." in text
    assert "Maria Lopez" in signed_in(rosa).get(page(other)).content.decode()


def test_the_job_shows_that_a_workers_wallet_change_waits(maria: Member, rosa: User) -> None:
    job = cast.job()
    cast.applied(job, maria)
    client = signed_in(User.objects.create_superuser("root"))
    url = reverse("admin:jobs_job_change", args=[job.pk])
    assert "Wallet change waits" not in client.get(url).content.decode()
    proposed(maria, rosa)
    assert "Wallet change waits" in client.get(url).content.decode()


def test_each_entry_has_its_sentence(maria: Member, rosa: User, luis: User) -> None:
    wallet_changes.refuse(proposed(maria, rosa).pk, by=luis, why="Not theirs")
    proposed(maria, rosa, "https://wallet.example/maria-3")
    wallet_changes.confirm(proposed(maria, rosa, "https://wallet.example/maria-4").pk, by=luis)
    for row in timeline([("member", str(maria.pk))]):
        assert "%(" not in timeline_text.describe(row).text
        assert "Maria" not in str(row.data)


# While it waits, nobody knows where the money belongs.

WAITS = "Another wallet of {} waits for a second person. Confirm it or refuse it on their page, then ask."


def test_a_worker_whose_wallet_change_waits_is_not_paid_until_it_is_decided(
    maria: Member, rosa: User, luis: User
) -> None:
    seller, job = cast.seller(), cast.job(workers_wanted=2)
    waits, other = cast.applied(job, maria), cast.applied(job, cast.member("Xochitl Ruiz"))
    change = proposed(maria, rosa)
    with pytest.raises(JobRefusal) as caught:
        fund(job, [waits, other], seller, by=rosa, form_id="1")
    assert str(caught.value) == WAITS.format("Maria Lopez")
    assert not PaymentRequest.objects.exists()
    shown = signed_in(User.objects.create_superuser("root")).get(
        reverse("admin:jobs_job_request_payment", args=[job.pk])
    )
    assert WAITS.format("Maria Lopez") in shown.content.decode()
    assert fund(job, [other], seller, by=rosa, form_id="2").payments.count() == 1
    wallet_changes.confirm(change.pk, by=luis)
    waits.worker.refresh_from_db()
    assert fund(job, [waits], seller, by=rosa, form_id="3").payments.get().receiver_wallet == change.after


def test_a_funder_whose_wallet_change_waits_is_asked_for_nothing(rosa: User, luis: User) -> None:
    seller, job = cast.seller(), cast.job()
    worker, before = cast.applied(job), job.funder.wallet
    change = proposed(job.funder, rosa)
    terms = BudgetTerms(pesos(100000), pesos(100000), Unit.MONTH, 1, business_day().replace(day=28))
    for ask in (
        lambda: fund(job, [worker], seller, by=rosa, form_id="1"),
        lambda: set_up_budget(job.funder, terms, by=rosa, form_id="2"),
    ):
        with pytest.raises(JobRefusal) as caught:
            ask()
        assert str(caught.value) == WAITS.format("Sol Foundation")
    assert not PaymentRequest.objects.exists()
    shown = signed_in(User.objects.create_superuser("root")).get(
        reverse("admin:jobs_job_request_payment", args=[job.pk])
    )
    assert WAITS.format("Sol Foundation") in shown.content.decode()
    wallet_changes.refuse(change.pk, by=luis, why="Not theirs")
    assert fund(job, [worker], seller, by=rosa, form_id="3").payer_wallet == before


def test_nothing_is_paid_out_to_a_wallet_that_may_be_another(rosa: User) -> None:
    job, (maria, _ana) = funded(cast.holder(), rosa)
    proposed(maria.worker, rosa)
    with pytest.raises(JobRefusal) as caught:
        pay_out(job, [maria], by=rosa, form_id="out")
    assert str(caught.value) == WAITS.format("Maria Lopez")
    assert left(job) == 250000


def pesos(value: int) -> Amount:
    return Amount(value, Asset("MXN", 2))
