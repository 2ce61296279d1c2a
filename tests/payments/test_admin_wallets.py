"""Wallet addresses in the admin."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from ledger.api import timeline
from payments.models import WalletAddress
from payments.presentation.timeline_text import describe
from tests.cast import person, signed_in, wallet
from tests.dialogs import confirm

pytestmark = pytest.mark.django_db
# Refused before anything is sent: this machine is no public wallet.
NOWHERE = "https://127.0.0.1/maria"


def check(row: WalletAddress) -> str:
    return reverse("admin:payments_walletaddress_check_now", args=[row.pk])


def test_a_wallets_page_says_what_is_wrong() -> None:
    row = WalletAddress.objects.create(
        url=NOWHERE, problem="wallet_unreachable", problem_params={"host": "wallet.invalid"}
    )
    client = signed_in(person("eva", "payments.view_walletaddress"))
    text = client.get(reverse("admin:payments_walletaddress_change", args=[row.pk])).content.decode()
    assert "The wallet wallet.invalid did not answer." in text
    assert check(row) not in text


def test_checking_needs_the_permission_and_a_post() -> None:
    row = wallet(NOWHERE)
    looker = signed_in(person("eva", "payments.view_walletaddress"))
    assert looker.post(check(row), {"_form_submitted": "True"}).status_code == 403
    staff = signed_in(person("ana", "payments.view_walletaddress", "payments.request_paymentrequest"))
    assert staff.get(check(row)).status_code == 200
    row.refresh_from_db()
    assert row.problem == ""


def test_checking_asks_the_wallet_and_tells() -> None:
    row = wallet(NOWHERE)
    staff = signed_in(person("ana", "payments.view_walletaddress", "payments.request_paymentrequest"))
    answer = staff.post(check(row), {"_form_submitted": "True"}, headers={"HX-Request": "true"})
    text = staff.get(answer.headers["HX-Redirect"]).content.decode()
    assert "the address is not a public https address" in text
    row.refresh_from_db()
    assert row.problem != ""


@pytest.mark.usefixtures("no_place")
def test_checking_while_too_many_wait_for_wallets_says_to_try_again() -> None:
    row = wallet(NOWHERE)
    staff = signed_in(person("ana", "payments.view_walletaddress", "payments.request_paymentrequest"))
    answer = staff.post(check(row), {"_form_submitted": "True"}, headers={"HX-Request": "true"})
    assert "please try again in a minute" in staff.get(answer.headers["HX-Redirect"]).content.decode()
    row.refresh_from_db()
    assert row.problem == ""


def accept(row: WalletAddress) -> str:
    return reverse("admin:payments_walletaddress_accept_change", args=[row.pk])


def renamed() -> WalletAddress:
    row = wallet(NOWHERE)
    row.problem, row.problem_params = "wallet_renamed", {"wallet": NOWHERE}
    row.found_instead = {
        "canonical_id": "https://wallet.example/mariana",
        "public_name": "Mariana",
        "asset_code": "USD",
        "asset_scale": 2,
        "auth_server": "https://auth.wallet.example/",
        "resource_server": "https://wallet.example/",
    }
    row.save()
    return row


def test_two_people_accept_on_the_page_that_a_wallet_became_another() -> None:
    row, may = renamed(), ("payments.view_walletaddress", "payments.accept_walletaddress")
    first, second = (signed_in(person(name, *may)) for name in ("ana", "luis"))
    assert "wallet.example/mariana" in first.get(accept(row)).content.decode()
    confirm(first, accept(row))
    page = reverse("admin:payments_walletaddress_change", args=[row.pk])
    text = second.get(page).content.decode()
    assert "Accepted by ana; a second person must confirm it." in text
    confirm(second, accept(row))
    row.refresh_from_db()
    assert (row.canonical_id, row.asset_code, row.is_usable) == ("https://wallet.example/mariana", "USD", True)
    assert accept(row) not in second.get(page).content.decode()
    for entry in timeline([("wallet", str(row.pk))]):
        assert "mariana (USD)" in describe(entry).text


def test_accepting_needs_its_permission_and_what_the_dialog_showed() -> None:
    row = renamed()
    looker = signed_in(person("eva", "payments.view_walletaddress", "payments.change_walletaddress"))
    assert looker.post(accept(row), {"_form_submitted": "True", "seen": ""}).status_code == 403
    staff = signed_in(person("ana", "payments.view_walletaddress", "payments.accept_walletaddress"))
    staff.post(accept(row), {"_form_submitted": "True", "seen": "older"})
    row.refresh_from_db()
    assert row.accepted_by is None


def test_wallets_are_not_edited_by_hand() -> None:
    root = signed_in(User.objects.create_superuser("root"))
    row = wallet(NOWHERE)
    url = reverse("admin:payments_walletaddress_change", args=[row.pk])
    assert root.post(url, {"url": "https://other.example/x"}).status_code == 403
