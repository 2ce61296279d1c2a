"""Sellers with a key in use, for every test that needs somebody who signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payments.models import Seller, SellerKey
from payments.openpayments.keys import generate_key, private_key_to_pem
from payments.states import KeyState
from tests.cast.wallets import wallet

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def seller_with_key(key: Ed25519PrivateKey | None = None, kid: str = "k1", **columns: Any) -> Seller:
    """A new seller that signs with `key`."""
    seller = Seller.objects.create(**columns)
    give_key(seller, key or generate_key(), kid)
    return seller


def give_key(seller: Seller, key: Ed25519PrivateKey, kid: str, state: KeyState = KeyState.ACTIVE) -> SellerKey:
    row = SellerKey(seller=seller, kid=kid, state=state)
    row.keep(private_key_to_pem(key))
    row.save(force_insert=True)
    return row


def seller(**columns: Any) -> Seller:
    """The platform's own, which signs unless another one is named."""
    if "wallet" not in columns:
        columns["wallet"] = wallet("platform")
    return seller_with_key(**{"id": "platform", "name": "Tequio", "is_default": True, **columns})


def holder(**columns: Any) -> Seller:
    """A seller that may hold money, with somebody who approves what is paid out of it."""
    return seller(**{"may_hold_money": True, "approval_email": "treasury@example.org", **columns})


def radio() -> Seller:
    """The community radio that has Maria record; always the same one."""
    found = Seller.objects.filter(pk="platform").first()
    return found or seller(name="Radio Comunitaria", wallet=wallet("radio"), is_default=False)
