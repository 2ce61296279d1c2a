"""The platform's own accounts: how their keys come in, and that they never come out."""

import html
import io
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from ledger import clock
from ledger.api import timeline
from payments.desk.sellers import published_key, register, register_from_settings
from payments.models import Seller, SellerKey
from payments.openpayments.amounts import Amount, Asset
from payments.openpayments.keys import KeyFormatError, generate_key, private_key_to_pem, public_jwk
from payments.states import KeyState
from payments.telling.narrating import describe
from payments.telling.reasons import Refusal
from tests.payments.public_cast import asked
from tests.payments.staff import person, signed_in

pytestmark = pytest.mark.django_db
MXN = Asset("MXN", 2)
WALLET = "https://wallet.example/radio"
ADD = "admin:payments_seller_add"
ALL = ("payments.view_seller", "payments.add_seller", "payments.change_seller")


@pytest.fixture
def pem() -> str:
    return private_key_to_pem(generate_key())


@pytest.fixture
def key_file(pem: str, tmp_path: Path) -> Path:
    file = tmp_path / "radio.pem"
    file.touch(mode=0o600)
    file.write_text(pem, encoding="ascii")
    return file


def kinds(seller_id: str) -> list[str]:
    """What happened to the seller itself; its keys have a story of their own."""
    return [row.kind for row in timeline([("seller", seller_id)]) if row.kind.startswith("seller.")]


# Registering


def test_the_first_seller_is_the_default(pem: str) -> None:
    first = register("radio", WALLET, "k1", pem)
    second = register("choir", "$wallet.example/choir", "k2", pem)
    assert (first.name, first.is_default, second.is_default) == ("radio", True, False)
    assert second.wallet.url == "https://wallet.example/choir"


def test_the_same_again_changes_nothing(pem: str) -> None:
    register("radio", WALLET, "k1", pem, "Radio", default=True)
    register("radio", WALLET, "k1", pem, "Radio", default=True)
    register("radio", WALLET, "k1", pem)
    assert kinds("radio") == ["seller.registered"]
    assert Seller.objects.get().name == "Radio"


def test_what_changed_is_recorded_without_the_key(pem: str) -> None:
    register("radio", WALLET, "k1", pem)
    other = private_key_to_pem(generate_key())
    register("radio", "https://bank.example/radio", "k2", other)
    row = timeline([("seller", "radio")])[-1]
    assert row.kind == "seller.changed"
    assert describe(row).text == "The seller radio was changed: key, wallet."
    assert other not in str(row.data)
    assert row.data["public_key"] == published_key(Seller.objects.get()).x


def test_a_new_default_takes_the_place_of_the_old(pem: str) -> None:
    register("radio", WALLET, "k1", pem)
    register("choir", WALLET, "k2", pem, default=True)
    assert list(Seller.objects.filter(is_default=True).values_list("pk", flat=True)) == ["choir"]


def test_the_key_is_kept_encrypted_and_still_signs(pem: str) -> None:
    seller = register("radio", WALLET, "k1", pem)
    assert "PRIVATE" not in seller.active_key.sealed
    assert private_key_to_pem(Seller.objects.get().signer().private_key) == pem


def other_keys() -> list[str]:
    curve = ec.generate_private_key(ec.SECP256R1())
    encrypted = serialization.BestAvailableEncryption(b"a password")
    return [
        "",
        "not a key",
        curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        generate_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encrypted).decode(),
        generate_key()
        .public_key()
        .public_bytes(Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    ]


@pytest.mark.parametrize("index", range(5))
def test_another_kind_of_key_is_refused(index: int) -> None:
    with pytest.raises(KeyFormatError):
        register("radio", WALLET, "k1", other_keys()[index])
    assert not Seller.objects.exists()


def test_a_key_id_that_cannot_be_signed_with_is_refused(pem: str) -> None:
    with pytest.raises(KeyFormatError):
        register("radio", WALLET, 'a "key"', pem)


def test_a_new_seller_needs_a_key() -> None:
    with pytest.raises(KeyFormatError):
        register("radio", WALLET, "k1", None)


def test_an_address_that_is_no_wallet_is_refused(pem: str) -> None:
    with pytest.raises(Refusal, match="not a wallet address"):
        register("radio", "not a wallet", "k1", pem)


# From the settings


def set_seller(settings: Settings, key_file: Path, **others: str) -> None:
    settings.SELLER_ID = others.get("SELLER_ID", "radio")
    settings.SELLER_WALLET_ADDRESS_URL = WALLET
    settings.SELLER_KEY_ID = others.get("SELLER_KEY_ID", "k1")
    settings.SELLER_PRIVATE_KEY_PATH = str(key_file)


def test_the_settings_make_the_default_seller(settings: Settings, key_file: Path) -> None:
    set_seller(settings, key_file)
    register_from_settings()
    register_from_settings()
    seller = Seller.objects.get()
    assert (seller.pk, seller.is_default, seller.wallet.url) == ("radio", True, WALLET)
    assert kinds("radio") == ["seller.registered"]


def test_without_settings_there_is_no_seller(settings: Settings) -> None:
    settings.SELLER_ID = settings.SELLER_WALLET_ADDRESS_URL = ""
    settings.SELLER_KEY_ID = settings.SELLER_PRIVATE_KEY_PATH = ""
    assert register_from_settings() is None


def test_half_the_settings_stop_the_start(settings: Settings, key_file: Path) -> None:
    set_seller(settings, key_file, SELLER_KEY_ID="")
    with pytest.raises(ImproperlyConfigured, match="belong together: SELLER_KEY_ID is not set"):
        register_from_settings()


def test_a_name_given_in_the_admin_outlives_a_restart(settings: Settings, key_file: Path) -> None:
    set_seller(settings, key_file)
    register_from_settings()
    Seller.objects.update(name="Radio Comunitaria")
    register_from_settings()
    assert Seller.objects.get().name == "Radio Comunitaria"


@pytest.mark.parametrize(
    ("content", "mode", "sentence"),
    [("", 0o640, "can be read by other people"), ("x" * 20_000, 0o600, "not a key file"), ("x", 0o600, "private key")],
)
def test_a_key_file_that_will_not_do_stops_the_start(
    settings: Settings, tmp_path: Path, content: str, mode: int, sentence: str
) -> None:
    file = tmp_path / "key.pem"
    file.write_text(content, encoding="ascii")
    file.chmod(mode)
    set_seller(settings, file)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        register_from_settings()


# By command


def add_seller(key_file: Path, **options: str) -> str:
    out = io.StringIO()
    told = {"id": "radio", "wallet": WALLET, "key_id": "k1", **options}
    call_command("add_seller", key_file=key_file, stdout=out, **told)
    return out.getvalue()


def test_the_command_prints_the_public_key_to_publish(key_file: Path, pem: str) -> None:
    said = add_seller(key_file, name="Radio")
    jwk = json.loads(said[said.index("{") :])
    assert jwk == public_jwk(Seller.objects.get().signer().private_key, "k1").to_wire()
    assert "PRIVATE" not in said
    assert Seller.objects.get().name == "Radio"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"id": "a b"}, "--id"),
        ({"wallet": "not a wallet"}, "not a wallet address"),
        ({"key_id": "a b"}, "key id"),
    ],
)
def test_the_command_refuses_with_a_sentence(key_file: Path, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        add_seller(key_file, **options)
    assert not Seller.objects.exists()


def test_the_command_refuses_a_key_that_others_can_read(key_file: Path) -> None:
    key_file.chmod(0o604)
    with pytest.raises(CommandError, match="chmod 600"):
        add_seller(key_file)


def test_the_command_says_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        add_seller(tmp_path / "nowhere.pem")


# In the admin


@pytest.fixture
def administrator() -> Client:
    return signed_in(person("ana", *ALL))


def form(**fields: object) -> dict[str, object]:
    return {"id": "radio", "name": "Radio", "wallet_text": "$wallet.example/radio", "key_id": "k1", **fields}


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


# Changing the key


ROTATE = (*ALL, "payments.rotate_seller_key")


def step(name: str) -> str:
    return reverse(f"admin:payments_seller_{name}", args=["radio"])


def dialog(client: Client, name: str, **fields: object) -> str:
    """Open the dialog, press its button, and read the page that follows."""
    seen = re.search(r'name="seen" value="([^"]*)"', client.get(step(name)).content.decode())
    assert seen
    answer = client.post(step(name), {"_form_submitted": "True", "seen": seen[1], **fields}, follow=True)
    return answer.content.decode()


@pytest.fixture
def rotator(pem: str) -> Client:
    register("radio", WALLET, "k1", pem)
    return signed_in(person("ana", *ROTATE))


def test_a_new_key_is_made_shown_to_be_published_and_not_used_yet(rotator: Client, pem: str) -> None:
    text = dialog(rotator, "new_key", kid="k2")
    new = SellerKey.objects.get(kid="k2")
    assert (new.state, new.created_by) == (KeyState.GENERATED, User.objects.get(username="ana"))
    assert html.escape(json.dumps(new.jwk.to_wire())) in text
    assert "Publish it at the wallet now" in text
    assert new.private_key.splitlines()[1] not in text
    assert private_key_to_pem(Seller.objects.get().signer().private_key) == pem


def test_a_key_that_the_wallet_provider_made_is_pasted(rotator: Client) -> None:
    brought = private_key_to_pem(generate_key())
    text = dialog(rotator, "new_key", kid="k2", private_key=brought)
    assert SellerKey.objects.get(kid="k2").private_key.strip() == brought.strip()
    assert brought.splitlines()[1] not in text


def test_a_pasted_text_that_is_no_key_is_refused_and_not_shown_again(rotator: Client) -> None:
    answer = rotator.post(
        step("new_key"), {"_form_submitted": "True", "seen": "x", "kid": "k2", "private_key": "oh no"}
    )
    text = answer.content.decode()
    assert "This is not an Ed25519 private key" in text
    assert "oh no" not in text
    assert SellerKey.objects.count() == 1


def test_a_key_that_was_not_seen_is_not_used(rotator: Client) -> None:
    dialog(rotator, "new_key", kid="k2")
    assert step("use_key") not in rotator.get(reverse("admin:payments_seller_change", args=["radio"])).content.decode()
    assert "was not seen at the wallet yet" in dialog(rotator, "use_key")
    assert SellerKey.objects.get(kid="k2").state == KeyState.GENERATED


def test_a_seen_key_is_used_once(rotator: Client) -> None:
    dialog(rotator, "new_key", kid="k2")
    SellerKey.objects.filter(kid="k2").update(state=KeyState.PUBLISHED)
    text = dialog(rotator, "use_key")
    assert "Everything new is asked for with the key “k2”." in text
    assert [key.state for key in SellerKey.objects.order_by("kid")] == [KeyState.REPLACED, KeyState.ACTIVE]
    assert "There is no new key to use" in dialog(rotator, "use_key")


def test_a_dialog_that_shows_something_older_does_nothing(rotator: Client) -> None:
    dialog(rotator, "new_key", kid="k2")
    old = {"_form_submitted": "True", "seen": "something else"}
    text = rotator.post(step("discard_key"), old, follow=True).content.decode()
    assert "nothing was done" in text
    assert SellerKey.objects.get(kid="k2").state == KeyState.GENERATED


def test_a_wallet_that_cannot_be_read_is_told(rotator: Client) -> None:
    Seller.objects.get().wallet.__class__.objects.update(url="https://127.0.0.1/radio", canonical_id="")
    assert "is not a public https address" in dialog(rotator, "check_keys")


@pytest.mark.parametrize("name", ["new_key", "check_keys", "use_key", "discard_key", "retire_keys"])
def test_changing_the_key_has_a_permission_of_its_own(administrator: Client, pem: str, name: str) -> None:
    register("radio", WALLET, "k1", pem)
    assert administrator.get(step(name)).status_code == 403
    assert administrator.post(step(name), {"_form_submitted": "True", "seen": ""}).status_code == 403


def test_the_list_and_the_page_warn_of_a_key_that_is_no_longer_published(rotator: Client) -> None:
    SellerKey.objects.update(
        reason="key_not_published", reason_params={"wallet": WALLET, "key_id": "k1"}, checked_at=clock.now()
    )
    assert "Key not published" in rotator.get(reverse("admin:payments_seller_changelist")).content.decode()
    page = rotator.get(reverse("admin:payments_seller_change", args=["radio"])).content.decode()
    assert "does not list the key “k1”" in page


def test_a_retired_seller_is_retired_and_taken_up_again_on_its_page(rotator: Client) -> None:
    assert "Make another one the default first" in dialog(rotator, "retire_seller")
    Seller.objects.update(is_default=False)
    dialog(rotator, "retire_seller")
    assert Seller.objects.get().retired_at
    dialog(rotator, "resume_seller")
    assert Seller.objects.get().retired_at is None
    assert kinds("radio") == ["seller.registered", "seller.retired", "seller.resumed"]


def test_after_a_rotation_old_settings_bring_the_old_key_not_back(settings: Settings, key_file: Path) -> None:
    set_seller(settings, key_file)
    seller = register_from_settings()
    assert seller
    newer = register("radio", WALLET, "k2", private_key_to_pem(generate_key()))
    register_from_settings()
    assert published_key(newer).kid == "k2"
    assert kinds("radio") == ["seller.registered", "seller.changed"]


def test_another_key_under_the_same_key_id_is_refused(pem: str) -> None:
    register("radio", WALLET, "k1", pem)
    with pytest.raises(Refusal, match="already names another key"):
        register("radio", WALLET, "k1", private_key_to_pem(generate_key()))


def test_a_key_that_no_longer_opens_is_entered_again(pem: str) -> None:
    register("radio", WALLET, "k1", pem)
    SellerKey.objects.update(sealed="lost")
    register("radio", WALLET, "k1", pem)
    assert private_key_to_pem(Seller.objects.get().signer().private_key) == pem
