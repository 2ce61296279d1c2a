"""What the tests of this room share."""

import pytest
from django.contrib.auth.models import User

from payments.models import Seller
from tests.jobs import cast
from tests.ledger.fixtures import ledger_that_can_be_emptied  # noqa: F401 - used by pytest
from tests.payments.smtp import postbox  # noqa: F401 - used by pytest


@pytest.fixture
def rosa(db: None) -> User:
    """A member of staff."""
    return cast.staff("rosa")


@pytest.fixture
def seller(db: None) -> Seller:
    return cast.seller()
