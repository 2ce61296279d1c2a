"""What the tests of sellers share: a key, somebody who may enter it, and the form in which they do."""

import pytest
from django.test import Client

from ledger.api import timeline
from payments.openpayments.keys import generate_key, private_key_to_pem
from tests.cast import person, signed_in

WALLET = "https://wallet.example/radio"
ADD = "admin:payments_seller_add"
ALL = ("payments.view_seller", "payments.add_seller", "payments.change_seller")


@pytest.fixture
def pem() -> str:
    return private_key_to_pem(generate_key())


@pytest.fixture
def administrator() -> Client:
    return signed_in(person("ana", *ALL))


def form(**fields: object) -> dict[str, object]:
    return {"id": "radio", "name": "Radio", "wallet_text": "$wallet.example/radio", "key_id": "k1", **fields}


def kinds(seller_id: str) -> list[str]:
    """What happened to the seller itself; its keys have a story of their own."""
    return [row.kind for row in timeline([("seller", seller_id)]) if row.kind.startswith("seller.")]
