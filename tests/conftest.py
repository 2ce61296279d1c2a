"""What the whole suite shares."""

import os

import django
import pytest
from django.db import connections

from backoffice import catalogue
from tests import environment  # noqa: F401 - must run before the settings are read

pytest_plugins = ["tests.summaries"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
# pytest-django looked for settings before this file gave them an environment, so it leaves the start to us.
django.setup()
catalogue.compile_stale()

# Only now: the fixture's module imports models.
from tests.ledger.fixtures import ledger_that_can_be_emptied  # noqa: E402, F401


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite tests run on a file, as the product does: threads and transactions then behave as they will there."""
    del django_db_modify_db_settings_parallel_suffix
    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


#: What takes longest begins first, or it would be waited for alone at the end.
LONGEST = ("tests/faults", "tests/chaos", "tests/workers")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
