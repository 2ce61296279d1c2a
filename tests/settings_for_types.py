"""The settings as mypy's Django plugin loads them: with an environment made on the spot."""

from tests import environment  # noqa: F401, I001 - must run before the settings are read
from backoffice.settings import *  # noqa: F403
