"""What the tests of this room share."""

import pytest
from django.test import Client

from payments.openpayments.keys import generate_key, private_key_to_pem
from tests.cast import person, signed_in
from tests.fixtures import no_place, sandbox, sandbox_process, stage
from tests.ledger.fixtures import ledger_that_can_be_emptied
from tests.payments.seller_form import ALL
from tests.payments.smtp import postbox

__all__ = ["ledger_that_can_be_emptied", "no_place", "postbox", "sandbox", "sandbox_process", "stage"]


@pytest.fixture
def pem() -> str:
    """A seller's private key, as it is entered."""
    return private_key_to_pem(generate_key())


@pytest.fixture
def administrator() -> Client:
    """Somebody who may enter sellers."""
    return signed_in(person("ana", *ALL))
