from collections.abc import Iterator
from typing import Any

import pytest

from payments.openpayments.client import Client
from payments.openpayments.keys import generate_key
from payments.openpayments.signing import Signer
from payments.openpayments.transport import Deadline, Transport
from payments.openpayments.types import AccessToken
from tests.openpayments.wallet_server import WalletServer, wallet_server


@pytest.fixture
def wallet() -> Iterator[WalletServer]:
    with wallet_server() as server:
        yield server


@pytest.fixture
def client(wallet: WalletServer) -> Iterator[Client]:
    with Transport(frozenset({wallet.host})) as transport:
        yield Client(transport)


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer("https://seller.example/shop", "key-1", generate_key())


@pytest.fixture
def deadline() -> Deadline:
    return Deadline.after(5)


@pytest.fixture
def token(wallet: WalletServer) -> AccessToken:
    return AccessToken("TOKEN-VALUE", f"{wallet.origin}/auth/token/1", 600)


@pytest.fixture
def credentials(signer: Signer, token: AccessToken, deadline: Deadline) -> dict[str, Any]:
    """What every call to a resource server takes."""
    return {"signer": signer, "token": token, "deadline": deadline}
