"""For every test of the suite: what is append-only must be lifted before a transactional test empties the database.

The flush ends with the post_migrate signal, which makes the triggers again for the next test.
"""

from collections.abc import Iterator

import pytest
from django.db import connection

from ledger import continuity
from ledger.triggers import remove_triggers


@pytest.fixture(autouse=True)
def ledger_that_can_be_emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    continuity.forget()  # another test, another database
    marker = request.node.get_closest_marker("django_db")
    transactional = {"transactional_db", "live_server"} & set(request.fixturenames)
    if not transactional and not (marker and marker.kwargs.get("transaction")):
        yield
        return
    request.getfixturevalue("transactional_db")  # made before this fixture, so torn down after it
    yield
    remove_triggers(connection)
