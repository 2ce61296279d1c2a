"""The engine's tests wait for little."""

from datetime import timedelta

import pytest

from payments.engine.planning import watching
from tests.fixtures import short_waits

__all__ = ["short_waits"]


@pytest.fixture
def soon_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not settle needs a person before what can't be sent is given up."""
    monkeypatch.setattr(watching, "UNSETTLED_DEADLINE", timedelta(hours=1))
