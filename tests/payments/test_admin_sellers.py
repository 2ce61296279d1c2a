"""Sellers in the admin: added with a key, shown without it, and the fee that the platform takes."""

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from ledger.api import timeline
from payments.actions.sellers import published_key, register
from payments.models import Seller
from payments.openpayments.amounts import Amount, Asset
from payments.openpayments.keys import private_key_to_pem
from payments.presentation.reasons import Refusal
from tests.cast import asked, person, signed_in
from tests.payments.seller_form import ADD, ALL, WALLET, form, kinds

pytestmark = pytest.mark.django_db
MXN = Asset("MXN", 2)


def test_a_seller_is_added_with_a_pasted_key(administrator: Client, pem: str) -> None:
    answer = administrator.post(reverse(ADD), form(private_key=pem, is_default="on"))
    assert answer.status_code == 302
    seller = Seller.objects.get()
    assert private_key_to_pem(seller.signer().private_key) == pem
    assert (seller.is_default, seller.may_hold_money, seller.wallet.url) == (True, False, WALLET)


def test_a_seller_is_added_with_an_uploaded_key(administrator: Client, pem: str) -> None:
    upload = SimpleUploadedFile("key.pem", pem.encode())
    assert administrator.post(reverse(ADD), form(key_file=upload)).status_code == 302
    assert private_key_to_pem(Seller.objects.get().signer().private_key) == pem


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "A new seller needs its private key."),
        ({"private_key": "not a key"}, "This is not an Ed25519 private key"),
        ({"key_file": SimpleUploadedFile("key.pem", b"\xff\xfe")}, "This is not an Ed25519 private key"),
        ({"wallet_text": "not a wallet"}, "is not a wallet address"),
        ({"id": "a b"}, "Enter a valid value."),
    ],
)
def test_a_form_that_will_not_do_says_why(administrator: Client, fields: dict[str, object], sentence: str) -> None:
    answer = administrator.post(reverse(ADD), form(**fields))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Seller.objects.exists()


def test_a_refused_form_does_not_show_the_key_again(administrator: Client, pem: str) -> None:
    text = administrator.post(reverse(ADD), form(private_key=pem, wallet_text="not a wallet")).content.decode()
    assert "PRIVATE" not in text
    assert pem.splitlines()[1] not in text


def test_the_page_of_a_seller_shows_only_the_public_key(administrator: Client, pem: str) -> None:
    seller = register("radio", WALLET, "k1", pem)
    text = administrator.get(reverse("admin:payments_seller_change", args=["radio"])).content.decode()
    assert published_key(seller).x in text
    assert pem.splitlines()[1] not in text
    assert seller.active_key.sealed not in text


def test_saving_without_a_key_keeps_the_old_one(administrator: Client, pem: str) -> None:
    register("radio", WALLET, "k1", pem)
    url = reverse("admin:payments_seller_change", args=["radio"])
    assert administrator.post(url, form(name="Radio Uno", is_default="on")).status_code == 302
    seller = Seller.objects.get()
    assert seller.name == "Radio Uno"
    assert private_key_to_pem(seller.signer().private_key) == pem
    assert kinds("radio") == ["seller.registered", "seller.changed"]


def test_only_administrators_let_a_seller_hold_money(administrator: Client, pem: str) -> None:
    administrator.post(reverse(ADD), form(private_key=pem, may_hold_money="on"))
    assert not Seller.objects.get().may_hold_money
    root = signed_in(User.objects.create_superuser("root"))
    url = reverse("admin:payments_seller_change", args=["radio"])
    text = root.get(url).content.decode()
    assert "the platform then holds the" in text
    unnamed = root.post(url, form(may_hold_money="on", approval_language="es")).content.decode()
    assert "needs the email of whoever approves what is paid out of it" in unnamed
    assert not Seller.objects.get().may_hold_money
    root.post(url, form(may_hold_money="on", approval_email="treasury@example.org", approval_language="es"))
    seller = Seller.objects.get()
    assert (seller.may_hold_money, seller.approval_email, seller.approval_language) == (
        True,
        "treasury@example.org",
        "es",
    )
    administrator.post(url, form(may_hold_money="on", approval_email="eva@example.org"))
    assert Seller.objects.get().approval_email == "treasury@example.org"


def test_a_seller_without_anybody_who_approves_holds_no_money(pem: str) -> None:
    with pytest.raises(Refusal, match="needs the email"):
        register("radio", WALLET, "k1", pem, may_hold_money=True)
    assert not Seller.objects.exists()


def test_a_changed_wallet_warns_of_open_requests(administrator: Client) -> None:
    request = asked()
    url = reverse("admin:payments_seller_change", args=[request.seller_id])
    text = administrator.post(url, form(id="platform"), follow=True).content.decode()
    assert "1 open payment request was asked for with the earlier wallet." in text


def test_a_reader_sees_no_form(pem: str) -> None:
    seller = register("radio", WALLET, "k1", pem)
    reader = signed_in(person("eva", "payments.view_seller"))
    url = reverse("admin:payments_seller_change", args=["radio"])
    text = reader.get(url).content.decode()
    assert 'name="private_key"' not in text
    assert seller.active_key.sealed not in text
    assert reader.post(url, form()).status_code == 403


def test_a_seller_is_never_deleted(pem: str) -> None:
    register("radio", WALLET, "k1", pem)
    root = signed_in(User.objects.create_superuser("root"))
    assert root.post(reverse("admin:payments_seller_delete", args=["radio"]), {"post": "yes"}).status_code == 403


# The platform's fee


@pytest.fixture
def fee_setter(pem: str) -> Client:
    """Who may set the fee of the seller “radio”, whose wallet is in pesos."""
    seller = register("radio", WALLET, "k1", pem)
    known = {"canonical_id": WALLET, "asset_code": "MXN", "asset_scale": 2}
    type(seller.wallet).objects.filter(pk=seller.wallet_id).update(**known)
    return signed_in(person("olga", *ALL, "payments.set_fee_seller"))


def save_fee(client: Client, **fields: str) -> str:
    url = reverse("admin:payments_seller_change", args=["radio"])
    return client.post(url, form(is_default="on", **fields), follow=True).content.decode()


def test_the_fee_is_a_percentage_or_an_amount_and_can_be_taken_back(fee_setter: Client) -> None:
    save_fee(fee_setter, fee_percent="2.5")
    assert (Seller.objects.get().fee_share, Seller.objects.get().fee_each) == (250, None)
    assert 'value="2.5' in fee_setter.get(reverse("admin:payments_seller_change", args=["radio"])).content.decode()
    save_fee(fee_setter, fee_text="20.00")
    assert (Seller.objects.get().fee_share, str(Seller.objects.get().fee_each)) == (0, str(Amount(2000, MXN)))
    save_fee(fee_setter)
    assert not Seller.objects.get().takes_fee
    changes = [row.data["changed"] for row in timeline([("seller", "radio")]) if row.kind == "seller.changed"]
    assert [change.split(", ")[0] for change in changes[-3:]] == ["fee", "fee", "fee"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"fee_percent": "2.5", "fee_text": "20"}, "The fee is a percentage or a fixed amount, not both."),
        ({"fee_percent": "101"}, "less than or equal to 100"),
        ({"fee_percent": "-1"}, "greater than or equal to 0"),
        ({"fee_percent": "0.001"}, "2 decimal places"),
        ({"fee_text": "20.001"}, "“20.001” is not an amount in MXN."),
        ({"fee_text": "-3"}, "“-3” is not an amount in MXN."),
    ],
)
def test_a_fee_that_will_not_do_says_why(fields: dict[str, str], sentence: str, fee_setter: Client) -> None:
    assert sentence in save_fee(fee_setter, **fields)
    assert not Seller.objects.get().takes_fee


def test_only_administrators_set_the_fee(administrator: Client, pem: str) -> None:
    register("radio", WALLET, "k1", pem)
    save_fee(administrator, fee_percent="2.5")
    assert not Seller.objects.get().takes_fee
