"""What the tests of this room share."""

import pytest
from django.contrib.auth.models import User

from jobs.models import Member
from payments.models import Seller
from tests import cast
from tests.fixtures import sandbox, sandbox_process, short_waits, stage
from tests.ledger.fixtures import ledger_that_can_be_emptied
from tests.payments.smtp import postbox

__all__ = ["ledger_that_can_be_emptied", "postbox", "sandbox", "sandbox_process", "short_waits", "stage"]


@pytest.fixture
def rosa(db: None) -> User:
    """A member of staff."""
    return cast.staff("rosa")


@pytest.fixture
def seller(db: None) -> Seller:
    return cast.seller()


@pytest.fixture
def holder(db: None) -> Seller:
    return cast.holder()


@pytest.fixture
def taker(seller: Seller) -> Seller:
    """Our seller takes 2.5 %."""
    Seller.objects.filter(pk=seller.pk).update(fee_share=250)
    seller.refresh_from_db()
    return seller


@pytest.fixture
def maria(db: None) -> Member:
    return cast.member("Maria Lopez", language="en")
