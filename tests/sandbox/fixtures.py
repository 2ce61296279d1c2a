"""Fixtures with sandbox providers. Import them where they are needed, or name this module in `pytest_plugins`."""

from collections.abc import Iterator

import pytest

from tests.sandbox.process import SandboxProcess


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    """One provider for the whole run."""
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """A provider that knows nothing yet and settles quickly."""
    sandbox_process.reset()
    sandbox_process.settings(settleDelayMs=0)
    return sandbox_process
