"""What the tests of the sandbox share."""

from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.client import WalletClient
from tests.sandbox.fixtures import sandbox, sandbox_process
from tests.sandbox.process import SandboxProcess

__all__ = ["sandbox", "sandbox_process"]


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=10) as client:
        yield client


@pytest.fixture
def shop(sandbox: SandboxProcess, http: httpx.Client) -> WalletClient:
    """The client: a shop with a wallet and a published key."""
    return WalletClient.at(sandbox, http)


@pytest.fixture
def payer(sandbox: SandboxProcess) -> str:
    """A payer with 10,000.00 USD."""
    return sandbox.create_wallet("payer")


@pytest.fixture
def worker(sandbox: SandboxProcess) -> str:
    """A receiver who is paid in pesos."""
    return sandbox.create_wallet("worker", asset="MXN", balance=0)
