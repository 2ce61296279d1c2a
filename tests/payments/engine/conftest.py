"""The engine's tests wait for little."""

from tests.fixtures import short_waits

__all__ = ["short_waits"]
