"""The key of a seller is changed in its dialogs, one step after the other."""

import html
import json
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from ledger import clock
from payments.actions.sellers import register
from payments.models import Seller, SellerKey
from payments.openpayments.keys import generate_key, private_key_to_pem
from payments.states import KeyState
from tests.cast import person, signed_in
from tests.payments.seller_form import ALL, WALLET, kinds

pytestmark = pytest.mark.django_db


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
