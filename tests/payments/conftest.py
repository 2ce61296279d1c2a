"""What the tests of this room share."""

from tests.ledger.fixtures import ledger_that_can_be_emptied  # noqa: F401 - used by pytest
from tests.payments.smtp import postbox  # noqa: F401 - used by pytest
