"""What the tests against the official packages share: a sandbox whose traffic is recorded."""

from collections.abc import Iterator

import pytest

from tests.interop.node import require_packages
from tests.interop.recording import RecordedSandbox, Recording
from tests.sandbox.process import SandboxProcess


@pytest.fixture(scope="session")
def recorded_sandbox() -> Iterator[RecordedSandbox]:
    """One provider for the whole run."""
    require_packages()
    with RecordedSandbox() as recorded:
        yield recorded


@pytest.fixture
def sandbox(recorded_sandbox: RecordedSandbox) -> SandboxProcess:
    """A provider that knows nothing yet and settles quickly. All addresses lead through the recording proxy."""
    recorded_sandbox.process.reset()
    recorded_sandbox.process.settings(settleDelayMs=0)
    recorded_sandbox.recording.take()
    return recorded_sandbox.process


@pytest.fixture
def recording(recorded_sandbox: RecordedSandbox, sandbox: SandboxProcess) -> Recording:
    """What went by since the test began."""
    return recorded_sandbox.recording
