"""What is taken from a wallet, or typed as its address, fits where it is kept, on every database."""

from typing import Any, Final

import pytest
from django.apps import apps
from django.db import models, transaction

from payments.actions import wallets
from payments.engine.steps.checking import CheckWallet
from payments.openpayments import parsing
from payments.openpayments.amounts import LARGEST_SCALE, LONGEST_ASSET_CODE
from payments.openpayments.parsing import LONGEST_PUBLIC_NAME, Reader
from payments.openpayments.types import RemoteWalletAddress
from payments.openpayments.urls import LONGEST_HOST, LONGEST_NETLOC, LONGEST_URL, check_url

pytestmark = pytest.mark.django_db

LONGEST_LABEL: Final = 63
#: The longest host there is, with the longest port.
HOST: Final = ".".join(["h" * LONGEST_LABEL] * 3 + ["h" * (LONGEST_HOST - 3 * (LONGEST_LABEL + 1) - 2), "e"]) + ":65535"
CODE: Final = "X" * LONGEST_ASSET_CODE
#: By how a column's full name ends: what we take at most.
WIDEST: Final = {
    "url": LONGEST_URL,
    "canonical_id": LONGEST_URL,
    "remote_id": LONGEST_URL,
    "WalletProof.subject": LONGEST_URL,
    "auth_server": LONGEST_URL,
    "resource_server": LONGEST_URL,
    "host": LONGEST_NETLOC,
    "target": LONGEST_NETLOC,
    "public_name": LONGEST_PUBLIC_NAME,
    "_code": LONGEST_ASSET_CODE,
}


def url(path: str = "/") -> str:
    """As long as any that is called, and different for each `path`."""
    start = f"https://{HOST}{path}"
    return start + "u" * (LONGEST_URL - len(start))


def columns() -> list[models.CharField[Any, Any]]:
    ours = [model for app in ("payments", "jobs") for model in apps.get_app_config(app).get_models()]
    found = [field for model in ours for field in model._meta.fields if isinstance(field, models.CharField)]
    return [field for field in found if any(str(field).endswith(end) for end in WIDEST)]


@pytest.mark.parametrize("column", columns(), ids=str)
def test_a_column_takes_the_longest_that_is_taken_from_a_wallet(column: models.CharField[Any, Any]) -> None:
    widest = max(size for end, size in WIDEST.items() if str(column).endswith(end))
    assert column.max_length is not None
    assert column.max_length >= widest


def test_the_longest_address_is_one_that_we_call() -> None:
    assert len(HOST) == LONGEST_NETLOC
    assert len(check_url(url(), frozenset())) == LONGEST_URL


def answer_of_the_widest_wallet() -> RemoteWalletAddress:
    told = {
        "id": url("/id/"),
        "publicName": "名" * (LONGEST_PUBLIC_NAME + 1),
        "assetCode": CODE,
        "assetScale": LARGEST_SCALE,
        "authServer": url("/auth/"),
        "resourceServer": url("/resource/"),
    }
    return parsing.wallet_address(Reader.of(told, "wallet", frozenset()))


def test_the_widest_wallet_is_kept_whole() -> None:
    wallet = wallets.find_or_add(url("/alice/"))
    found = answer_of_the_widest_wallet()
    with transaction.atomic():
        CheckWallet("", wallet.pk, wallet.url).apply(found)
    wallet.refresh_from_db()
    wallet.clean_fields(exclude={"accepted_by"})
    assert (wallet.canonical_id, wallet.asset) == (found.id, found.asset)
    assert (wallet.auth_server, wallet.resource_server) == (found.auth_server, found.resource_server)
    assert wallet.hosts == {HOST}
