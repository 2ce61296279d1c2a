"""Fixtures with the stage of `tests.driver`. Import them where they are needed, with those of the sandbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger import clock
from payments.books.booking import unbooked
from payments.engine import backoff
from payments.models import Payment
from payments.worker import places
from tests import comparing
from tests.driver import Stage, set_the_stage
from tests.sandbox.fixtures import sandbox, sandbox_process
from tests.sandbox.process import SandboxProcess

__all__ = ["no_place", "sandbox", "sandbox_process", "short_waits", "stage"]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is imported: backoff and looks a tenth as long. The order of things stays what it is."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.1)
    monkeypatch.setattr(backoff, "POLL_SECONDS", tuple(seconds / 10 for seconds in backoff.POLL_SECONDS))


@pytest.fixture
def no_place() -> Iterator[None]:
    """As many people wait for wallets as may."""
    assert all(places.take() for _ in range(places.PLACES))
    yield
    for _ in range(places.PLACES):
        places.give_back()


@pytest.fixture
def stage(  # noqa: PLR0917 - what it is made of
    request: pytest.FixtureRequest,
    db: None,
    sandbox: SandboxProcess,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stage]:
    """Where nobody waits for a clock: it is moved instead, for the engine and for the wallets.

    Whatever the story: in the end every row is what ledger and books say of it, or the test says that it edits rows.
    """
    stage = set_the_stage(sandbox, settings, tmp_path)
    monkeypatch.setattr(clock, "sleep", stage.skip)
    monkeypatch.setattr(clock, "monotonic", stage.monotonic)
    yield stage
    if not request.node.get_closest_marker("edits_rows"):
        comparing.check()
        assert unbooked(Payment.objects.all()) == [], "the books say something else than the rows"
