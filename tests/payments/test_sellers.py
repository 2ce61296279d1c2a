"""The platform's own accounts: how their keys come in, and that they never come out."""

import io
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from pytest_django import Settings

from ledger.api import timeline
from payments.actions.sellers import published_key, register, register_from_settings
from payments.models import Seller, SellerKey
from payments.openpayments.keys import KeyFormatError, generate_key, private_key_to_pem, public_jwk
from payments.presentation.reasons import Refusal
from payments.presentation.timeline_text import describe
from tests.payments.seller_form import WALLET, kinds

pytestmark = pytest.mark.django_db


@pytest.fixture
def key_file(pem: str, tmp_path: Path) -> Path:
    file = tmp_path / "radio.pem"
    file.touch(mode=0o600)
    file.write_text(pem, encoding="ascii")
    return file


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
    assert (row.data["before"], row.data["wallet"]) == ({"wallet": WALLET}, "https://bank.example/radio")
    assert other not in str(row.data)
    assert row.data["public_key"] == published_key(Seller.objects.get()).x


def test_who_approves_what_a_seller_pays_out_is_recorded_as_it_was_and_is(pem: str) -> None:
    register("radio", WALLET, "k1", pem, may_hold_money=True, approval_email="ana@example.org")
    register("radio", WALLET, approval_email="eva@example.org")
    row = timeline([("seller", "radio")])[-1]
    assert "before" not in row.data
    assert (row.private["approval_email_before"], row.private["approval_email"]) == (
        "ana@example.org",
        "eva@example.org",
    )


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
    [({"id": "a b"}, "--id"), ({"wallet": "not a wallet"}, "not a wallet address"), ({"key_id": "a b"}, "key id")],
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
