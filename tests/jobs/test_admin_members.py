"""Members: their wallet as it is typed, and what the wallet says."""

import pytest
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from jobs.models import Member
from ledger.api import timeline
from payments.models import PaymentRequest, Seller
from tests import cast
from tests.cast import person, signed_in
from tests.dialogs import Answer, confirm

pytestmark = pytest.mark.django_db

LIST = "admin:jobs_member_changelist"


@pytest.fixture
def staff(db: None) -> Client:
    return signed_in(person("ana", "jobs.view_member", "jobs.add_member", "jobs.change_member"))


@pytest.fixture
def asker(db: None) -> Client:
    return signed_in(person("eva", "jobs.view_member", "jobs.change_member", "payments.request_paymentrequest"))


def fields(**changes: str) -> dict[str, str]:
    person = {"name": "Maria Lopez", "kind": "person", "email": "maria@example.org", "language": "es"}
    return {**person, "wallet_text": "", **changes}


def add(client: Client, **changes: str) -> Answer:
    return client.post(reverse("admin:jobs_member_add"), fields(**changes))


def change(client: Client, member: Member, **changes: str) -> Answer:
    return client.post(reverse("admin:jobs_member_change", args=[member.pk]), fields(**changes))


def queued() -> list[str]:
    return [task.func() for task in OrmQ.objects.all()]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://wallet.example/maria", "https://wallet.example/maria"),
        ("$wallet.example/maria", "https://wallet.example/maria"),
        ("  $wallet.example ", "https://wallet.example/.well-known/pay"),
    ],
)
def test_a_wallet_is_typed_as_people_have_it_and_looked_up_at_once(typed: str, kept: str, staff: Client) -> None:
    assert add(staff, wallet_text=typed).status_code == 302
    member = Member.objects.get()
    assert member.wallet is not None
    assert member.wallet.url == kept
    assert "payments.tasks.check_wallet" in queued()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("maria lopez", "“maria lopez” is not a wallet address. It looks like https://wallet.example/maria"),
        ("http://wallet.example/maria", "the address is not a public https address"),
        ("https://127.0.0.1/maria", "the address is not a public https address"),
        ("https://rosa:secret@wallet.example", "is not a wallet address"),
    ],
)
def test_what_can_not_be_a_wallet_is_said_beside_the_field(typed: str, sentence: str, staff: Client) -> None:
    answer = add(staff, wallet_text=typed)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Member.objects.exists()


def test_a_member_may_be_without_a_wallet_for_now(staff: Client) -> None:
    assert add(staff).status_code == 302
    member = Member.objects.get()
    assert member.wallet is None
    assert "No wallet yet" in staff.get(reverse(LIST)).content.decode()
    entry = timeline([("member", str(member.pk))])[0]
    assert (entry.kind, entry.private) == ("member.created", {"name": "Maria Lopez"})
    assert "Maria" not in str(entry.data)


def test_a_changed_wallet_is_told_with_both_addresses(staff: Client) -> None:
    member = cast.member("Maria Lopez")
    assert change(staff, member, wallet_text="$other.example/maria").status_code == 302
    told = timeline([("member", str(member.pk))])[-1]
    assert told.kind == "member.wallet_change_proposed"
    assert (told.data["before"], told.data["after"]) == ("https://wallet.example/maria", "https://other.example/maria")
    assert change(staff, member, wallet_text="$other.example/maria", language="en").status_code == 302
    assert [row.kind for row in timeline([("member", str(member.pk))])].count("member.wallet_change_proposed") == 1


def test_what_is_wrong_with_a_wallet_is_a_sentence_in_the_list_and_on_the_page(staff: Client) -> None:
    broken = cast.wallet("down", problem="wallet_unreachable", problem_params={"host": "wallet.example"})
    member = cast.member("Maria Lopez", wallet=broken)
    sentence = "The wallet wallet.example did not answer."
    assert sentence in staff.get(reverse(LIST)).content.decode()
    assert sentence in staff.get(reverse("admin:jobs_member_change", args=[member.pk])).content.decode()


@pytest.mark.parametrize(
    ("asked", "found"),
    [("ready", "Ready Ruth"), ("problem", "Broken Bo"), ("unchecked", "New Nina"), ("none", "Poor Pia")],
)
def test_members_are_filtered_by_what_their_wallet_needs(asked: str, found: str, staff: Client) -> None:
    cast.member("Ready Ruth")
    cast.member("Broken Bo", wallet=cast.wallet("b", problem="wallet_unreachable", problem_params={"host": "b"}))
    cast.member("New Nina", wallet=cast.unchecked_wallet("n"))
    cast.member("Poor Pia", wallet=None)
    shown = staff.get(reverse(LIST), {"wallet": asked}).content.decode()
    assert [name for name in ("Ready Ruth", "Broken Bo", "New Nina", "Poor Pia") if name in shown] == [found]


def test_a_wallet_is_checked_now_by_a_post_of_who_may_change_members(staff: Client) -> None:
    member = cast.member("Maria Lopez", wallet=None)
    where = reverse("admin:jobs_member_check_wallet", args=[member.pk])
    onlooker = signed_in(person("eva", "jobs.view_member"))
    assert onlooker.post(where, {"_form_submitted": "on"}).status_code == 403
    confirm(staff, where)
    assert "Maria Lopez has no wallet address yet." in staff.get(reverse(LIST)).content.decode()
    for nobody in (999_999, "9" * 30, "x"):
        gone = reverse("admin:jobs_member_check_wallet", args=[nobody])
        assert staff.post(gone, {"_form_submitted": "on"}).status_code == 404


def test_a_standing_budget_is_asked_only_where_the_funders_currency_is_known(asker: Client, seller: Seller) -> None:
    member = cast.member("Sol Foundation", wallet=cast.unchecked_wallet("sol"))
    where = reverse("admin:jobs_member_set_up_budget", args=[member.pk])
    told = {"limit": "500.00", "largest": "100.00", "unit": "month", "count": "3", "starts_on": "2099-01-01"}
    answer = confirm(asker, where, **told)
    assert "The wallet of this member was never reached. Check it first." in answer.content.decode()
    assert not PaymentRequest.objects.exists()


def test_a_standing_budget_from_the_past_is_refused_with_its_sentence(asker: Client, seller: Seller) -> None:
    member = cast.member("Sol Foundation")
    where = reverse("admin:jobs_member_set_up_budget", args=[member.pk])
    told = {"limit": "500.00", "largest": "100.00", "unit": "month", "count": "3", "starts_on": "2020-01-01"}
    answer = confirm(asker, where, **told)
    page = asker.get(answer.headers["HX-Redirect"]).content.decode()
    assert "The first period cannot start in the past. Choose today or a later day." in page
    assert not PaymentRequest.objects.exists()


def test_who_may_only_look_sees_the_wallet_too() -> None:
    maria = cast.member("Maria Lopez")
    reader = signed_in(person("eva", "jobs.view_member"))
    page = reader.get(reverse("admin:jobs_member_change", args=[maria.pk])).content.decode()
    assert "https://wallet.example/maria" in page
    assert "Wallet text" not in page
