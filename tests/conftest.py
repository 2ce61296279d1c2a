"""What the whole suite shares."""

import gc
import os
from threading import Thread

import django
import pytest
from django.conf import settings
from django.db import connections
from django.utils import translation
from hypothesis import settings as examples

from backoffice import catalogue
from tests import environment  # noqa: F401 - must run before the settings are read
from tests.databases import like_the_template, run_folder, template

# How long an example takes says how busy the machine is.
examples.register_profile("untimed", deadline=None)
examples.load_profile("untimed")

pytest_plugins = ["tests.summaries"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
# pytest-django looked for settings before this file gave them an environment, so it leaves the start to us.
django.setup()
catalogue.compile_stale()
# What is there now stays: collecting it over and over costs a seventh of the suite's time.
gc.freeze()
gc.set_threshold(100_000, 20, 50)
# Whitenoise then looks for a file when it is asked for, not for all of them whenever a client is made.
settings.WHITENOISE_AUTOREFRESH = True

# Only now: the fixture's module imports models.
from tests.ledger.fixtures import ledger_that_can_be_emptied  # noqa: E402, F401


def pytest_configure(config: pytest.Config) -> None:
    """Let all processes of this run share one folder: whoever made one for itself would migrate once more.

    Who leads several processes makes the tables while these look for their tests, and waits for nothing.
    """
    run_folder()
    if config.getoption("numprocesses", default=None):
        Thread(target=template, args=[os.environ.get("DATABASE_URL", "")]).start()


def pytest_runtest_setup() -> None:
    """Begin in the product's own language: a page that a test before looked at in Spanish leaves its thread in it."""
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite tests run on a file, as the product does: threads and transactions then behave as they will there."""
    del django_db_modify_db_settings_parallel_suffix
    like_the_template(connections["default"], tmp_path_factory.mktemp("database"))


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """What is in the file already are the tables."""
    return connections["default"].vendor == "sqlite"


#: What takes longest begins first, or it would be waited for alone at the end. Of these, each process is given the
#: next, and then once more the next, before anything is done: so the fourth to sixth wait for the first to third.
LONGEST = (
    "tests/browser",
    "tests/faults",
    "tests/chaos/test_chaos.py",
    "tests/security/test_canaries.py",
    "tests/chaos/test_any_order.py",
    "tests/workers",
    "tests/backoffice/test_permissions.py",
    "tests/backoffice/finance/test_figures.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    return next((turn for turn, start in enumerate(LONGEST) if item.nodeid.startswith(start)), len(LONGEST))
